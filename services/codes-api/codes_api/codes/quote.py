"""What a creator is about to generate, as billing-api must know it to name the fee (`rules.md` Q3)."""

from uuid import UUID

from shared.contracts.quota import MAX_BATCH, QuoteQuota
from shared.money import Money
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.batch_errors import QuantityOutOfRangeError
from codes_api.memberships.plans import get_plan
from codes_api.projects.find import get_active_project


async def quote_for(session: AsyncSession, *, account_id: UUID, project_id: UUID, plan_id: UUID, quantity: int) -> QuoteQuota:
    """The question to billing-api: so many codes of a plan with this price.

    Raises:
        NotFoundError: no such project, or no such plan in it.
        ProjectArchivedError.
        QuantityOutOfRangeError: not 1 to 1000.
    """
    await get_active_project(session, account_id=account_id, project_id=project_id)
    check_quantity(quantity)
    plan = await get_plan(session, account_id=account_id, project_id=project_id, plan_id=plan_id)
    return QuoteQuota(quantity=quantity, unit_price=Money(amount=plan.price_amount, currency=plan.price_currency))


def check_quantity(quantity: int) -> None:
    """`rules.md` C9.

    Raises:
        QuantityOutOfRangeError: not 1 to 1000.
    """
    if not 1 <= quantity <= MAX_BATCH:
        raise QuantityOutOfRangeError
