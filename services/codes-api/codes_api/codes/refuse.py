"""Why a code is refused, and the memory of it (`rules.md` C1-C8, M4)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.accounts import Standing
from shared.contracts.base import Json
from shared.contracts.bots import NoticeKind
from shared.contracts.events import EventType
from shared.db import Database
from shared.errors import AppError, NotFoundError
from shared.ids import new_id
from shared.inbox import first_time
from shared.outbox import stage
from sqlalchemy import delete, insert, literal, select, tuple_
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
from codes_api.codes.models import AccessCode, RefusedAttempt
from codes_api.memberships.models import IntervalUnit
from codes_api.memberships.summary import runs
from codes_api.projects.models import Project
from codes_api.tenants.errors import AccountLockedError

FORGOTTEN_AT_ONCE: Final = 5_000
TYPED_KEPT: Final = 64
"""How much of what was typed is kept: enough for a code in any form, not for a letter."""


def judge(sight: Sight, *, telegram_id: int, now: datetime) -> AppError | None:
    """Why this member can't redeem what was looked up; None if they can, or if it was they who redeemed it (C6).

    What is wrong with the code itself comes before what is wrong with the creator's account: it stays true after the
    account is in order again.
    """
    code = sight.code
    if code is None or sight.project.archived_at is not None:
        return CodeUnknownError()
    if code.redeemed_at is not None:
        return None if code.redeemed_by == telegram_id else CodeAlreadyRedeemedError()
    return _ended(code, sight.swept_at, now) or _account_refuses(sight, now)


def _ended(code: AccessCode, swept_at: datetime | None, now: datetime) -> AppError | None:
    if code.revoked_at is not None:
        return CodeRevokedError()
    if code.expires_at is not None and (code.expires_at <= now or swept_at is not None):
        return CodeExpiredError(code.expires_at)
    return None


def _account_refuses(sight: Sight, now: datetime) -> AppError | None:
    if Standing(sight.tenant.standing).restricted:
        return AccountLockedError()
    return LifetimeLimitReachedError() if _beyond_lifetime_limit(sight, now) else None


def _beyond_lifetime_limit(sight: Sight, now: datetime) -> bool:
    tenant, running = sight.tenant, sight.running
    if sight.plan is None or sight.plan.interval_unit != IntervalUnit.LIFETIME or tenant.lifetime_limit is None:
        return False
    adds_one = running is None or not runs(running, now)
    return adds_one and tenant.lifetime_used >= tenant.lifetime_limit


@dataclass(frozen=True)
class Attempt:
    """A member typed a code. `typed` is as it came, `code` its canonical form, if it has one."""

    account_id: UUID
    project_id: UUID
    telegram_id: int
    typed: str
    code: str | None
    now: datetime


async def refuse(database: Database, attempt: Attempt, reason: AppError) -> AppError:
    """Keep the attempt in a transaction of its own (`rules.md` C8), and give the reason back to be raised.

    Raises:
        NotFoundError: the account has no such project.
    """
    async with database.transaction() as session:
        await _keep_attempt(session, attempt, reason.problem_code)
        if isinstance(reason, LifetimeLimitReachedError):
            # Once a day (UTC): a limit that is reached is met by every further member.
            kind, day = NoticeKind.LIFETIME_LIMIT_REACHED, attempt.now.date().isoformat()
            await _tell_once(session, attempt.account_id, attempt.project_id, kind, period=day, now=attempt.now)
    return reason


async def _keep_attempt(session: AsyncSession, attempt: Attempt, reason: str) -> None:
    columns = {
        "account_id": Project.account_id,
        "project_id": Project.id,
        "id": literal(new_id()),
        "telegram_id": literal(attempt.telegram_id, RefusedAttempt.telegram_id.type),
        # PostgreSQL's text holds every character but this one.
        "typed": literal(attempt.typed.replace("\0", "")[:TYPED_KEPT]),
        "code": literal(attempt.code),
        "reason": literal(reason),
        "attempted_at": literal(attempt.now),
    }
    # From the project's own row, so that an unknown project is noticed without a question more.
    source = select(*columns.values()).where(Project.account_id == attempt.account_id, Project.id == attempt.project_id)
    kept = await session.execute(insert(RefusedAttempt).from_select(list(columns), source).returning(RefusedAttempt.id))
    if kept.first() is None:
        raise NotFoundError("There is no such project.")


async def tell_of_guesses(database: Database, *, account_id: UUID, project_id: UUID, now: datetime) -> None:
    """Tell the creator of many wrong guesses, once a project and hour of the clock (`rules.md` C7)."""
    hour = now.astimezone(UTC).strftime("%Y-%m-%dT%H")
    async with database.transaction() as session:
        await _tell_once(session, account_id, project_id, NoticeKind.MANY_WRONG_GUESSES, period=hour, now=now)


async def _tell_once(
    session: AsyncSession, account_id: UUID, project_id: UUID, kind: NoticeKind, *, period: str, now: datetime
) -> None:
    key = f"notice:{kind}:{project_id}:{period}"
    if await first_time(session, inbox, account_id=account_id, key=key, now=now):
        payload: Json = {"project_id": str(project_id), "kind": kind.value, "params": {}}
        await stage(session, outbox, EventType.CREATOR_NOTICE, account_id=account_id, payload=payload, now=now)


async def forget_attempts(session: AsyncSession, *, now: datetime, keep_days: int, limit: int = FORGOTTEN_AT_ONCE) -> int:
    """Delete refused attempts older than `keep_days` (a setting, 30), at most `limit`; returns how many (C8)."""
    key = (RefusedAttempt.account_id, RefusedAttempt.project_id, RefusedAttempt.id)
    old = select(*key).where(RefusedAttempt.attempted_at < now - timedelta(days=keep_days)).limit(limit)
    gone = await session.execute(delete(RefusedAttempt).where(tuple_(*key).in_(old)).returning(RefusedAttempt.id))
    return len(gone.all())
