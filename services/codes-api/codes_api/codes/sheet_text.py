"""Text on a sheet: measured, made smaller, cut. A sheet says the same on each card, so each answer is kept."""

from typing import Final

from fpdf import FPDF
from shared.drawing.fonts import ELLIPSIS, Face, needs_shaping, printable

from codes_api.codes.name_picture import NamePicture, draw_name

MM_A_POINT: Final = 25.4 / 72
_STEP: Final = 0.5


class SheetText:
    """Writes in a document whose unit is the millimetre. Sizes are points, `y` is the baseline.

    Args:
        pdf: gets the fonts added.
    """

    def __init__(self, pdf: FPDF) -> None:
        self._pdf = pdf
        self._fitted: dict[tuple[str, Face, float, float, float], tuple[str, float]] = {}
        self._halved: dict[tuple[str, Face, float, float], list[str]] = {}
        self._pictures: dict[tuple[str, Face, float, str], NamePicture] = {}
        for face in Face:
            pdf.add_font(face.name, fname=str(face.path))

    def write(
        self, x: float, y: float, text: str, *, face: Face, size: float, color: str, room: float, smallest: float | None = None
    ) -> None:
        """One line, as large as it fits into `room` from `size` down to `smallest`; what is still too long is cut."""
        shown, size = self._fit(text, face, size, size if smallest is None else smallest, room)
        if not needs_shaping(shown):
            self._pdf.set_font(face.name, size=size)
            self._pdf.set_text_color(color)
            self._pdf.text(x, y, shown)
            return
        picture = self._picture(shown, face, size, color)
        top = y - picture.baseline * MM_A_POINT
        width, height = picture.width * MM_A_POINT, picture.height * MM_A_POINT
        self._pdf.image(picture.png, x - picture.pad * MM_A_POINT, top, width, height, alt_text=shown)

    def halves(self, text: str, *, face: Face, size: float, room: float) -> list[str]:
        """The text in one line if it fits, else in two, broken before a word; the second may still be too long."""
        key = (text, face, size, room)
        if key not in self._halved:
            words = printable(text, face).split()
            taken = len(words)
            while taken > 1 and self.width(" ".join(words[:taken]), face, size) > room:
                taken -= 1
            self._halved[key] = [line for line in (" ".join(words[:taken]), " ".join(words[taken:])) if line]
        return self._halved[key]

    def width(self, text: str, face: Face, size: float) -> float:
        """The width of printable text in millimetres."""
        if needs_shaping(text):
            return self._picture(text, face, size, "#000000").ink_width * MM_A_POINT
        self._pdf.set_font(face.name, size=size)
        return self._pdf.get_string_width(text)

    def _fit(self, text: str, face: Face, size: float, smallest: float, room: float) -> tuple[str, float]:
        key = (text, face, size, smallest, room)
        if key not in self._fitted:
            shown = whole = printable(text, face)
            while size > smallest and self.width(shown, face, size) > room:
                size = max(smallest, size - _STEP)
            while len(whole) > 1 and self.width(shown, face, size) > room:
                share = room / self.width(shown, face, size)
                whole = whole[: min(len(whole) - 1, int(len(whole) * share) + 2)]
                shown = whole.rstrip() + ELLIPSIS
            self._fitted[key] = shown, size
        return self._fitted[key]

    def _picture(self, text: str, face: Face, size: float, color: str) -> NamePicture:
        key = (text, face, size, color)
        if key not in self._pictures:
            self._pictures[key] = draw_name(text, face=face, size=size, color=color)
        return self._pictures[key]
