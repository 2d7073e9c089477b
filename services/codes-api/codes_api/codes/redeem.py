"""Redeem a code (`spec/access-codes.txt`, How subscribers redeem; `rules.md` C1-C6, C8, M1-M4)."""

from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from asyncpg import Record
from shared.contracts.redemptions import MembershipView, PlanSummary, Redemption
from shared.db import Database
from shared.errors import AppError, DependencyUnavailableError
from shared.money import Money

from codes_api.codes.alphabet import canonical
from codes_api.codes.errors import CodeMistypedError
from codes_api.codes.look_up import look_up
from codes_api.codes.redeem_claim import Claim, claim_one
from codes_api.codes.refuse import Attempt, judge, refuse
from codes_api.codes.resolve import resolve
from codes_api.memberships.end import end_lapsed
from codes_api.memberships.models import IntervalUnit, MembershipStatus
from codes_api.memberships.periods import period_in_words
from codes_api.memberships.summary import membership_view

# What made the statement change nothing can be over when we ask why: a membership that had to be ended first, a
# transaction that was rolled back. Each try starts from a clean slate; more than a few in a row means something is wrong.
_TRIES: Final = 4


async def redeem(
    database: Database,
    *,
    account_id: UUID,
    project_id: UUID,
    typed: str,
    telegram_id: int,
    now: datetime,
    claim: Claim | None = None,
) -> Redemption:
    """Give a member what their code is good for. Commits by itself: one statement and one round trip if it succeeds.

    Args:
        database: not a session: on success there is no transaction but the statement's own.
        typed: in any form (C1).
        telegram_id: the member's.
        claim: sends the statement; None: alone. Requests send theirs together (`redeem_together.py`).

    Raises:
        NotFoundError: the account has no such project.
        CodeMistypedError, CodeUnknownError, CodeExpiredError, CodeAlreadyRedeemedError, CodeRevokedError,
        LifetimeLimitReachedError, AccountLockedError: refused; the attempt is kept (C8).
    """
    code = await resolve(database, account_id=account_id, project_id=project_id, typed=typed)
    attempt = Attempt(account_id, project_id, telegram_id, typed, code or canonical(typed), now)
    if code is None:
        raise await refuse(database, attempt, CodeMistypedError())
    send = claim if claim is not None else partial(claim_one, database)
    for _ in range(_TRIES):
        row = await send(attempt)
        if row is not None:
            return _redemption(row)
        answer = await _why_not(database, attempt, code)
        if isinstance(answer, Redemption):
            return answer
        if answer is not None:
            raise await refuse(database, attempt, answer)
    raise DependencyUnavailableError("The code")


async def _why_not(database: Database, attempt: Attempt, code: str) -> AppError | Redemption | None:
    """The refusal; or what the code gave this member before (C6); or None: nothing is in the way any more, try again."""
    account_id, project_id, telegram_id, now = attempt.account_id, attempt.project_id, attempt.telegram_id, attempt.now
    async with database.transaction() as session:
        sight = await look_up(session, account_id=account_id, project_id=project_id, code=code, telegram_id=telegram_id)
        refusal = judge(sight, telegram_id=telegram_id, now=now)
        if refusal is not None:
            return refusal
        if sight.given is not None and sight.plan is not None:
            return Redemption(membership=membership_view(sight.given, sight.plan, now), repeated=True, extended=False)
        if sight.running is not None:
            await end_lapsed(session, account_id=account_id, project_id=project_id, membership_id=sight.running.id, now=now)
        return None


def _redemption(row: Record) -> Redemption:
    unit = row["interval_unit"]
    plan = PlanSummary(
        id=row["plan_id"],
        name=row["name"],
        price=Money(amount=row["price_amount"], currency=row["price_currency"]),
        period=period_in_words(unit, row["interval_count"]),
        lifetime=unit == IntervalUnit.LIFETIME,
    )
    membership = MembershipView(
        id=row["id"], plan=plan, status=MembershipStatus.ACTIVE, starts_at=row["starts_at"], ends_at=row["ends_at"]
    )
    return Redemption(membership=membership, repeated=False, extended=row["periods"] > 1)
