"""Whose API key is this?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.accounts import Entitlements
from shared.errors import UnauthorizedError
from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.api_key_secrets import is_key, public_id_of
from billing_api.accounts.entitlements import snapshot
from billing_api.accounts.models import Account, ApiKey, ApiKeyDirectory
from billing_api.plans.models import Plan
from billing_api.subscriptions.models import Subscription

# "Last used" is for people; a write a request would be dear.
_LAST_USED_STEP: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class KeyHolder:
    """The account a key belongs to, with what it may do at this moment."""

    account_id: UUID
    api_key_id: UUID
    entitlements: Entitlements


async def authenticate(session: AsyncSession, *, api_key: str, now: datetime) -> KeyHolder:
    """Whose key this is. Looked up by its public part, compared in constant time.

    Raises:
        UnauthorizedError: it is nobody's.
    """
    query = (
        select(ApiKey, Account, Plan)
        .join(ApiKeyDirectory, (ApiKeyDirectory.account_id == ApiKey.account_id) & (ApiKeyDirectory.api_key_id == ApiKey.id))
        .join(Account, Account.account_id == ApiKey.account_id)
        .join(Subscription, Subscription.account_id == ApiKey.account_id)
        .join(Plan, (Plan.account_id == Subscription.plan_owner_id) & (Plan.code == Subscription.plan_code))
        .where(ApiKeyDirectory.public_id == (public_id_of(api_key) or ""))
    )
    found = (await session.execute(query)).one_or_none()
    if not is_key(api_key, found[0].digest if found is not None else None) or found is None:
        raise UnauthorizedError("This API key is not known.")
    key, account, plan = found
    if key.last_used_at is None or key.last_used_at < now - _LAST_USED_STEP:
        stale = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - _LAST_USED_STEP)
        mine = (ApiKey.account_id == account.account_id) & (ApiKey.id == key.id)
        await session.execute(
            update(ApiKey).where(mine, stale).values(last_used_at=now), execution_options={"synchronize_session": False}
        )
    return KeyHolder(account.account_id, key.id, snapshot(account, plan, now=now))
