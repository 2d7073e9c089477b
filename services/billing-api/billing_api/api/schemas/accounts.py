"""Accounts and API keys."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints
from shared.contracts.accounts import Standing
from shared.contracts.base import UtcDatetime, WireModel
from shared.money import Money, usd

from billing_api.accounts.api_key_secrets import NewApiKey
from billing_api.accounts.models import Account, ApiKey, StandingChange

ACCOUNT_ID = "0199b6a0-5d7e-7c1a-9d55-0c6f1d2e3f40"
KEY_ID = "0199b6a0-5d7e-7d02-8f10-7a1b2c3d4e5f"
MOMENT = "2026-01-31T10:00:00Z"

NO_NUL = r"^[^\x00]*$"
"""PostgreSQL keeps no NUL in a text."""
_EMAIL = r"^[^@\s\x00-\x1f\x7f]{1,64}@[^@\s.\x00-\x1f\x7f]+(\.[^@\s.\x00-\x1f\x7f]+)+$"
# Enough to catch a slip; whether mail arrives only mail can tell. At most 254 characters (RFC 5321).
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254, pattern=_EMAIL)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


class OpenAccount(WireModel):
    """A new creator."""

    email: Email = Field(examples=["ada@example.com"])
    name: Name = Field(examples=["Ada's Book Club"])


class AccountOut(WireModel):
    """A creator's account."""

    id: UUID = Field(examples=[ACCOUNT_ID])
    email: str = Field(examples=["ada@example.com"])
    name: str = Field(examples=["Ada's Book Club"])
    plan: str = Field(description="Code of the platform plan it is on.", examples=["starter_monthly"])
    standing: Standing = Field(examples=[Standing.ACTIVE])
    standing_since: UtcDatetime = Field(examples=[MOMENT])
    next_standing_at: UtcDatetime | None = Field(
        description="When the standing gets worse if nothing is paid; null: nothing is overdue.", examples=[None]
    )
    credit_balance: Money = Field(description="Pays invoices before any payment method does.", examples=[usd(2500)])
    created_at: UtcDatetime = Field(examples=[MOMENT])


class StandingChangeOut(WireModel):
    """One step of the account's standing."""

    before: Standing = Field(examples=[Standing.GRACE])
    after: Standing = Field(examples=[Standing.LOCKED])
    since: UtcDatetime = Field(description="From this moment on.", examples=[MOMENT])


class ApiKeyOut(WireModel):
    """An API key, without the key."""

    id: UUID = Field(examples=[KEY_ID])
    name: str = Field(examples=["Website"])
    last_four: str = Field(examples=["x7Qd"])
    created_at: UtcDatetime = Field(examples=[MOMENT])
    last_used_at: UtcDatetime | None = Field(description="To the minute; null: never.", examples=[MOMENT])


class CreateApiKey(WireModel):
    """A further key."""

    name: Name = Field(examples=["Website"])


class NewApiKeyOut(ApiKeyOut):
    """A fresh API key. `api_key` is shown this once."""

    api_key: str = Field(examples=["mp_EXAMPLE1exampleexampleexampleexampleexampleexam1"])


class AccountOpened(WireModel):
    """A new account and its first API key, which is shown this once."""

    account: AccountOut
    api_key: str = Field(examples=["mp_EXAMPLE1exampleexampleexampleexampleexampleexam1"])


def show_account(account: Account, plan: str) -> AccountOut:
    """An account as its creator sees it."""
    return AccountOut(
        id=account.account_id,
        email=account.email,
        name=account.name,
        plan=plan,
        standing=Standing(account.standing),
        standing_since=account.standing_since or account.created_at,
        next_standing_at=account.next_standing_at if Standing(account.standing) is not Standing.DELETABLE else None,
        credit_balance=usd(account.credit_balance),
        created_at=account.created_at,
    )


def show_standing_change(step: StandingChange) -> StandingChangeOut:
    """One step of the standing."""
    return StandingChangeOut.model_validate(step)


def show_key(key: ApiKey) -> ApiKeyOut:
    """A key without its secret."""
    return ApiKeyOut.model_validate(key)


def show_new_key(key: ApiKey, secret: NewApiKey) -> NewApiKeyOut:
    """A key with its secret, once."""
    return NewApiKeyOut(**show_key(key).model_dump(), api_key=secret.plain)
