"""The font of pictures, sheets and invoices, and how a name from outside becomes text that it can show.

DejaVu Sans comes with matplotlib, of which only these files are used here. It has Latin, Greek, Cyrillic, Hebrew, Arabic and
many more, but no Chinese, Japanese or Korean and hardly an emoji: each symbol that it lacks is shown as an empty box.
"""

import unicodedata
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from fontTools.ttLib import TTFont
from fpdf.bidi import BidiParagraph

BOX: Final = "\N{WHITE SQUARE}"
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
# Joiners and variation selectors of emoji, and marks that turn the reading direction of what stands beside a name.
_UNSEEN: Final = frozenset({"Cf", "Cc", "Cs"})
_UNKNOWN: Final = frozenset({"Co", "Cn"})
_SELECTORS: Final = frozenset(chr(code) for code in (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)))
_HIGHEST_PILE: Final = 2
_RIGHT_TO_LEFT: Final = frozenset({"R", "AL", "AN"})


class Face(StrEnum):
    """A font, by its file."""

    REGULAR = "DejaVuSans.ttf"
    BOLD = "DejaVuSans-Bold.ttf"
    MONO = "DejaVuSansMono-Bold.ttf"

    @property
    def path(self) -> Path:
        """Where matplotlib keeps it; matplotlib itself is not loaded."""
        spec = find_spec("matplotlib")
        if spec is None or spec.origin is None:
            msg = "matplotlib, whose fonts are drawn with, is not installed"
            raise RuntimeError(msg)
        return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / self.value


@cache
def _known(face: Face) -> frozenset[int]:
    with TTFont(face.path, lazy=True) as font:
        return frozenset(font.getBestCmap())


def printable(text: str, face: Face = Face.REGULAR) -> str:
    """The text on one line, without what is not seen, and a box for each symbol that the font lacks. Of accents that are
    piled on one symbol two are kept: more would grow into the lines above and below."""
    kept = []
    pile = 0
    for symbol in unicodedata.normalize("NFC", text):
        pile = pile + 1 if unicodedata.combining(symbol) else 0
        if pile <= _HIGHEST_PILE:
            kept.append(_shown(symbol, face))
    return " ".join("".join(kept).split())


def _shown(symbol: str, face: Face) -> str:
    if symbol.isspace():
        return " "
    category = unicodedata.category(symbol)
    if symbol in _SELECTORS or category in _UNSEEN:
        return ""
    return symbol if category not in _UNKNOWN and ord(symbol) in _known(face) else BOX


def needs_shaping(text: str) -> bool:
    """Whether drawing its symbols one beside the other would be wrong: right-to-left or combining."""
    return any(unicodedata.bidirectional(symbol) in _RIGHT_TO_LEFT or unicodedata.combining(symbol) for symbol in text)


def in_order_of_sight(line: str) -> str:
    """A line as it is drawn from left to right: Hebrew and Arabic run to the left. Arabic letters stay unjoined."""
    if any(unicodedata.bidirectional(symbol) in _RIGHT_TO_LEFT for symbol in line):
        return "".join(symbol.character for symbol in BidiParagraph(line).get_reordered_characters())
    return line
