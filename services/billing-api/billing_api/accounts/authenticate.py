"""Whose API key is this?"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.contracts.accounts import Entitlements
from shared.db import Database
from shared.errors import UnauthorizedError

from billing_api.accounts.api_key_secrets import is_key, public_id_of
from billing_api.accounts.entitlements import snapshot
from billing_api.accounts.models import Account
from billing_api.plans.models import Plan

# "Last used" is for people; a write a request would be dear.
_LAST_USED_STEP: Final = timedelta(minutes=1)

# Parameters: $1 the key's public part.
_HOLDER: Final = """
SELECT k.id, k.digest, k.last_used_at, a.account_id, a.entitlements_version, a.standing,
       p.code, p.branding, p.limit_projects, p.limit_lifetime_memberships, p.limit_codes
FROM api_key_directory d
JOIN api_keys k ON k.account_id = d.account_id AND k.id = d.api_key_id
JOIN accounts a ON a.account_id = k.account_id
JOIN subscriptions s ON s.account_id = k.account_id
JOIN plans p ON p.account_id = s.plan_owner_id AND p.code = s.plan_code
WHERE d.public_id = $1::varchar
"""

# Parameters: $1 account, $2 key, $3 now, $4 before when the last use is worth a new one.
_USED: Final = """
UPDATE api_keys SET last_used_at = $3::timestamptz
WHERE account_id = $1::uuid AND id = $2::uuid AND (last_used_at IS NULL OR last_used_at < $4::timestamptz)
"""


@dataclass(frozen=True)
class KeyHolder:
    """The account a key belongs to, with what it may do at this moment."""

    account_id: UUID
    api_key_id: UUID
    entitlements: Entitlements


async def authenticate(database: Database, *, api_key: str, now: datetime) -> KeyHolder:
    """Whose key this is. Looked up by its public part, compared in constant time. Every request of a creator comes by here, so
    that it is one statement.

    Raises:
        UnauthorizedError: it is nobody's.
    """
    found = await database.fetch_row(_HOLDER, public_id_of(api_key) or "")
    if not is_key(api_key, found["digest"] if found is not None else None) or found is None:
        raise UnauthorizedError("This API key is not known.")
    account_id, key_id, last_used_at, stale = found["account_id"], found["id"], found["last_used_at"], now - _LAST_USED_STEP
    if last_used_at is None or last_used_at < stale:
        await database.fetch_row(_USED, account_id, key_id, now, stale)
    account = Account(account_id=account_id, entitlements_version=found["entitlements_version"], standing=found["standing"])
    names = ("code", "branding", "limit_projects", "limit_lifetime_memberships", "limit_codes")
    plan = Plan(**{name: found[name] for name in names})
    return KeyHolder(account_id, key_id, snapshot(account, plan, now=now))
