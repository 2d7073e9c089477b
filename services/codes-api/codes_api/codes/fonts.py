"""The font of pictures and sheets, and how a name from outside becomes text that it can show.

DejaVu Sans comes with matplotlib. It has Latin, Greek, Cyrillic, Hebrew, Arabic and many more, but no Chinese, Japanese or
Korean and hardly an emoji: each symbol that it lacks is shown as an empty box.
"""

import unicodedata
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.ft2font import FT2Font

BOX: Final = "\N{WHITE SQUARE}"
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
# Joiners and variation selectors of emoji, and marks that turn the reading direction of what stands beside a name.
_UNSEEN: Final = {"Cf", "Cc", "Cs", "Co", "Cn"}
_SELECTORS: Final = frozenset(chr(code) for code in (*range(0xFE00, 0xFE10), *range(0x1F3FB, 0x1F400)))
_HIGHEST_PILE: Final = 2
_RIGHT_TO_LEFT: Final = {"R", "AL", "AN"}


class Face(StrEnum):
    """A font, by its file."""

    REGULAR = "DejaVuSans.ttf"
    BOLD = "DejaVuSans-Bold.ttf"
    MONO = "DejaVuSansMono-Bold.ttf"

    @property
    def path(self) -> Path:
        """Where matplotlib keeps it."""
        return Path(mpl.get_data_path(), "fonts", "ttf", self.value)


@cache
def _has(face: Face) -> frozenset[int]:
    return frozenset(FT2Font(str(face.path)).get_charmap())


def printable(text: str, face: Face = Face.REGULAR) -> str:
    """The text on one line, without what is not seen, and a box for each symbol that the font lacks. Of accents that are
    piled on one symbol two are kept: more would grow into the lines above and below."""
    kept = []
    pile = 0
    for symbol in unicodedata.normalize("NFC", text):
        pile = pile + 1 if unicodedata.combining(symbol) else 0
        if pile > _HIGHEST_PILE:
            continue
        if symbol.isspace():
            kept.append(" ")
        elif symbol not in _SELECTORS and unicodedata.category(symbol) not in _UNSEEN:
            kept.append(symbol if ord(symbol) in _has(face) else BOX)
        elif unicodedata.category(symbol) in {"Co", "Cn"}:
            kept.append(BOX)
    return " ".join("".join(kept).split())


def needs_shaping(text: str) -> bool:
    """Whether drawing its symbols one beside the other would be wrong: right-to-left or combining."""
    return any(unicodedata.bidirectional(symbol) in _RIGHT_TO_LEFT or unicodedata.combining(symbol) for symbol in text)
