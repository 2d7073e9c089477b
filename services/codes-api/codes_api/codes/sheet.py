"""A sheet of codes to print, cut and hand out: 8 cards a page, each with a plan, a code, its QR and its expiry.

Pure: rows in, bytes out; 1,000 codes take some seconds of a thread. Import this module where it is drawn: its fonts come
with matplotlib, which takes a second to load.
"""

from datetime import UTC, datetime
from typing import Final

import segno
from babel.dates import format_datetime
from fpdf import FPDF
from fpdf.enums import RenderStyle
from shared.drawing.fonts import Face, printable

from codes_api.codes.sheet_layout import CARDS_A_PAGE, Card, Place, Sheet, cut_lines, places
from codes_api.codes.sheet_text import MM_A_POINT, SheetText

_PADDING: Final = 6.0
_QR: Final = 34.0
_PLAN_SIZE, _LONG_PLAN_SIZE, _SMALLEST_PLAN_SIZE = 15.0, 11.0, 9.0
_CODE_SIZES: Final = (18.0, 15.0, 11.0, 9.0)
_INK, _SOFT, _CUT = "#1d2733", "#5a6572", "#a9b1ba"
# Rows of a QR touch: a hair more height, and no viewer shows white lines between them.
_OVERLAP: Final = 1.02


def draw_sheet(sheet: Sheet, *, now: datetime) -> bytes:
    """The PDF. `now` is its creation date."""
    return _Printer(sheet, now).printed()


class _Printer:
    def __init__(self, sheet: Sheet, now: datetime) -> None:
        self._sheet = sheet
        self._pdf = pdf = FPDF(unit="mm", format=sheet.paper.size)
        pdf.set_auto_page_break(auto=False)
        pdf.set_creation_date(now)
        pdf.set_title(f"{printable(sheet.project_name)}: {printable(sheet.plan_name)}")
        pdf.set_lang("en")
        self._text = SheetText(pdf)
        self._mask: int | None = None

    def printed(self) -> bytes:
        cards, spots = self._sheet.cards, places(self._sheet.paper)
        for start in range(0, len(cards), CARDS_A_PAGE):
            self._pdf.add_page()
            self._cut_lines()
            for card, spot in zip(cards[start : start + CARDS_A_PAGE], spots, strict=False):
                self._card(card, spot)
        return bytes(self._pdf.output())

    def _cut_lines(self) -> None:
        self._pdf.set_draw_color(_CUT)
        self._pdf.set_line_width(0.2)
        self._pdf.set_dash_pattern(dash=1.5, gap=1.5)
        for line in cut_lines(self._sheet.paper):
            self._pdf.line(*line)
        self._pdf.set_dash_pattern()

    def _card(self, card: Card, spot: Place) -> None:
        sheet, write = self._sheet, self._text.write
        left, top = spot.x + _PADDING, spot.y + _PADDING
        wide, bottom = spot.width - 2 * _PADDING, spot.y + spot.height - _PADDING
        narrow = wide - _QR - 5
        self._qr(card.join_link, left + wide - _QR, top)
        write(left, top + 2.5, sheet.project_name, face=Face.REGULAR, size=9, smallest=7.5, color=_SOFT, room=narrow)
        y = self._plan(left, top + 9.5, narrow)
        period = "Lifetime membership" if sheet.plan_period == "lifetime" else f"{sheet.plan_period} of membership"
        write(left, y + 5.5, period, face=Face.REGULAR, size=9.5, smallest=8, color=_INK, room=narrow)
        self._expiry(card.expires_at, left, top + 26, narrow)
        self._code(card.code, left, bottom - 6.5, wide)
        hint = f"Scan, or send it to @{sheet.bot} on Telegram"
        write(left, bottom - 0.5, hint, face=Face.REGULAR, size=8.5, smallest=6, color=_SOFT, room=wide)

    def _plan(self, x: float, y: float, room: float) -> float:
        """The plan's name, in two lines if it must be; the baseline of the last."""
        name = self._sheet.plan_name
        lines = self._text.halves(name, face=Face.BOLD, size=_PLAN_SIZE, room=room)
        if len(lines) > 1:
            lines = self._text.halves(name, face=Face.BOLD, size=_LONG_PLAN_SIZE, room=room)
        size = _PLAN_SIZE if len(lines) == 1 else _LONG_PLAN_SIZE
        for at, line in enumerate(lines):
            y += at * _LONG_PLAN_SIZE * MM_A_POINT * 1.15
            self._text.write(x, y, line, face=Face.BOLD, size=size, smallest=_SMALLEST_PLAN_SIZE, color=_INK, room=room)
        return y

    def _expiry(self, expires_at: datetime | None, x: float, y: float, room: float) -> None:
        if expires_at is None:
            self._text.write(x, y + 4.6, "No expiry", face=Face.BOLD, size=9.5, color=_INK, room=room)
            return
        day = format_datetime(expires_at, "d MMMM y", tzinfo=UTC, locale="en_US")
        self._text.write(x, y, "Use before", face=Face.REGULAR, size=8.5, color=_SOFT, room=room)
        self._text.write(x, y + 4.6, day, face=Face.BOLD, size=9.5, color=_INK, room=room)
        at = f"{expires_at.astimezone(UTC):%H:%M} UTC"
        self._text.write(x, y + 8.8, at, face=Face.REGULAR, size=8.5, color=_SOFT, room=room)

    def _code(self, code: str, x: float, y: float, room: float) -> None:
        """The code in one line as large as it fits, the longest in two; `y` is the last line's."""
        for size in _CODE_SIZES:
            a_line = int(room / self._text.width("0", Face.MONO, size))
            if len(code) <= a_line:
                break
        lines = [code[start : start + a_line] for start in range(0, len(code), a_line)]
        for below, line in enumerate(lines, 1 - len(lines)):
            at = y + below * size * MM_A_POINT * 1.2
            self._text.write(x, at, line, face=Face.MONO, size=size, color=_INK, room=room)

    def _qr(self, link: str, x: float, y: float) -> None:
        """As vectors: as sharp as the printer is. The white around is the card's."""
        code = segno.make(link, error="m", micro=False, mask=self._mask)
        # Looking for the best of the eight masks takes most of the time. Links differ in their codes only, so that the mask
        # of the first is good for all; a reader takes any.
        self._mask = code.mask
        module = _QR / len(code.matrix)
        self._pdf.set_fill_color(0)
        for row, symbols in enumerate(code.matrix):
            start = symbols.find(1)
            while start >= 0:
                end = symbols.find(0, start)
                end = len(symbols) if end < 0 else end
                self._pdf.rect(
                    x + start * module, y + row * module, (end - start) * module, module * _OVERLAP, style=RenderStyle.F
                )
                start = symbols.find(1, end)
