"""Open an account."""

from datetime import datetime

from shared.ids import new_id
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.api_key_secrets import NewApiKey
from billing_api.accounts.api_keys import create_api_key
from billing_api.accounts.entitlements import announce_entitlements
from billing_api.accounts.models import Account
from billing_api.plans.find import free_plan
from billing_api.subscriptions.start_period import new_subscription


async def open_account(session: AsyncSession, *, email: str, name: str, now: datetime) -> tuple[Account, NewApiKey]:
    """A new account on the free plan with a first API key (`rules.md` B2). The key is shown this once.

    Several accounts may have one address: nobody verifies it, so that refusing a second would only tell strangers who is
    registered, and let them take addresses that are not theirs.
    """
    account = Account(account_id=new_id(), email=email, name=name, created_at=now)
    session.add(account)
    await session.flush()
    await new_subscription(session, account_id=account.account_id, plan=await free_plan(session), now=now)
    _, secret = await create_api_key(session, account_id=account.account_id, name="First key", now=now)
    await announce_entitlements(session, account, now=now)
    return account, secret
