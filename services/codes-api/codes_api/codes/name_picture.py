"""A name as a small picture, for scripts whose symbols can't be set one beside the other: Arabic joins its letters and runs
to the left, Hebrew runs to the left, accents stand on other symbols. matplotlib shapes text; the PDF library does not.
"""

import io
from dataclasses import dataclass
from typing import Final

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from shared.drawing.fonts import Face

_DPI: Final = 400
_POINTS_PER_INCH: Final = 72
_PAD_PT: Final = 1.0


@dataclass(frozen=True)
class NamePicture:
    """A PNG with nothing behind the letters. All in points: `baseline` from the top, `pad` around the letters."""

    png: bytes
    width: float
    height: float
    baseline: float
    pad: float = _PAD_PT

    @property
    def ink_width(self) -> float:
        """The letters alone."""
        return self.width - 2 * self.pad


def draw_name(text: str, *, face: Face, size: float, color: str) -> NamePicture:
    """The text on one line. `size`: points; `color`: "#rrggbb"."""
    font = FontProperties(fname=str(face.path), size=size)
    figure = Figure(dpi=_DPI)
    FigureCanvasAgg(figure)
    drawn = figure.text(0, 0, text, fontproperties=font, color=color, parse_math=False, va="baseline")
    box = drawn.get_window_extent()
    below = -box.y0
    pixels_a_point = _DPI / _POINTS_PER_INCH
    width, height = box.width / pixels_a_point + 2 * _PAD_PT, box.height / pixels_a_point + 2 * _PAD_PT
    figure.set_size_inches(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH)
    drawn.set_position((_PAD_PT / width, (_PAD_PT + below / pixels_a_point) / height))
    out = io.BytesIO()
    figure.savefig(out, format="png", transparent=True, metadata={"Software": None})
    return NamePicture(out.getvalue(), width, height, height - _PAD_PT - below / pixels_a_point)
