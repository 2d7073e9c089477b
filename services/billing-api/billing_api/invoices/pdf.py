"""An invoice as a PDF that a bookkeeper takes. Pure: the same document gives the same bytes, whenever it is drawn.

Some tenths of a second of a thread: fonts are read and cut to the symbols that are used.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, cast

from babel.dates import format_date
from babel.numbers import format_currency
from fpdf import FPDF
from fpdf.enums import MethodReturnValue, TableBordersLayout, TextEmphasis, VAlign, XPos, YPos
from fpdf.fonts import FontFace
from shared.drawing.fonts import Face, in_order_of_sight, printable
from typing_extensions import override

from billing_api.invoices.document import CURRENCY, DocumentLine, InvoiceDocument, Party
from billing_api.invoices.models import InvoiceStatus

_LOCALE: Final = "en_US"
_FAMILY: Final = "invoice"
_MARGIN: Final = 20.0
_INK, _SOFT, _RULE, _SHADE = "#1d2733", "#5a6572", "#c9d0d8", "#f2f5f8"
_STAMP: Final = {InvoiceStatus.PAID: "#1f7a4d", InvoiceStatus.OPEN: "#b26a00", InvoiceStatus.VOID: "#8a1f2d"}
_TITLE: Final = {InvoiceStatus.PAID: "Paid", InvoiceStatus.OPEN: "Open", InvoiceStatus.VOID: "Void"}
_ROW: Final = 6.0
_PADDING: Final = 1.5
_DESCRIPTION: Final = 82.0


def draw_invoice(document: InvoiceDocument) -> bytes:
    """The PDF, A4. Its creation date is the invoice's."""
    pdf = _Page(document)
    pdf.set_creation_date(document.issued_at)
    pdf.set_title(f"Invoice {document.number}")
    pdf.set_author(printable(document.seller.name))
    pdf.set_lang("en")
    pdf.add_page()
    _heading(pdf, document)
    _parties(pdf, document)
    _lines(pdf, document)
    _totals(pdf, document)
    return bytes(pdf.output())


class _Page(FPDF):
    """A4 with the invoice's fonts and a footer on each page."""

    def __init__(self, document: InvoiceDocument) -> None:
        super().__init__(unit="mm", format="A4")
        self._document = document
        for style, face in (("", Face.REGULAR), ("B", Face.BOLD)):
            self.add_font(_FAMILY, style, fname=str(face.path))
        self.set_margins(_MARGIN, _MARGIN)
        self.c_margin = 0
        self.set_auto_page_break(auto=True, margin=_MARGIN + 8)

    def style(self, size: float, *, bold: bool = False, color: str = _INK) -> None:
        self.set_font(_FAMILY, "B" if bold else "", size)
        self.set_text_color(color)

    def write_lines(self, text: str, *, width: float = 0, height: float = 5) -> None:
        """The text from here on, in as many lines as it needs; what comes next goes under it."""
        for line in self.wrapped(text, width):
            self.cell(width, height, in_order_of_sight(line), new_x=XPos.LEFT, new_y=YPos.NEXT)

    def wrapped(self, text: str, width: float) -> list[str]:
        """The text in lines that fit; a word that is too long is broken."""
        lines = self.multi_cell(width, None, printable(text), dry_run=True, output=MethodReturnValue.LINES)
        return cast("list[str]", lines)

    @override
    def footer(self) -> None:
        self.set_y(-_MARGIN)
        self.style(7.5, color=_SOFT)
        self.write_lines(f"Invoice {self._document.number} \N{MIDDLE DOT} {self._document.id}", height=4)
        self.set_xy(_MARGIN, -_MARGIN)
        self.cell(0, 4, f"Page {self.page_no()} of {{nb}}", align="R")


def _heading(pdf: _Page, document: InvoiceDocument) -> None:
    pdf.style(22, bold=True)
    pdf.write_lines("Invoice", height=11)
    pdf.ln(3)
    facts = [("Invoice number", str(document.number)), ("Date of issue", _day(document.issued_at))]
    if document.paid_at is not None:
        facts.append(("Date paid", _day(document.paid_at)))
    elif document.voided_at is not None:
        facts.append(("Date voided", _day(document.voided_at)))
    else:
        facts.append(("Date due", f"{_day(document.issued_at)} (on receipt)"))
    for name, value in facts:
        top = pdf.get_y()
        pdf.style(9, color=_SOFT)
        pdf.write_lines(name, width=34)
        pdf.set_xy(_MARGIN + 34, top)
        pdf.style(9, bold=True)
        pdf.write_lines(value, width=80)
        pdf.set_x(_MARGIN)
    _stamp(pdf, document.status)


def _stamp(pdf: _Page, status: InvoiceStatus) -> None:
    color, width, height = _STAMP[status], 44.0, 16.0
    left, top = pdf.w - _MARGIN - width - 2, _MARGIN + 6
    with pdf.local_context(), pdf.rotation(8, left + width / 2, top + height / 2):
        pdf.set_draw_color(color)
        pdf.set_line_width(0.9)
        pdf.rect(left, top, width, height, round_corners=True, corner_radius=2.5)
        pdf.style(22, bold=True, color=color)
        pdf.set_xy(left, top)
        pdf.cell(width, height, _TITLE[status].upper(), align="C")
    pdf.set_xy(_MARGIN, _MARGIN + 14 + 3 * 5)


def _parties(pdf: _Page, document: InvoiceDocument) -> None:
    pdf.ln(9)
    top, width = pdf.get_y(), pdf.epw / 2 - 5
    ends = []
    for left, title, party in (
        (_MARGIN, "From", document.seller),
        (_MARGIN + pdf.epw / 2, "Bill to", document.buyer),
    ):
        pdf.set_xy(left, top)
        _party(pdf, title, party, width)
        ends.append(pdf.get_y())
    pdf.set_xy(_MARGIN, max(ends) + 9)


def _party(pdf: _Page, title: str, party: Party, width: float) -> None:
    pdf.style(8, color=_SOFT)
    pdf.write_lines(title, width=width)
    pdf.style(10.5, bold=True)
    pdf.write_lines(party.name, width=width, height=6)
    pdf.style(8.5)
    for line in party.lines:
        pdf.write_lines(line, width=width, height=4.6)


def _lines(pdf: _Page, document: InvoiceDocument) -> None:
    pdf.style(9)
    pdf.set_draw_color(_RULE)
    pdf.set_line_width(0.2)
    head = FontFace(emphasis=TextEmphasis.B, color=_SOFT, fill_color=_SHADE, size_pt=8.5)
    with pdf.table(
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        col_widths=(_DESCRIPTION, 56, 32),
        text_align=("LEFT", "LEFT", "RIGHT"),
        v_align=VAlign.T,
        headings_style=head,
        line_height=4.8,
        padding=(1.8, _PADDING),
    ) as table:
        for texts in (
            ("Description", "Period (UTC)", "Amount"),
            *((_description(pdf, line), _period(line.start, line.end), _money(line.amount)) for line in document.lines),
        ):
            row = table.row()
            for text in texts:
                row.cell(text)


def _description(pdf: _Page, line: DocumentLine) -> str:
    return "\n".join(in_order_of_sight(part) for part in pdf.wrapped(line.description, _DESCRIPTION - 2 * _PADDING - 1))


def _totals(pdf: _Page, document: InvoiceDocument) -> None:
    rows = [("Total", _money(document.total), False)]
    if document.credit_applied:
        rows.append(("Credit balance applied", _money(-document.credit_applied), False))
    if document.status is InvoiceStatus.VOID:
        rows.append(("Amount due (void)", _money(0), True))
    else:
        rows.append((f"Amount due ({CURRENCY})", _money(document.amount_due), True))
    if document.status is InvoiceStatus.PAID and document.amount_due:
        rows.append(("Amount paid", _money(document.amount_due), False))
    if document.status is InvoiceStatus.OPEN and document.amount_remaining != document.amount_due:
        rows.append(("Amount remaining", _money(document.amount_remaining), True))
    if pdf.will_page_break(len(rows) * _ROW + 24):
        pdf.add_page()
    pdf.ln(4)
    left, width = _MARGIN + pdf.epw - 88, 88.0
    for name, amount, strong in rows:
        top = pdf.get_y()
        if strong:
            pdf.set_draw_color(_INK)
            pdf.set_line_width(0.35)
            pdf.line(left, top, left + width, top)
        pdf.style(10.5 if strong else 9.5, bold=strong)
        pdf.set_xy(left, top + 0.6)
        pdf.cell(width - 34, _ROW, name)
        pdf.cell(34 - _PADDING, _ROW, amount, align="R")
        pdf.set_xy(left, top + _ROW + 0.8)
    pdf.set_xy(_MARGIN, pdf.get_y() + 6)
    pdf.style(8.5, color=_SOFT)
    pdf.multi_cell(0, 4.6, printable(_note(document)), align="L")


def _note(document: InvoiceDocument) -> str:
    if document.status is InvoiceStatus.VOID:
        return "This invoice is void: its payment failed and nothing was charged. Credit that was applied is back on the balance."
    if document.status is InvoiceStatus.OPEN:
        return "This invoice is charged to the account's default payment method."
    if document.paid_at is None or document.total == 0:
        return "Nothing was to be paid."
    if document.paid_by is None:
        return f"Paid from the credit balance on {_day(document.paid_at)}."
    return f"Paid by {document.paid_by} on {_day(document.paid_at)}."


def _period(start: datetime, end: datetime) -> str:
    return f"{_short(start)} \N{EN DASH} {_short(end)}"


def _short(moment: datetime) -> str:
    return format_date(moment.astimezone(UTC), "d MMM y", locale=_LOCALE)


def _day(moment: datetime) -> str:
    return format_date(moment.astimezone(UTC), "d MMMM y", locale=_LOCALE)


def _money(cents: int) -> str:
    return format_currency(Decimal(cents).scaleb(-2), CURRENCY, locale=_LOCALE)
