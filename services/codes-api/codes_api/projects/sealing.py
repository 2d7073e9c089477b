"""Bot tokens at rest: sealed with ENCRYPTION_KEY (Fernet: AES-128-CBC with HMAC-SHA256), opened only to hand them to
bot-gateway."""

from cryptography.fernet import Fernet
from pydantic import SecretStr


class Sealer:
    """Seals and opens small secrets."""

    def __init__(self, key: SecretStr) -> None:
        self._fernet = Fernet(key.get_secret_value())

    def seal(self, secret: SecretStr) -> bytes:
        """The sealed form, different each time."""
        return self._fernet.encrypt(secret.get_secret_value().encode())

    def open(self, sealed: bytes) -> SecretStr:
        """The secret again. cryptography.fernet.InvalidToken if it was sealed with another key."""
        return SecretStr(self._fernet.decrypt(sealed).decode())
