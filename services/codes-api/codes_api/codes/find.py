"""Finding one of a creator's codes, by what they typed or pasted."""

from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.models import AccessCode
from codes_api.codes.spelling import spellings


async def find_code(session: AsyncSession, *, account_id: UUID, project_id: UUID, typed: str) -> AccessCode:
    """The code, or the tombstone that it left (`rules.md` C4).

    Args:
        typed: in any form that a member could type (C1).

    Raises:
        NotFoundError: there is none in this project of this account, or it was mistyped.
    """
    for code in spellings(typed):
        query = select(AccessCode).where(
            AccessCode.account_id == account_id, AccessCode.project_id == project_id, AccessCode.code == code
        )
        found = (await session.execute(query)).scalar_one_or_none()
        if found is not None:
            return found
    raise NotFoundError("There is no such code in this project.")
