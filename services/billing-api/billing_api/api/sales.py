"""/v1/operator/sales."""

from http import HTTPStatus

from fastapi import APIRouter, Depends
from shared.contracts.sales import ReportSale, SaleReceipt
from shared.errors import (
    DependencyUnavailableError,
    NotFoundError,
    UnauthorizedError,
)
from shared.idempotency import IdempotentRoute
from shared.problems import problem_responses

from billing_api.api.deps import POST_PROBLEMS, NowDep, SessionDep, claim_for_operator
from billing_api.api.schemas.usage import said_by, show_sale
from billing_api.plans.errors import ExchangeRateMissingError
from billing_api.usage.errors import SaleMismatchError
from billing_api.usage.report_sale import report_sale

router = APIRouter(
    prefix="/v1/operator/sales", tags=["Operators"], route_class=IdempotentRoute, dependencies=[Depends(claim_for_operator)]
)


@router.post(
    "",
    summary="Report a sale",
    status_code=HTTPStatus.CREATED,
    responses=problem_responses(
        UnauthorizedError,
        DependencyUnavailableError,
        NotFoundError,
        SaleMismatchError,
        ExchangeRateMissingError,
        *POST_PROBLEMS,
    ),
)
async def post_sale(body: ReportSale, session: SessionDep, now: NowDep) -> SaleReceipt:
    """Its transaction fee, at the rate of the plan that the account was on when it was made, goes on the account's next
    invoice; none where Stripe Connect withheld it. Reported again with the same `external_id`: the same answer."""
    return show_sale(await report_sale(session, account_id=body.account_id, said=said_by(body), now=now))
