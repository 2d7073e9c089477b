"""What a creator sees a code as (`rules.md` C3-C5). Pure."""

from datetime import datetime
from enum import StrEnum


class CodeStatus(StrEnum):
    """`expired` from the instant of its expiry, whether the sweep has come by or not."""

    UNREDEEMED = "unredeemed"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"


def code_status(
    *, redeemed_at: datetime | None, revoked_at: datetime | None, expires_at: datetime | None, now: datetime
) -> CodeStatus:
    """The status at `now`. Redeemed and revoked codes stay what they are when their expiry passes."""
    if redeemed_at is not None:
        return CodeStatus.REDEEMED
    if revoked_at is not None:
        return CodeStatus.REVOKED
    if expires_at is not None and expires_at <= now:
        return CodeStatus.EXPIRED
    return CodeStatus.UNREDEEMED
