"""Finding one of a creator's codes, by what they typed or pasted."""

from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.models import AccessCode, ExpiredCode
from codes_api.codes.spelling import spellings


async def find_code(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, typed: str, lock: bool = False
) -> AccessCode | ExpiredCode:
    """The code, or the tombstone that it left (`rules.md` C4).

    Args:
        typed: in any form that a member could type (C1).
        lock: hold the code's row until the transaction ends.

    Raises:
        NotFoundError: there is none in this project of this account, or it was mistyped.
    """
    for code in spellings(typed):
        live = select(AccessCode).where(
            AccessCode.account_id == account_id, AccessCode.project_id == project_id, AccessCode.code == code
        )
        if lock:
            live = live.with_for_update().execution_options(populate_existing=True)
        found = (await session.execute(live)).scalar_one_or_none()
        if found is not None:
            return found
        # Second, so that a code which the sweep takes in between is seen in the one place or the other.
        buried = select(ExpiredCode).where(
            ExpiredCode.account_id == account_id, ExpiredCode.project_id == project_id, ExpiredCode.code == code
        )
        tombstone = (await session.execute(buried)).scalar_one_or_none()
        if tombstone is not None:
            return tombstone
    raise NotFoundError("There is no such code in this project.")
