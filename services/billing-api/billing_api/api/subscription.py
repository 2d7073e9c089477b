"""/v1/subscription."""

from fastapi import APIRouter, Request
from shared.idempotency import IdempotentRoute, resource_id_of
from shared.problems import problem_responses

from billing_api.accounts.errors import AccountLockedError
from billing_api.api.deps import READ_PROBLEMS, WRITE_PROBLEMS, CreatorDep, NowDep, SessionDep, StateDep
from billing_api.api.schemas.invoices import show_credit_entry, show_invoice
from billing_api.api.schemas.subscriptions import (
    ChangeOut,
    ChangePlan,
    ChangePreview,
    SubscriptionOut,
    show_offer,
    show_subscription,
)
from billing_api.invoices.read import read_invoice
from billing_api.payments.errors import PaymentFailedError, PaymentMethodRequiredError, PaymentUnansweredError
from billing_api.plans.errors import PlanUnknownError
from billing_api.subscriptions.cancel import cancel_subscription
from billing_api.subscriptions.change import change_plan
from billing_api.subscriptions.errors import (
    ChangeInProgressError,
    LimitsExceededError,
    NothingToCancelError,
    OpenInvoiceError,
    PlanUnchangedError,
    SubscriptionExpiredError,
)
from billing_api.subscriptions.preview import preview_change
from billing_api.subscriptions.resume import resume_subscription
from billing_api.subscriptions.start_period import read_subscription

router = APIRouter(prefix="/v1/subscription", tags=["Subscription"], route_class=IdempotentRoute)

_OFFER_PROBLEMS = (
    *WRITE_PROBLEMS,
    AccountLockedError,
    PlanUnknownError,
    PlanUnchangedError,
    OpenInvoiceError,
    LimitsExceededError,
)


@router.get("", summary="Show the subscription", responses=problem_responses(*READ_PROBLEMS))
async def get_subscription(creator: CreatorDep, session: SessionDep) -> SubscriptionOut:
    """The plan and its running period. Every account has one: it starts on `free`."""
    subscription, _ = await read_subscription(session, account_id=creator.account_id)
    return show_subscription(subscription, creator.entitlements.standing)


@router.post("/preview", summary="Preview a plan change", responses=problem_responses(*_OFFER_PROBLEMS))
async def post_preview(body: ChangePlan, creator: CreatorDep, state: StateDep, _: SessionDep, now: NowDep) -> ChangePreview:
    """What a change would cost and credit at this very moment. Changes nothing."""
    offer, _usage = await preview_change(state.database, state.codes, account_id=creator.account_id, plan_code=body.plan, now=now)
    return show_offer(offer)


@router.post(
    "/change",
    summary="Change the plan",
    responses=problem_responses(
        *_OFFER_PROBLEMS,
        ChangeInProgressError,
        PaymentMethodRequiredError,
        PaymentFailedError,
        PaymentUnansweredError,
    ),
)
async def post_change(
    request: Request, body: ChangePlan, creator: CreatorDep, state: StateDep, session: SessionDep, now: NowDep
) -> ChangeOut:
    """The first subscription is paid before anything changes. Later changes take effect at once: an upgrade is charged
    right after, a downgrade puts the unused rest on the credit balance."""
    changed = await change_plan(
        session,
        database=state.database,
        processor=state.processor,
        codes=state.codes,
        account_id=creator.account_id,
        plan_code=body.plan,
        invoice_id=resource_id_of(request),
        now=now,
    )
    subscription, _ = await read_subscription(session, account_id=creator.account_id)
    invoice = None
    if changed.invoice_id is not None:
        invoice = show_invoice(await read_invoice(session, account_id=creator.account_id, invoice_id=changed.invoice_id))
    entry = None if changed.credit_entry is None else show_credit_entry(changed.credit_entry)
    return ChangeOut(
        subscription=show_subscription(subscription, creator.entitlements.standing), invoice=invoice, credit_entry=entry
    )


@router.post("/cancel", summary="Cancel at the period's end", responses=problem_responses(*WRITE_PROBLEMS, NothingToCancelError))
async def post_cancel(creator: CreatorDep, session: SessionDep, now: NowDep) -> SubscriptionOut:
    """The plan works until the period's end and is not renewed; then the account is on `free`."""
    subscription = await cancel_subscription(session, account_id=creator.account_id, now=now)
    return show_subscription(subscription, creator.entitlements.standing)


@router.post(
    "/resume",
    summary="Take a cancellation back",
    responses=problem_responses(*WRITE_PROBLEMS, NothingToCancelError, SubscriptionExpiredError),
)
async def post_resume(creator: CreatorDep, session: SessionDep, now: NowDep) -> SubscriptionOut:
    """Possible until the period's end."""
    subscription = await resume_subscription(session, account_id=creator.account_id, now=now)
    return show_subscription(subscription, creator.entitlements.standing)
