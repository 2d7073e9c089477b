"""The lock under which everything about an account's money and quota is decided, one at a time."""

from uuid import UUID

from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account


async def lock_account(session: AsyncSession, account_id: UUID) -> Account:
    """The account, locked until the transaction ends. Always the first lock that is taken, so that none can cross.

    Raises:
        NotFoundError: there is no such account.
    """
    query = select(Account).where(Account.account_id == account_id).with_for_update().execution_options(populate_existing=True)
    account = (await session.execute(query)).scalar_one_or_none()
    if account is None:
        raise NotFoundError("There is no such account.")
    return account
