"""Why a code is refused, and the memory of it (`rules.md` C1-C8, M4)."""

from datetime import datetime
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.contracts.bots import NoticeKind
from shared.contracts.events import EventType
from shared.db import Database
from shared.errors import AppError, NotFoundError
from shared.ids import new_id
from shared.inbox import first_time
from shared.outbox import stage
from sqlalchemy import insert, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.base import inbox, outbox
from codes_api.codes.errors import (
    CodeAlreadyRedeemedError,
    CodeExpiredError,
    CodeRevokedError,
    CodeUnknownError,
    LifetimeLimitReachedError,
)
from codes_api.codes.look_up import Sight
from codes_api.codes.models import RefusedAttempt
from codes_api.memberships.models import IntervalUnit
from codes_api.memberships.summary import runs
from codes_api.projects.models import Project
from codes_api.tenants.errors import AccountLockedError

TYPED_KEPT = 64
"""How much of what was typed is kept: enough for a code in any form, not for a letter."""


def judge(sight: Sight, *, telegram_id: int, now: datetime) -> AppError | None:
    """Why this member can't redeem what was looked up; None if they can, or if it was they who redeemed it (C6).

    What is wrong with the code itself comes before what is wrong with the creator's account: it stays true after the
    account is in order again.
    """
    code, tombstone = sight.live, sight.tombstone
    if tombstone is not None and code is None:
        return CodeExpiredError(tombstone.expires_at)
    if code is None or sight.project.archived_at is not None:
        return CodeUnknownError()
    if code.redeemed_at is not None:
        return None if code.redeemed_by == telegram_id else CodeAlreadyRedeemedError()
    if code.revoked_at is not None:
        return CodeRevokedError()
    if code.expires_at is not None and code.expires_at <= now:
        return CodeExpiredError(code.expires_at)
    if Standing(sight.tenant.standing).restricted:
        return AccountLockedError()
    if _beyond_lifetime_limit(sight, now):
        return LifetimeLimitReachedError()
    return None


def _beyond_lifetime_limit(sight: Sight, now: datetime) -> bool:
    tenant, running = sight.tenant, sight.running
    if sight.plan is None or sight.plan.interval_unit != IntervalUnit.LIFETIME or tenant.lifetime_limit is None:
        return False
    adds_one = running is None or not runs(running, now)
    return adds_one and tenant.lifetime_used >= tenant.lifetime_limit


async def refuse(
    database: Database,
    reason: AppError,
    *,
    account_id: UUID,
    project_id: UUID,
    telegram_id: int,
    typed: str,
    code: str | None,
    now: datetime,
) -> AppError:
    """Keep the attempt in a transaction of its own (`rules.md` C8), and give the reason back to be raised.

    Args:
        typed: as it came; cut and cleaned here.
        code: its canonical form, if it has one.

    Raises:
        NotFoundError: the account has no such project.
    """
    async with database.transaction() as session:
        await _keep_attempt(
            session, reason, account_id=account_id, project_id=project_id, telegram_id=telegram_id, typed=typed, code=code, now=now
        )
        if isinstance(reason, LifetimeLimitReachedError):
            await _tell_creator(session, account_id=account_id, project_id=project_id, now=now)
    return reason


async def _keep_attempt(
    session: AsyncSession,
    reason: AppError,
    *,
    account_id: UUID,
    project_id: UUID,
    telegram_id: int,
    typed: str,
    code: str | None,
    now: datetime,
) -> None:
    columns = {
        "account_id": Project.account_id,
        "project_id": Project.id,
        "id": literal(new_id()),
        "telegram_id": literal(telegram_id),
        # PostgreSQL's text holds every character but this one.
        "typed": literal(typed.replace("\0", "")[:TYPED_KEPT]),
        "code": literal(code),
        "reason": literal(reason.problem_code),
        "attempted_at": literal(now),
    }
    # From the project's own row, so that an unknown project is noticed without a question more.
    source = select(*columns.values()).where(Project.account_id == account_id, Project.id == project_id)
    kept = await session.execute(insert(RefusedAttempt).from_select(list(columns), source).returning(RefusedAttempt.id))
    if kept.first() is None:
        raise NotFoundError("There is no such project.")


async def _tell_creator(session: AsyncSession, *, account_id: UUID, project_id: UUID, now: datetime) -> None:
    """Once a project and day (UTC): a limit that is reached is met by every further member."""
    kind = NoticeKind.LIFETIME_LIMIT_REACHED
    key = f"notice:{kind}:{project_id}:{now.date().isoformat()}"
    if await first_time(session, inbox, account_id=account_id, key=key, now=now):
        payload = {"project_id": str(project_id), "kind": kind.value, "params": {}}
        await stage(session, outbox, EventType.CREATOR_NOTICE, account_id=account_id, payload=payload, now=now)
