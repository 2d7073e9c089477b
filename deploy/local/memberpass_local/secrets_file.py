"""The secrets of a home: made once, kept in a file that only its owner reads."""

import base64
import json
import secrets
from collections.abc import Mapping

from memberpass_local.home import Home
from memberpass_local.private_file import write_private
from memberpass_local.problems import StackError

NAMES = ("SERVICE_TOKEN", "OPERATOR_KEY", "ENCRYPTION_KEY")


def read_or_make_secrets(home: Home, given: Mapping[str, str]) -> dict[str, str]:
    """Each secret: from the environment if it stands there, else from the home's file, else new and written to it.

    Raises:
        StackError: the file is there and can't be read. New secrets would lock the stored bot tokens away for good.
    """
    kept = _read(home)
    missing = [name for name in NAMES if name not in kept and not given.get(name)]
    if missing:
        kept |= {name: _make(name) for name in missing}
        write_private(home.secrets_file, json.dumps(kept, indent=2))
    return {name: given.get(name) or kept[name] for name in NAMES}


def _make(name: str) -> str:
    if name == "ENCRYPTION_KEY":  # a Fernet key: 32 bytes in URL-safe base64, padding and all
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


def _read(home: Home) -> dict[str, str]:
    try:
        kept = json.loads(home.secrets_file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise StackError(f"{home.secrets_file} is damaged; `python -m memberpass_local clean` starts afresh.") from error
    return {name: kept[name] for name in NAMES if name in kept}
