"""Refusals of an import."""

from collections.abc import Sequence
from typing import Any, Final

from shared.contracts.quota import MAX_BATCH
from shared.errors import FieldError

from codes_api.codes.import_file import ImportFile, RefusedLine

LINES_TOLD: Final = 1000


class ImportRefusedError(FieldError):
    """Nothing was imported. `lines` tells each refused line with its number and reason, the first thousand; `refused` how
    many there are. No code is repeated in it: the creator has the file."""

    code = "import_refused"
    title = "The import was refused"

    def __init__(self, message: str, lines: Sequence[RefusedLine] = ()) -> None:
        super().__init__("csv", message)
        self.extensions["refused"] = len(lines)
        self.extensions["lines"] = [_told(line) for line in sorted(lines, key=lambda one: one.line)[:LINES_TOLD]]


def wrong_size(file: ImportFile) -> ImportRefusedError | None:
    """The refusal of a file with no code or too many."""
    if not file.quantity:
        return ImportRefusedError("There is no code in the file.")
    if file.quantity > MAX_BATCH:
        message = f"An import has at most {MAX_BATCH} codes; this file has {file.quantity}. Split it."
        return ImportRefusedError(message, file.refused)
    return None


def wrong_lines(lines: Sequence[RefusedLine]) -> ImportRefusedError:
    """The refusal of a file for its lines."""
    how_many = "1 line is" if len(lines) == 1 else f"{len(lines)} lines are"
    return ImportRefusedError(f"{how_many} refused, so nothing was imported.", lines)


def _told(line: RefusedLine) -> dict[str, Any]:
    told = {"line": line.line, "reason": line.reason.value}
    return told if line.first_line is None else {**told, "first_line": line.first_line}
