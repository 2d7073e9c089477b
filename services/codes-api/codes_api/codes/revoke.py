"""A creator takes codes back (`rules.md` C5): unredeemable from now on, kept in the history, no quota is freed."""

from datetime import datetime
from uuid import UUID

from shared.contracts.batches import BatchStatus
from shared.errors import NotFoundError
from sqlalchemy import or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.errors import BatchNotReadyError, CodeAlreadyRedeemedError, CodeExpiredError
from codes_api.codes.find import find_code
from codes_api.codes.lock_batch import share_batch
from codes_api.codes.models import OPEN, AccessCode, Batch


async def revoke_code(session: AsyncSession, *, account_id: UUID, project_id: UUID, typed: str, now: datetime) -> AccessCode:
    """Revoke one code. Doing it twice changes nothing more.

    Raises:
        NotFoundError: no such code in this project of this account.
        CodeAlreadyRedeemedError: a member has it; what can be cancelled is the membership.
        CodeExpiredError: it is unredeemable already.
    """
    found = await find_code(session, account_id=account_id, project_id=project_id, typed=typed)
    batch = await share_batch(session, account_id=account_id, project_id=project_id, batch_id=found.batch_id)
    key = (account_id, project_id, found.batch_id, found.position)
    code = await session.get(AccessCode, key, with_for_update=True, populate_existing=True)
    if code is None:
        raise NotFoundError("There is no such code in this project.")  # its tombstone was forgotten this very moment
    if code.redeemed_at is not None:
        raise CodeAlreadyRedeemedError("It is redeemed. You can cancel the membership that it gave.")
    if code.revoked_at is None:
        if code.expires_at is not None and (code.expires_at <= now or batch.swept_at is not None):
            raise CodeExpiredError(code.expires_at)
        code.revoked_at = now
        await session.flush()
    return code


async def revoke_batch(session: AsyncSession, *, account_id: UUID, project_id: UUID, batch_id: UUID, now: datetime) -> int:
    """Revoke every code of a batch that could still be redeemed; returns how many.

    The codes are locked in their order, so that two who do this at once wait for each other and not in a circle.

    Raises:
        NotFoundError: no such batch in this project of this account.
        BatchNotReadyError: its codes are still to be written, and would not be revoked.
    """
    batch = await session.get(Batch, (account_id, project_id, batch_id), with_for_update=True, populate_existing=True)
    if batch is None:
        raise NotFoundError("There is no such batch in this project.")
    if batch.status in (BatchStatus.QUEUED, BatchStatus.GENERATING):
        raise BatchNotReadyError
    if batch.swept_at is not None:
        return 0
    key = tuple_(AccessCode.account_id, AccessCode.project_id, AccessCode.batch_id, AccessCode.position)
    open_codes = (
        select(AccessCode.account_id, AccessCode.project_id, AccessCode.batch_id, AccessCode.position)
        .where(
            AccessCode.account_id == account_id,
            AccessCode.project_id == project_id,
            AccessCode.batch_id == batch_id,
            *OPEN,
            or_(AccessCode.expires_at.is_(None), AccessCode.expires_at > now),
        )
        .order_by(AccessCode.position)
        .with_for_update()
        .cte("open_codes")
    )
    revoked = await session.execute(
        update(AccessCode)
        .where(key.in_(select(open_codes)))
        .values(revoked_at=now)
        .returning(AccessCode.position)
        .execution_options(synchronize_session=False)
    )
    return len(revoked.all())
