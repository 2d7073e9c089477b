"""What every wire model is made of."""

from datetime import UTC, datetime

import pytest
from pydantic import TypeAdapter, ValidationError
from shared.contracts.base import UtcDatetime

moments: TypeAdapter[datetime] = TypeAdapter(UtcDatetime)
NOON = datetime(2026, 12, 31, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-12-31T12:00:00Z", "2026-12-31t12:00:00z", "2026-12-31 12:00:00Z", "2026-12-31T13:00:00+01:00"]
)
def test_a_moment_is_read_in_any_offset(text: str) -> None:
    assert moments.validate_python(text) == moments.validate_json(f'"{text}"') == NOON
    assert moments.dump_json(moments.validate_python(text)) == b'"2026-12-31T12:00:00Z"'


@pytest.mark.parametrize(
    "value", [0, 1.5, True, "0", "2026", "1798718400", "-5", "", "2026-12-31", "2026-12-31T12:00:00", "today"]
)
def test_a_number_a_day_and_a_time_without_offset_are_no_moment(value: object) -> None:
    with pytest.raises(ValidationError):
        moments.validate_python(value)


def test_a_moment_that_utc_has_not_is_beyond_the_calendar() -> None:
    with pytest.raises(ValidationError, match="beyond the calendar"):
        moments.validate_python("0001-01-01T00:00:00+01:00")


@pytest.mark.parametrize("mode", ["validation", "serialization"])
def test_the_docs_say_that_it_is_a_moment(mode: str) -> None:
    assert moments.json_schema(mode=mode)["format"] == "date-time"  # type: ignore[arg-type]
