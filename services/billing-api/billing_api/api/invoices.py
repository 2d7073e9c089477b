"""/v1/invoices (paying one also), /v1/credit-entries."""

from fastapi import APIRouter, Request
from shared.contracts.pages import Page
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute, resource_id_of
from shared.problems import problem_responses

from billing_api.api.deps import READ_PROBLEMS, WRITE_PROBLEMS, CreatorDep, NowDep, PageDep, SessionDep, StateDep
from billing_api.api.paging import number_cursor, page_of
from billing_api.api.path_ids import InvoiceId
from billing_api.api.schemas.invoices import CreditEntryOut, InvoiceOut, PayInvoice, show_credit_entry, show_invoice
from billing_api.credit.entries import list_credit_entries
from billing_api.invoices.errors import InvoiceNotOpenError
from billing_api.invoices.read import list_invoices, read_invoice
from billing_api.payments.errors import (
    PaymentFailedError,
    PaymentInProgressError,
    PaymentMethodRequiredError,
    PaymentUnansweredError,
)
from billing_api.payments.pay_invoice import pay_invoice

router = APIRouter(prefix="/v1", route_class=IdempotentRoute)


@router.get("/invoices", tags=["Invoices"], summary="List invoices", responses=problem_responses(*READ_PROBLEMS))
async def get_invoices(creator: CreatorDep, session: SessionDep, page: PageDep) -> Page[InvoiceOut]:
    """Newest first."""
    views = await list_invoices(session, account_id=creator.account_id, before=number_cursor(page.cursor), limit=page.limit + 1)
    return page_of(views, page.limit, show=show_invoice, key=lambda view: view.invoice.number)


@router.get(
    "/invoices/{invoice_id}",
    tags=["Invoices"],
    summary="Show an invoice",
    responses=problem_responses(*READ_PROBLEMS, NotFoundError),
)
async def get_invoice(invoice_id: InvoiceId, creator: CreatorDep, session: SessionDep) -> InvoiceOut:
    """With its lines and the attempts to charge it."""
    return show_invoice(await read_invoice(session, account_id=creator.account_id, invoice_id=invoice_id))


@router.post(
    "/invoices/{invoice_id}/pay",
    tags=["Invoices"],
    summary="Pay an open invoice now",
    responses=problem_responses(
        *WRITE_PROBLEMS,
        NotFoundError,
        InvoiceNotOpenError,
        PaymentInProgressError,
        PaymentMethodRequiredError,
        PaymentFailedError,
        PaymentUnansweredError,
    ),
)
async def post_pay(
    request: Request,
    invoice_id: InvoiceId,
    creator: CreatorDep,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
    body: PayInvoice | None = None,
) -> InvoiceOut:
    """By the default payment method, or the one that is named. The credit balance pays first. It uses up none of the automatic
    retries; paying everything that is open ends a lock or a suspension."""
    await pay_invoice(
        state.database,
        state.processor,
        account_id=creator.account_id,
        invoice_id=invoice_id,
        payment_method_id=None if body is None else body.payment_method_id,
        attempt_id=resource_id_of(request),
        now=now,
    )
    return show_invoice(await read_invoice(session, account_id=creator.account_id, invoice_id=invoice_id))


@router.get("/credit-entries", tags=["Credit"], summary="List the credit ledger", responses=problem_responses(*READ_PROBLEMS))
async def get_credit_entries(creator: CreatorDep, session: SessionDep, page: PageDep) -> Page[CreditEntryOut]:
    """Every change of the credit balance, newest first. Credit never expires."""
    entries = await list_credit_entries(
        session, account_id=creator.account_id, before=number_cursor(page.cursor), limit=page.limit + 1
    )
    return page_of(entries, page.limit, show=show_credit_entry, key=lambda entry: entry.number)
