"""Secrets and signatures by the Standard Webhooks specification, through its own library."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from standardwebhooks import Webhook

SECRET_BYTES: Final = 32
"""The specification asks for 24 to 64."""


def new_secret() -> SecretStr:
    """A fresh secret: `whsec_` and 32 random bytes in base64."""
    return SecretStr("whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode())


def signed_headers(valid: Sequence[SecretStr], *, message_id: UUID, sent_at: datetime, body: str) -> dict[str, str]:
    """The three headers that a receiver verifies, signed with each secret that is valid.

    Args:
        sent_at: real time, even in the sandbox: a receiver compares it with its own clock and refuses what is more than
            five minutes off.
    """
    signatures = [Webhook(secret.get_secret_value()).sign(str(message_id), sent_at, body) for secret in valid]
    return {
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
