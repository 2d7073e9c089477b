"""Make, list and delete a creator's API keys."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from shared.errors import NotFoundError
from shared.ids import new_id
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.api_key_secrets import NewApiKey, new_api_key
from billing_api.accounts.errors import LastApiKeyError
from billing_api.accounts.lock import lock_account
from billing_api.accounts.models import ApiKey, ApiKeyDirectory


async def create_api_key(session: AsyncSession, *, account_id: UUID, name: str, now: datetime) -> tuple[ApiKey, NewApiKey]:
    """A further key for an account; the second part holds the key itself, to be shown this once."""
    secret = new_api_key()
    key = ApiKey(account_id=account_id, id=new_id(), name=name, digest=secret.digest, last_four=secret.last_four, created_at=now)
    session.add(key)
    await session.flush()
    session.add(ApiKeyDirectory(public_id=secret.public_id, account_id=account_id, api_key_id=key.id))
    await session.flush()
    return key, secret


async def list_api_keys(session: AsyncSession, *, account_id: UUID, before: UUID | None, limit: int) -> Sequence[ApiKey]:
    """An account's keys, newest first, those made before the one named."""
    query = select(ApiKey).where(ApiKey.account_id == account_id).order_by(ApiKey.id.desc()).limit(limit)
    if before is not None:
        query = query.where(ApiKey.id < before)
    return (await session.scalars(query)).all()


async def delete_api_key(session: AsyncSession, *, account_id: UUID, api_key_id: UUID) -> None:
    """Delete a key; it stops working at once.

    Raises:
        NotFoundError: the account has no such key.
        LastApiKeyError: it is the only one.
    """
    await lock_account(session, account_id)
    key = await session.get(ApiKey, (account_id, api_key_id))
    if key is None:
        raise NotFoundError("There is no such API key.")
    count = await session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.account_id == account_id))
    if count == 1:
        raise LastApiKeyError("Make another API key first: this is the only one.")
    await session.delete(key)
    await session.flush()
