"""The font of invoices, and how a name from outside becomes text that it can show.

DejaVu Sans comes with matplotlib, of which only these files are used. It has Latin, Greek, Cyrillic, Hebrew, Arabic and many
more, but no Chinese, Japanese or Korean and hardly an emoji: each symbol that it lacks is shown as an empty box.
"""

import unicodedata
from collections.abc import Container
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fpdf.bidi import BidiParagraph

BOX: Final = "\N{WHITE SQUARE}"
# Joiners, variation selectors and what turns the reading direction of the text beside it.
_UNSEEN: Final = frozenset({"Cf", "Cc", "Cs"})
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})
_SELECTORS: Final = frozenset(chr(code) for code in (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)))


class Face(StrEnum):
    """A font, by its file."""

    REGULAR = "DejaVuSans.ttf"
    BOLD = "DejaVuSans-Bold.ttf"

    @property
    def path(self) -> Path:
        """Where matplotlib keeps it; matplotlib itself is not loaded."""
        spec = find_spec("matplotlib")
        if spec is None or spec.origin is None:
            msg = "matplotlib, whose fonts invoices are set in, is not installed"
            raise RuntimeError(msg)
        return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / self.value


def printable(text: str, known: Container[int]) -> str:
    """The text on one line, a box for each symbol that is not `known` to the font."""
    shown = []
    for symbol in unicodedata.normalize("NFC", text):
        if symbol.isspace():
            shown.append(" ")
        elif symbol not in _SELECTORS and unicodedata.category(symbol) not in _UNSEEN:
            shown.append(symbol if ord(symbol) in known else BOX)
    return " ".join("".join(shown).split())


def in_order_of_sight(line: str) -> str:
    """A line as it is drawn from left to right: Hebrew and Arabic run to the left. Arabic letters stay unjoined."""
    if any(unicodedata.bidirectional(symbol) in _RIGHT_TO_LEFT for symbol in line):
        return "".join(symbol.character for symbol in BidiParagraph(line).get_reordered_characters())
    return line
