"""The CSV of access codes (`spec/access-codes.txt`, How the codes arrive; `rules.md` C10). Pure.

Exactly eight columns, RFC 4180, UTF-8, moments in ISO 8601 UTC, prices as decimals in their currency's own digits. A cell
that a spreadsheet would take for a formula gets a leading apostrophe.
"""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from babel.numbers import get_currency_precision
from shared.calendar import rfc3339
from shared.money import to_decimal_string

from codes_api.codes.alphabet import ALPHABET, LENGTH, grouped

HEADER: Final = ("Access Code", "Plan Name", "Join Link", "Expires At", "Price", "Currency", "Started On", "Ends On")
MEDIA_TYPE: Final = "text/csv; charset=utf-8"
_LINE_END: Final = "\r\n"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_SHOWN_AT: Final = [grouped(ALPHABET[:LENGTH]).index(symbol) for symbol in ALPHABET[:LENGTH]]
"""Where each symbol of a code stands in the code as it is shown."""


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
    """The lines of codes that differ in nothing but the code, as copies of one line.

    The line is written once, by `lines`. Its copies get their codes a symbol at a time, the first symbols of all codes, then
    the second ones, ...: sixteen strides over the bytes for each place where the code stands, however many codes there are.
    Good for codes of 16 symbols as they are shown, which need neither quotes nor an apostrophe.

    Args:
        line: of any such code, which stands nowhere in it by chance.
    """

    def __init__(self, line: CsvLine) -> None:
        self._line = lines([line]).encode()
        self._codes_at = [found.start() for found in re.finditer(re.escape(line.code.encode()), self._line)]
        self._end_at = len(self._line) - len(_moment(line.ends_on) + _LINE_END)

    def lines(self, codes: str, own_ends: Iterable[tuple[int, datetime | None]] = ()) -> bytes:
        """The lines of these codes.

        Args:
            codes: as they are stored, with one character, whichever, between each two.
            own_ends: the numbers (from 0, ascending) of those that end otherwise than the line given at first.
        """
        stored = codes.encode()
        symbols = [stored[place :: LENGTH + 1] for place in range(LENGTH)]
        width = len(self._line)
        text = bytearray(self._line * len(symbols[0]))
        for code_at in self._codes_at:
            for shown_at, of_each in zip(_SHOWN_AT, symbols, strict=True):
                text[code_at + shown_at :: width] = of_each
        pieces: list[bytes | memoryview] = []
        whole, done = memoryview(text), 0
        for number, end in own_ends:
            pieces += whole[done : number * width + self._end_at], f"{_moment(end)}{_LINE_END}".encode()
            done = (number + 1) * width
        return b"".join((*pieces, whole[done:]))


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
