"""Invoices on paper."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from uuid import UUID

import pypdfium2  # type: ignore[import-untyped]
import pytest
from billing_api.invoices.document import DocumentLine, InvoiceDocument, Party
from billing_api.invoices.models import InvoiceStatus
from billing_api.invoices.pdf import draw_invoice
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from shared.drawing.fonts import BOX, in_order_of_sight, printable

from tests.billing_api.running import Billing, Creator, refused

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
PLAN = DocumentLine("Starter (starter_monthly)", NOW, NOW + timedelta(days=28), 3_900)
FEE = DocumentLine("47 access codes beyond the quota at 3%", NOW - timedelta(days=3), NOW, 141)
PAID = InvoiceDocument(
    id=UUID("0199b6a0-61c2-7e33-b1d4-5f6a7b8c9d0e"),
    number=7,
    status=InvoiceStatus.PAID,
    issued_at=NOW,
    paid_at=NOW,
    voided_at=None,
    seller=Party("MemberPass", ("1 Long Street", "12345 Somewhere")),
    buyer=Party("Ada", ("ada@example.com",)),
    lines=(PLAN, FEE),
    total=4_041,
    credit_applied=2_500,
    amount_due=1_541,
    amount_remaining=0,
    paid_by="Visa ending in 4242",
)


def pages(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def drawn(document: InvoiceDocument) -> str:
    return "\n".join(pages(draw_invoice(document)))


def test_it_says_what_its_rows_say() -> None:
    text = drawn(PAID)
    for said in (
        *("Invoice number", "7", "31 January 2026", "PAID", "MemberPass", "12345 Somewhere", "Ada", "ada@example.com"),
        *("Starter (starter_monthly)", "31 Jan 2026 \N{EN DASH} 28 Feb 2026", "$39.00"),
        *("47 access codes beyond the quota at 3%", "28 Jan 2026 \N{EN DASH} 31 Jan 2026", "$1.41"),
        *("$40.41", "Credit balance applied", "-$25.00", "Amount due (USD)", "$15.41", "Amount paid"),
        *("Paid by Visa ending in 4242", "Page 1 of 1", str(PAID.id)),
    ):
        assert said in text


def test_open_and_void_are_stamped() -> None:
    text = drawn(replace(PAID, status=InvoiceStatus.OPEN, paid_at=None, paid_by=None, amount_remaining=1_541))
    assert "OPEN" in text
    assert "on receipt" in text
    assert "Amount paid" not in text
    text = drawn(replace(PAID, status=InvoiceStatus.VOID, paid_at=None, voided_at=NOW, paid_by=None, credit_applied=0))
    assert "VOID" in text
    assert "Amount due (void)" in text


def test_the_same_invoice_gives_the_same_bytes() -> None:
    assert draw_invoice(PAID) == draw_invoice(PAID)
    assert PdfReader(BytesIO(draw_invoice(PAID))).metadata["/CreationDate"] == "D:20260131100000Z"  # type: ignore[index]


def test_many_lines_go_on_with_their_headings() -> None:
    many = pages(draw_invoice(replace(PAID, lines=(PLAN, *[FEE] * 80), total=3_900 + 80 * 141)))
    assert len(many) > 2
    assert all("Description" in page for page in many[:-1])
    assert sum(page.count("47 access codes") for page in many) == 80
    assert f"Page {len(many)} of {len(many)}" in many[-1]
    assert "Amount due" in many[-1]


@pytest.mark.parametrize("lines", range(17, 25))
def test_the_sums_stay_together_at_a_page_end(lines: int) -> None:
    last = pages(draw_invoice(replace(PAID, lines=(PLAN, *[FEE] * lines))))[-1]
    assert ("Total" in last) == ("Amount paid" in last) == ("Paid by Visa" in last) is True


@settings(max_examples=15, deadline=None)
@given(name=st.text(max_size=100), line=st.text(max_size=200), seller=st.text(max_size=60))
def test_no_name_breaks_it(name: str, line: str, seller: str) -> None:
    document = replace(
        PAID, buyer=Party(name, (name,)), seller=Party(seller, (seller,)), lines=(replace(PLAN, description=line),)
    )
    pdf = pypdfium2.PdfDocument(draw_invoice(document))
    pdf[0].render(scale=0.2)
    pdf.close()


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("Zoë Ångström", "Zoë Ångström"),
        ("Студия", "Студия"),
        ("会員 A", f"{BOX}{BOX} A"),
        ("a\n\tb\N{RIGHT-TO-LEFT OVERRIDE}c", "a bc"),
        ("שלום", "םולש"),
        ("\N{VULGAR FRACTION ONE HALF} \N{TICKET}", f"\N{VULGAR FRACTION ONE HALF} {BOX}"),
    ],
)
def test_names_of_any_script(name: str, seen: str) -> None:
    assert in_order_of_sight(printable(name)) == seen


# Over HTTP
async def test_a_paid_invoice_is_downloaded(starter: Creator) -> None:
    (invoice,) = await starter.invoices()
    path = f"/v1/invoices/{invoice['id']}/pdf"
    answer = await starter.billing.http.get(path, headers=starter.headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == 'attachment; filename="invoice-1.pdf"'
    (text,) = pages(answer.content)
    assert "PAID" in text
    assert "Visa ending in 4242" in text
    assert str(starter.id) in text
    starter.billing.clock.advance(days=5)
    again = await starter.billing.http.get(path, headers=starter.headers)
    assert again.content == answer.content


async def test_anothers_invoice_is_not_found(billing: Billing, starter: Creator, creator: Creator) -> None:
    (invoice,) = await starter.invoices()
    path = f"/v1/invoices/{invoice['id']}/pdf"
    refused(await billing.http.get(path, headers=creator.headers), 404, "not_found")
    refused(await billing.http.get(path), 401, "unauthorized")
    refused(await billing.http.get("/v1/invoices/x/pdf", headers=creator.headers), 404, "not_found")
