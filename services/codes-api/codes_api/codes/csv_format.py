"""The CSV of access codes (`spec/access-codes.txt`, How the codes arrive; `rules.md` C10). Pure.

Exactly eight columns, RFC 4180, UTF-8, moments in ISO 8601 UTC, prices as decimals in their currency's own digits. A cell
that a spreadsheet would take for a formula gets a leading apostrophe.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Final

from babel.numbers import get_currency_precision
from shared.calendar import rfc3339
from shared.money import to_decimal_string

HEADER: Final = ("Access Code", "Plan Name", "Join Link", "Expires At", "Price", "Currency", "Started On", "Ends On")
MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_LINE_END: Final = "\r\n"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class CsvLine:
    """One code. `code` as people read it; `price` in minor units; `ends_on` None: lifetime; `expires_at` None: never."""

    code: str
    plan_name: str
    join_link: str | None
    expires_at: datetime | None
    price: int
    currency: str
    started_on: datetime
    ends_on: datetime | None


def header() -> str:
    """The first line."""
    return _written([HEADER])


def lines(rows: Iterable[CsvLine]) -> str:
    """The lines of these codes, each ended by CR LF."""
    return _written(
        (
            safe(row.code),
            safe(row.plan_name),
            safe(row.join_link or ""),
            _moment(row.expires_at),
            to_decimal_string(row.price, _digits(row.currency)),
            row.currency,
            _moment(row.started_on),
            _moment(row.ends_on),
        )
        for row in rows
    )


class LineShape:
    """The lines of codes that differ in nothing but the code, put together from the pieces between.

    What stands around the code is written once, by `lines`. Good for codes of 16 symbols as they are shown, which need
    neither quotes nor an apostrophe.

    Args:
        line: of any such code.
    """

    def __init__(self, line: CsvLine) -> None:
        self._pieces = lines([line]).split(line.code)
        self._open = lines([replace(line, ends_on=None)]).removesuffix(_LINE_END).split(line.code)

    def line(self, code: str) -> str:
        """A code's line."""
        return code.join(self._pieces)

    def line_ending(self, code: str, ends_on: datetime | None) -> str:
        """A code's line, with an end of its own."""
        return f"{code.join(self._open)}{_moment(ends_on)}{_LINE_END}"


def safe(cell: str) -> str:
    """The cell, with an apostrophe before what would begin a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _written(rows: Iterable[Iterable[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=_LINE_END).writerows(rows)
    return text.getvalue()


def _moment(moment: datetime | None) -> str:
    return "" if moment is None else rfc3339(moment)


@cache
def _digits(currency: str) -> int:
    return get_currency_precision(currency)
