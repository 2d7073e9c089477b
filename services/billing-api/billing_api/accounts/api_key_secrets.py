"""The form of API keys: `mp_` + 8 characters of public id + 40 of secret. Only the SHA-256 of the whole is ever kept."""

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass
from typing import Final

ALPHABET: Final = string.ascii_letters + string.digits
PUBLIC_ID: Final = 8
SECRET: Final = 40
_FORM: Final = re.compile(rf"mp_([{ALPHABET}]{{{PUBLIC_ID}}})[{ALPHABET}]{{{SECRET}}}")
_NOBODY: Final = hashlib.sha256(b"nobody's key").digest()


@dataclass(frozen=True, repr=False)
class NewApiKey:
    """A fresh key: shown to its creator once, then only its digest and last four characters remain."""

    public_id: str
    plain: str

    @property
    def digest(self) -> bytes:
        """What is kept of it."""
        return digest_of(self.plain)

    @property
    def last_four(self) -> str:
        """What people tell it apart by."""
        return self.plain[-4:]


def new_api_key() -> NewApiKey:
    """A key with 238 random bits."""
    public_id = "".join(secrets.choice(ALPHABET) for _ in range(PUBLIC_ID))
    secret = "".join(secrets.choice(ALPHABET) for _ in range(SECRET))
    return NewApiKey(public_id, f"mp_{public_id}{secret}")


def public_id_of(given: str) -> str | None:
    """The part of a key by which it is looked up; None if this has not the form of a key."""
    match = _FORM.fullmatch(given)
    return match.group(1) if match else None


def digest_of(given: str) -> bytes:
    """SHA-256 of a whole key (its secret is random, so a slow hash would add nothing)."""
    return hashlib.sha256(given.encode()).digest()


def is_key(given: str, kept: bytes | None) -> bool:
    """Whether a key is the one whose digest is kept, in a time that does not tell whether there was one."""
    same = hmac.compare_digest(digest_of(given), kept or _NOBODY)
    return same and kept is not None
