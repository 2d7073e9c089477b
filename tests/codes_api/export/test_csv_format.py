"""The CSV (C10): what a standard reader, and a spreadsheet, make of it."""

import csv
import io
from datetime import UTC, datetime

import pytest
from codes_api.codes.alphabet import ALPHABET, LENGTH, grouped
from codes_api.codes.csv_format import HEADER, CsvLine, LineShape, header, lines, safe
from hypothesis import given
from hypothesis import strategies as st

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
moments = st.none() | st.datetimes(timezones=st.just(UTC))
hostile = st.sampled_from(
    [
        '=HYPERLINK("http://x","y")',
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        'a "quoted" name',
        "a,b;c",
        "line\nbreak",
        "a\r\nb",
        "'=1",
        "",
    ]
)


def line(**changes: object) -> CsvLine:
    values: dict[str, object] = {
        "code": "7KQ2-M9XD-40TR-BW6N",
        "plan_name": "Gold",
        "join_link": "https://t.me/club_bot?start=code_7KQ2-M9XD-40TR-BW6N",
        "expires_at": None,
        "price": 1999,
        "currency": "USD",
        "started_on": AT,
        "ends_on": None,
    }
    return CsvLine(**{**values, **changes})  # type: ignore[arg-type]


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_the_eight_columns_and_the_line_ends() -> None:
    assert header() == "Access Code,Plan Name,Join Link,Expires At,Price,Currency,Started On,Ends On\r\n"
    text = lines([line(expires_at=AT, ends_on=AT.replace(month=8, microsecond=500_000))])
    assert text == (
        "7KQ2-M9XD-40TR-BW6N,Gold,https://t.me/club_bot?start=code_7KQ2-M9XD-40TR-BW6N,2026-07-01T12:00:00Z,"
        "19.99,USD,2026-07-01T12:00:00Z,2026-08-01T12:00:00.500000Z\r\n"
    )


@given(st.lists(st.one_of(names, hostile), max_size=20))
def test_a_round_trip_through_a_standard_reader(plan_names: list[str]) -> None:
    text = header() + lines(line(plan_name=name) for name in plan_names)
    first, *rest = read(text)
    assert first == list(HEADER)
    assert all(len(row) == 8 for row in rest)
    assert [row[1] for row in rest] == [safe(name) for name in plan_names]
    assert text.endswith("\r\n")


@given(st.one_of(names, hostile))
def test_no_cell_begins_a_formula_and_nothing_else_is_changed(name: str) -> None:
    cell = safe(name)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert cell in {name, f"'{name}"}
    assert cell == name or name[0] in "=+-@\t\r"


@pytest.mark.parametrize(
    ("amount", "currency", "price"),
    [
        (1999, "USD", "19.99"),
        (5, "EUR", "0.05"),
        (0, "USD", "0.00"),
        (500, "JPY", "500"),
        (1, "KWD", "0.001"),
        (10**12, "USD", "10000000000.00"),
    ],
)
def test_prices_have_their_currencys_own_digits(amount: int, currency: str, price: str) -> None:
    ((*_, found, found_currency, _, _),) = read(lines([line(price=amount, currency=currency)]))
    assert (found, found_currency) == (price, currency)


def test_what_is_not_there_is_empty() -> None:
    assert read(lines([line(join_link=None)]))[0][2:4] == ["", ""]
    assert read(lines([line()]))[0][7] == ""


@given(
    names | hostile,
    moments,
    moments,
    st.lists(st.tuples(st.text(ALPHABET, min_size=LENGTH, max_size=LENGTH), st.just(AT) | moments), min_size=1, max_size=9),
    st.sampled_from(["https://t.me/club_bot?start=code_{}", "https://t.me/ünï_{}?twice={}&", "{}{}", "none", None]),
)
def test_a_shape_writes_what_lines_writes(
    name: str,
    expires_at: datetime | None,
    end: datetime | None,
    codes: list[tuple[str, datetime | None]],
    template: str | None,
) -> None:
    """Wherever the code stands in a line, however often, and whichever of them have ends of their own."""

    def of(code: str, ends_on: datetime | None) -> CsvLine:
        link = None if template is None else template.format(*[grouped(code)] * 2)
        return line(code=grouped(code), plan_name=name, join_link=link, expires_at=expires_at, ends_on=ends_on)

    shape = LineShape(of("7KQ2M9XD40TRBW6N", end))
    own_ends = [(number, ends_on) for number, (_, ends_on) in enumerate(codes) if ends_on != AT]
    expected = lines(of(code, end if ends_on == AT else ends_on) for code, ends_on in codes)
    assert shape.lines("\n".join(code for code, _ in codes), own_ends).decode() == expected
