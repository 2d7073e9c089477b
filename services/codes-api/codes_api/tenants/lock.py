"""The row of an account as the lock that what is counted against its limits goes through."""

from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.tenants.models import Tenant


async def lock_tenant(session: AsyncSession, *, account_id: UUID) -> Tenant:
    """The account's row, locked until the transaction ends: whoever counts next sees what this one added.

    Raises:
        NotFoundError: codes-api has never heard of the account.
    """
    tenant = await session.get(Tenant, account_id, with_for_update=True, populate_existing=True)
    if tenant is None:
        raise NotFoundError("There is no such account.")
    return tenant
