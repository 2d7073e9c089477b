"""/v1/operator: accounts, custom plans, exchange rates, audit."""

from decimal import Decimal
from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from shared.contracts.base import ONE_LINE
from shared.contracts.pages import Page
from shared.errors import (
    DependencyUnavailableError,
    NotFoundError,
    PayloadTooLargeError,
    UnauthorizedError,
)
from shared.idempotency import IdempotentRoute
from shared.problems import problem_responses

from billing_api.accounts.browse import find_account, list_accounts
from billing_api.accounts.open import open_account
from billing_api.api.deps import POST_PROBLEMS, NowDep, PageDep, SessionDep, StateDep, claim_for_operator
from billing_api.api.paging import id_cursor, page_of, slice_of
from billing_api.api.path_ids import AccountId, InvoiceId
from billing_api.api.schemas.accounts import AccountOpened, AccountOut, OpenAccount, show_account
from billing_api.api.schemas.invoices import InvoiceOut, show_invoice
from billing_api.api.schemas.operator import AuditOut, ExchangeRates, FindingOut, SettleInvoice
from billing_api.api.schemas.plans import CreatePlan, ExchangeRatesOut, OperatorPlanOut, show_operator_plan, show_rate
from billing_api.audit.across import audit_codes
from billing_api.audit.invariants import audit
from billing_api.invoices.errors import InvoiceNotOpenError
from billing_api.invoices.read import read_invoice
from billing_api.payments.errors import PaymentInProgressError, PaymentUnansweredError
from billing_api.payments.settle_outside import settle_outside
from billing_api.plans.create_custom import CustomPlan, create_custom_plan
from billing_api.plans.errors import PlanCodeTakenError
from billing_api.plans.exchange_rates import list_exchange_rates, set_exchange_rates
from billing_api.plans.find import list_plans
from billing_api.plans.models import FREE

router = APIRouter(
    prefix="/v1/operator", tags=["Operators"], route_class=IdempotentRoute, dependencies=[Depends(claim_for_operator)]
)

_PROBLEMS = (UnauthorizedError, DependencyUnavailableError)


@router.get("/accounts", summary="List accounts", responses=problem_responses(*_PROBLEMS))
async def get_accounts(
    session: SessionDep,
    page: PageDep,
    email: Annotated[str | None, Query(max_length=254, pattern=ONE_LINE, description="Exactly this one.")] = None,
) -> Page[AccountOut]:
    """Newest first."""
    rows = await list_accounts(session, email=email, before=id_cursor(page.cursor), limit=page.limit + 1)
    return page_of(rows, page.limit, show=lambda row: show_account(*row), key=lambda row: row[0].account_id)


@router.post(
    "/accounts",
    summary="Open an account for somebody",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(*_PROBLEMS, *POST_PROBLEMS),
)
async def post_account(body: OpenAccount, session: SessionDep, now: NowDep) -> AccountOpened:
    """As `POST /v1/accounts` does, without its throttle: before a plan of their own is made. The API key is shown this once."""
    account, secret = await open_account(session, email=body.email, name=body.name, now=now)
    return AccountOpened(account=show_account(account, FREE), api_key=secret.plain)


@router.get("/accounts/{account_id}", summary="Show an account", responses=problem_responses(*_PROBLEMS, NotFoundError))
async def get_account(account_id: AccountId, session: SessionDep) -> AccountOut:
    """As its creator sees it."""
    return show_account(*await find_account(session, account_id=account_id))


@router.post(
    "/accounts/{account_id}/invoices/{invoice_id}/settle",
    summary="Settle an open invoice that was paid outside",
    responses=problem_responses(
        *_PROBLEMS,
        NotFoundError,
        InvoiceNotOpenError,
        PaymentInProgressError,
        PaymentUnansweredError,
        *POST_PROBLEMS,
    ),
)
async def post_settlement(
    account_id: AccountId,
    invoice_id: InvoiceId,
    body: SettleInvoice,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
) -> InvoiceOut:
    """Counts as paid and recovers the account as any payment does. The ledger shows the amount coming in and paying the
    invoice; the reason is kept."""
    await settle_outside(
        state.database, state.processor, account_id=account_id, invoice_id=invoice_id, reason=body.reason, now=now
    )
    return show_invoice(await read_invoice(session, account_id=account_id, invoice_id=invoice_id))


@router.get("/plans", summary="List plans", responses=problem_responses(*_PROBLEMS))
async def get_plans(
    session: SessionDep,
    page: PageDep,
    account_id: Annotated[UUID | None, Query(description="Also this account's own plans.")] = None,
) -> Page[OperatorPlanOut]:
    """The catalog, and with `account_id` then the plans made for that account."""
    plans = await list_plans(session, account_id=account_id)
    return slice_of(plans, limit=page.limit, cursor=page.cursor, show=show_operator_plan, key=lambda plan: plan.code)


@router.post(
    "/plans",
    summary="Make a plan for one account",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(*_PROBLEMS, NotFoundError, PlanCodeTakenError, *POST_PROBLEMS),
)
async def post_plan(body: CreatePlan, session: SessionDep) -> OperatorPlanOut:
    """Only this account sees it and can change to it. A plan never changes once made."""
    terms = CustomPlan(
        code=body.code,
        name=body.name,
        tier=body.tier,
        interval=body.interval,
        price=body.price.amount,
        limits=body.limits,
        fee_rate=Decimal(body.fee_rate),
        branding=body.branding,
        referral_program=body.referral_program,
    )
    return show_operator_plan(await create_custom_plan(session, account_id=body.account_id, terms=terms))


@router.get("/exchange-rates", summary="List exchange rates", responses=problem_responses(*_PROBLEMS))
async def get_exchange_rates(session: SessionDep) -> ExchangeRatesOut:
    """USD for one unit of each currency."""
    return ExchangeRatesOut(data=[show_rate(rate) for rate in await list_exchange_rates(session)])


@router.put("/exchange-rates", summary="Set exchange rates", responses=problem_responses(*_PROBLEMS, PayloadTooLargeError))
async def put_exchange_rates(body: ExchangeRates, session: SessionDep, now: NowDep) -> ExchangeRatesOut:
    """Sets those that are named. They hold from now on; fees that were agreed keep theirs."""
    rates = await set_exchange_rates(session, rates=body.decimals(), now=now)
    return ExchangeRatesOut(data=[show_rate(rate) for rate in rates])


@router.get("/audit", summary="Check the money invariants", responses=problem_responses(*_PROBLEMS))
async def get_audit(state: StateDep, session: SessionDep) -> AuditOut:
    """One row an invariant, counted over all accounts at this moment. One of them compares with codes-api: while that is away,
    there is no audit (503)."""
    across = await audit_codes(state.database, state.codes)
    findings = [*await audit(session), across]
    return AuditOut(data=[FindingOut(name=one.name, checked=one.checked, violations=one.violations) for one in findings])
