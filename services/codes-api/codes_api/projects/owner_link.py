"""The one-time token of the link by which a creator makes their own chat known to the bot (`rules.md` T2). Pure.

Only its SHA-256 is kept: 192 random bits need no slow hash, and whoever reads the database can't link a chat with it.
"""

import hashlib
import secrets


def new_link_token() -> str:
    """32 characters that Telegram takes in a start payload (`A-Za-z0-9_-`)."""
    return secrets.token_urlsafe(24)


def link_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()
