"""What every wire model is made of."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from shared.calendar import rfc3339

_WRITTEN: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]", re.ASCII)


def _no_number(value: Any) -> Any:
    """A moment is written as RFC 3339 says: pydantic would take a number, also in a text, for seconds since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and _WRITTEN.match(value) is None):
        msg = "must be a moment such as 2026-12-31T10:00:00Z"
        raise ValueError(msg)
    return value


def _to_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # the first or last day of all, in an offset that leads out of it
        msg = "is beyond the calendar"
        raise ValueError(msg) from error


UtcDatetime = Annotated[
    AwareDatetime,
    BeforeValidator(_no_number),
    AfterValidator(_to_utc),
    PlainSerializer(rfc3339, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-31T10:00:00Z"]}),
]
"""An aware moment, read in any offset, kept and shown in UTC with a Z."""

TelegramId = Annotated[int, Field(ge=1, le=2**63 - 1, examples=[700100200])]
"""A person on Telegram."""

ONE_LINE: Final = r"^[^\x00-\x1f\x7f]*$"
"""A pattern for texts that are kept or looked up: PostgreSQL has no text with a NUL in it."""

Json = dict[str, Any]
"""A JSON object."""


class WireModel(BaseModel):
    """Refuses unknown fields, can be read from ORM objects, and does not change once made."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)
