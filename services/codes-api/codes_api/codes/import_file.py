"""The CSV of an import, read and judged line by line. Pure.

One column holds the codes. A header names it (`code`, `Access Code`, ...); without a header there may be no other column.
Commas, semicolons and tabs part cells; quotes, a byte order mark and any line ends are as the csv module takes them.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from codes_api.codes.spelling import LONGEST, SHORTEST, safe, stored_form, upper

_HEADERS: Final = frozenset({"code", "codes", "accesscode", "accesscodes", "couponcode", "vouchercode"})
_DELIMITERS: Final = ",;\t"


class LineReason(StrEnum):
    """Why a line is refused."""

    MISSING = "missing"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    UNSAFE_CHARACTER = "unsafe_character"
    SEVERAL_COLUMNS = "several_columns"
    UNREADABLE = "unreadable"
    DUPLICATE_IN_FILE = "duplicate_in_file"
    ALREADY_IN_PROJECT = "already_in_project"


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """`line`: 1-based, as an editor counts. `first_line`: where a duplicate stood first."""

    line: int
    reason: LineReason
    first_line: int | None = None


@dataclass(frozen=True, slots=True)
class ImportFile:
    """What was in the file: codes as they will be stored, each with its line, in its order; and what can't be one."""

    codes: dict[str, int]
    refused: Sequence[RefusedLine]

    @property
    def quantity(self) -> int:
        """Lines that hold something."""
        return len(self.codes) + len(self.refused)


def read_file(text: str) -> ImportFile:
    """Read and judge each line; empty ones are passed over."""
    codes: dict[str, int] = {}
    refused: list[RefusedLine] = []
    for line, cell in _cells(text):
        reason = cell if isinstance(cell, LineReason) else _fault(cell)
        if reason is not None:
            refused.append(RefusedLine(line, reason))
            continue
        code = stored_form(str(cell))
        first = codes.setdefault(code, line)
        if first != line:
            refused.append(RefusedLine(line, LineReason.DUPLICATE_IN_FILE, first))
    return ImportFile(codes, refused)


def _fault(value: str) -> LineReason | None:
    if not value:
        return LineReason.MISSING
    if not safe(upper(value)):
        return LineReason.UNSAFE_CHARACTER
    if len(value) < SHORTEST:
        return LineReason.TOO_SHORT
    return LineReason.TOO_LONG if len(value) > LONGEST else None


def _cells(text: str) -> Iterator[tuple[int, str | LineReason]]:
    """Each line's number and its cell of the column that holds the codes."""
    column: int | None = None
    first = True
    for line, row in _rows(text.removeprefix("\ufeff")):
        if isinstance(row, LineReason):
            yield line, row
        elif any(cell.strip() for cell in row):
            named = _column(row) if first else None
            if named is not None:
                column = named
            elif column is not None:
                yield line, row[column].strip() if column < len(row) else LineReason.MISSING
            elif any(cell.strip() for cell in row[1:]):
                yield line, LineReason.SEVERAL_COLUMNS
            else:
                yield line, row[0].strip()
        else:
            continue
        first = False


def _rows(text: str) -> Iterator[tuple[int, list[str] | LineReason]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = next((symbol for symbol in _DELIMITERS if symbol in first), ",")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, LineReason.UNREADABLE


def _column(row: Sequence[str]) -> int | None:
    names = [re.sub(r"[\s_-]", "", cell).casefold() for cell in row]
    return next((place for place, name in enumerate(names) if name in _HEADERS), None)
