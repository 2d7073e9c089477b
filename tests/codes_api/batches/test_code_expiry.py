"""Until when a code can be redeemed (`rules.md` C3)."""

from datetime import UTC, datetime, timedelta

import pytest
from codes_api.codes.code_expiry import MAX_CUSTOM_DAYS, ExpiryPreset, code_expiry
from hypothesis import given
from hypothesis import strategies as st

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # bounds are naive


@pytest.mark.parametrize(
    ("start", "preset", "days", "end"),
    [
        ("2026-01-31T10:00", ExpiryPreset.ONE_DAY, None, "2026-02-01T10:00"),
        ("2026-01-31T10:00", ExpiryPreset.ONE_WEEK, None, "2026-02-07T10:00"),
        ("2026-01-31T10:00", ExpiryPreset.ONE_MONTH, None, "2026-02-28T10:00"),
        ("2028-01-31T10:00", ExpiryPreset.ONE_MONTH, None, "2028-02-29T10:00"),
        ("2028-02-29T10:00", ExpiryPreset.ONE_YEAR, None, "2029-02-28T10:00"),
        ("2026-12-15T23:59", ExpiryPreset.ONE_MONTH, None, "2027-01-15T23:59"),
        ("2026-01-01T00:00", ExpiryPreset.CUSTOM, 3, "2026-01-04T00:00"),
        ("2026-01-01T00:00", ExpiryPreset.CUSTOM, 3650, "2035-12-30T00:00"),
    ],
)
def test_presets(start: str, preset: ExpiryPreset, days: int | None, end: str) -> None:
    begun, ended = (datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (start, end))
    assert code_expiry(begun, preset, days) == ended


@given(MOMENTS, st.integers(1, MAX_CUSTOM_DAYS))
def test_custom_days_are_days_of_24_hours(start: datetime, days: int) -> None:
    assert code_expiry(start, ExpiryPreset.CUSTOM, days) == start + timedelta(days=days)


@given(MOMENTS)
def test_each_preset_is_longer_than_the_one_before(start: datetime) -> None:
    presets = (ExpiryPreset.ONE_DAY, ExpiryPreset.ONE_WEEK, ExpiryPreset.ONE_MONTH, ExpiryPreset.ONE_YEAR)
    ends = [end for preset in presets if (end := code_expiry(start, preset, None)) is not None]
    assert len(ends) == 4
    assert start < ends[0] < ends[1] < ends[2] < ends[3]
    assert code_expiry(start, ExpiryPreset.NO_EXPIRY, None) is None


@pytest.mark.parametrize(
    ("preset", "days"), [(ExpiryPreset.CUSTOM, None), (ExpiryPreset.ONE_DAY, 1), (ExpiryPreset.NO_EXPIRY, 1)]
)
def test_days_belong_to_custom(preset: ExpiryPreset, days: int | None) -> None:
    with pytest.raises(ValueError, match="custom"):
        code_expiry(datetime(2026, 1, 1, tzinfo=UTC), preset, days)
