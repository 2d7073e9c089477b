"""/v1/payment-methods."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from shared.contracts.pages import Page
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute, resource_id_of
from shared.problems import problem_responses
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.api.deps import READ_PROBLEMS, WRITE_PROBLEMS, CreatorDep, NowDep, PageDep, SessionDep, StateDep
from billing_api.api.paging import id_cursor, page_of
from billing_api.api.path_ids import PaymentMethodId
from billing_api.api.schemas.payment_methods import AddPaymentMethod, PaymentMethodOut, show_method
from billing_api.payments.attach import attach_method
from billing_api.payments.errors import OnlyPaymentMethodError, PaymentMethodInvalidError
from billing_api.payments.methods import (
    add_payment_method,
    list_payment_methods,
    make_default,
    own_payment_method,
    remove_payment_method,
)
from billing_api.payments.new_default import with_new_default

router = APIRouter(prefix="/v1/payment-methods", tags=["Payment methods"], route_class=IdempotentRoute)


@router.get("", summary="List payment methods", responses=problem_responses(*READ_PROBLEMS))
async def get_payment_methods(creator: CreatorDep, session: SessionDep, page: PageDep) -> Page[PaymentMethodOut]:
    """Newest first."""
    methods = await list_payment_methods(
        session, account_id=creator.account_id, before=id_cursor(page.cursor), limit=page.limit + 1
    )
    return page_of(methods, page.limit, show=show_method, key=lambda method: method.id)


@router.post(
    "",
    summary="Add a payment method",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(*WRITE_PROBLEMS, PaymentMethodInvalidError),
)
async def post_payment_method(
    request: Request, body: AddPaymentMethod, creator: CreatorDep, state: StateDep, session: SessionDep, now: NowDep
) -> PaymentMethodOut:
    """The first one becomes the default, and is tried at once on open invoices."""
    mine, method_id = creator.account_id, resource_id_of(request)
    attached = await attach_method(state.processor, account_id=mine, token=body.token)

    async def add(changing: AsyncSession) -> None:
        await add_payment_method(changing, account_id=mine, attached=attached, method_id=method_id, now=now)

    await with_new_default(state.database, state.processor, account_id=mine, change=add, now=now)
    return show_method(await own_payment_method(session, account_id=mine, payment_method_id=method_id))


@router.post(
    "/{payment_method_id}/default",
    summary="Make a payment method the default",
    responses=problem_responses(*WRITE_PROBLEMS, NotFoundError),
)
async def post_default(
    payment_method_id: PaymentMethodId, creator: CreatorDep, state: StateDep, session: SessionDep, now: NowDep
) -> PaymentMethodOut:
    """It is the one that is charged from now on, and is tried at once on open invoices."""
    mine = creator.account_id

    async def change(changing: AsyncSession) -> None:
        await make_default(changing, account_id=mine, payment_method_id=payment_method_id)

    await with_new_default(state.database, state.processor, account_id=mine, change=change, now=now)
    return show_method(await own_payment_method(session, account_id=mine, payment_method_id=payment_method_id))


@router.delete(
    "/{payment_method_id}",
    summary="Remove a payment method",
    status_code=HTTPStatus.NO_CONTENT,
    responses=problem_responses(*READ_PROBLEMS, NotFoundError, OnlyPaymentMethodError),
)
async def delete_payment_method(payment_method_id: PaymentMethodId, creator: CreatorDep, state: StateDep, now: NowDep) -> None:
    """The only one stays while a paid subscription is not cancelled or an amount is open. If it was the default, the newest of
    the others takes its place, and is tried at once on open invoices."""
    mine = creator.account_id

    async def remove(changing: AsyncSession) -> None:
        await remove_payment_method(changing, account_id=mine, payment_method_id=payment_method_id, now=now)

    await with_new_default(state.database, state.processor, account_id=mine, change=remove, now=now)
