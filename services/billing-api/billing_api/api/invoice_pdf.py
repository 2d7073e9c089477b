"""/v1/invoices/{id}/pdf."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response
from shared.errors import NotFoundError
from shared.problems import problem_responses

from billing_api.api.deps import READ_PROBLEMS, CreatorDep, StateDep
from billing_api.api.path_ids import InvoiceId
from billing_api.invoices.document import Party, read_document
from billing_api.invoices.pdf import draw_invoice
from billing_api.settings import Settings

router = APIRouter(prefix="/v1/invoices", tags=["Invoices"])

_PDF: Mapping[int | str, dict[str, Any]] = {
    int(HTTPStatus.OK): {
        "description": "The invoice as it stands, A4.",
        "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class PdfResponse(Response):
    """A PDF."""

    media_type = "application/pdf"


@router.get(
    "/{invoice_id}/pdf",
    summary="Download an invoice",
    response_class=PdfResponse,
    responses={**_PDF, **problem_responses(*READ_PROBLEMS, NotFoundError)},
)
async def get_pdf(invoice_id: InvoiceId, creator: CreatorDep, state: StateDep) -> PdfResponse:
    """For your books: number, dates, lines with their periods, credit, and whether it is paid, open or void."""
    async with state.database.transaction() as session:
        document = await read_document(
            session, account_id=creator.account_id, invoice_id=invoice_id, seller=_seller(state.settings)
        )
    pdf = await asyncio.to_thread(draw_invoice, document)
    name = f"invoice-{document.number}.pdf"
    return PdfResponse(pdf, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _seller(settings: Settings) -> Party:
    lines = (line.strip() for line in settings.seller_address.replace(";", "\n").splitlines())
    return Party(settings.seller_name, tuple(line for line in lines if line))
