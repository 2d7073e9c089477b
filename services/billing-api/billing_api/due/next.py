"""When is billing's next work due?"""

from datetime import datetime
from typing import Any

from shared.contracts.quota import ReservationState
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.payments.models import UNRESOLVED, PaymentAttempt
from billing_api.quota.models import QuotaReservation
from billing_api.subscriptions.models import Subscription


def attempt_is_due(now: datetime | None) -> Any:
    """Unresolved attempts that nobody is at (a lease is real time); with `now`, those due by then."""
    nobody_at_it = or_(PaymentAttempt.leased_until.is_(None), PaymentAttempt.leased_until < func.clock_timestamp())
    unresolved = PaymentAttempt.status.in_(UNRESOLVED) & nobody_at_it
    return unresolved if now is None else unresolved & (PaymentAttempt.resolve_at <= now)


async def next_due(session: AsyncSession) -> datetime | None:
    """The earliest due moment (domain time): a lapse, an unresolved payment, a cycle's turn. None: nothing is planned."""
    lapse = select(func.min(QuotaReservation.lapses_at)).where(QuotaReservation.state == ReservationState.RESERVED)
    payment = select(func.min(PaymentAttempt.resolve_at)).where(attempt_is_due(None))
    turn = select(func.min(Subscription.next_turn_at))
    moments = (await session.execute(select(lapse.scalar_subquery(), payment.scalar_subquery(), turn.scalar_subquery()))).one()
    return min((moment for moment in moments if moment is not None), default=None)
