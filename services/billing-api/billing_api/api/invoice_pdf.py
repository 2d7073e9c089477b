"""/v1/invoices/{id}/pdf."""

from fastapi import APIRouter
from shared.drawing.beside import draw
from shared.drawing.pdf_response import PdfResponse, pdf_docs
from shared.errors import NotFoundError
from shared.problems import problem_responses

from billing_api.api.deps import READ_PROBLEMS, CreatorDep, StateDep
from billing_api.api.path_ids import InvoiceId
from billing_api.invoices.document import Party, read_document
from billing_api.invoices.pdf import draw_invoice
from billing_api.settings import Settings

router = APIRouter(prefix="/v1/invoices", tags=["Invoices"])


@router.get(
    "/{invoice_id}/pdf",
    summary="Download an invoice",
    response_class=PdfResponse,
    responses={**pdf_docs("The invoice as it stands, A4."), **problem_responses(*READ_PROBLEMS, NotFoundError)},
)
async def get_pdf(invoice_id: InvoiceId, creator: CreatorDep, state: StateDep) -> PdfResponse:
    """For your books: number, dates, lines with their periods, credit, and whether it is paid, open or void."""
    async with state.database.transaction() as session:
        document = await read_document(
            session, account_id=creator.account_id, invoice_id=invoice_id, seller=_seller(state.settings)
        )
    pdf = await draw(creator.account_id, lambda: draw_invoice(document))
    return PdfResponse.named(f"invoice-{document.number}.pdf", pdf)


def _seller(settings: Settings) -> Party:
    lines = (line.strip() for line in settings.seller_address.replace(";", "\n").splitlines())
    return Party(settings.seller_name, tuple(line for line in lines if line))
