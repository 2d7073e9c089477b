"""What every wire model is made of."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from shared.calendar import rfc3339


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # the first or last day of all, in an offset that leads out of it
        msg = "is beyond the calendar"
        raise ValueError(msg) from error


def _only_rfc3339(value: object) -> object:
    # pydantic would also take a number, as text too, for seconds since 1970.
    if isinstance(value, datetime) or (isinstance(value, str) and value[4:5] == "-"):
        return value
    msg = "Write a moment as in 2026-01-31T10:00:00Z."
    raise ValueError(msg)


UtcDatetime = Annotated[
    AwareDatetime,
    BeforeValidator(_only_rfc3339),
    AfterValidator(_to_utc),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
]
"""An aware moment, read in any offset, kept and shown in UTC with a Z."""

TelegramId = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[700100200])]
"""A person on Telegram."""

Json = dict[str, Any]
"""A JSON object."""


class WireModel(BaseModel):
    """Refuses unknown fields, can be read from ORM objects, and does not change once made."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)
