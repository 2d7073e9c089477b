"""What a code would give its member, before they confirm (`rules.md` T1)."""

from datetime import datetime
from uuid import UUID

from shared.contracts.redemptions import CodePreview
from shared.db import Database

from codes_api.codes.alphabet import canonical
from codes_api.codes.errors import CodeMistypedError, CodeUnknownError
from codes_api.codes.look_up import Sight, look_up
from codes_api.codes.refuse import Attempt, judge, refuse
from codes_api.codes.resolve import resolve
from codes_api.memberships.summary import plan_summary, runs


async def preview(
    database: Database, *, account_id: UUID, project_id: UUID, typed: str, telegram_id: int, now: datetime
) -> CodePreview:
    """What `redeem` would do with this code. Changes nothing; a refusal is kept like one of `redeem` (C8).

    Raises:
        NotFoundError: the account has no such project.
        CodeMistypedError, CodeUnknownError, CodeExpiredError, CodeAlreadyRedeemedError, CodeRevokedError,
        LifetimeLimitReachedError, AccountLockedError: as `redeem` would.
    """
    code = await resolve(database, account_id=account_id, project_id=project_id, typed=typed)
    attempt = Attempt(account_id, project_id, telegram_id, typed, code or canonical(typed), now)
    if code is None:
        raise await refuse(database, attempt, CodeMistypedError())
    async with database.transaction() as session:
        sight = await look_up(session, account_id=account_id, project_id=project_id, code=code, telegram_id=telegram_id)
    refusal = judge(sight, telegram_id=telegram_id, now=now)
    if refusal is not None:
        raise await refuse(database, attempt, refusal)
    return _shown(sight, code, now)


def _shown(sight: Sight, code: str, now: datetime) -> CodePreview:
    found, plan = sight.code, sight.plan
    if found is None or plan is None:
        raise CodeUnknownError
    repeated = found.redeemed_at is not None
    extended = sight.running if sight.running is not None and runs(sight.running, now) and not repeated else None
    summary = plan_summary(plan)
    return CodePreview(
        code=code,
        plan=summary,
        expires_at=found.expires_at,
        extends_until=extended.ends_at if extended is not None else None,
        repeated=repeated,
        already_lifetime=extended is not None and summary.lifetime,
    )
