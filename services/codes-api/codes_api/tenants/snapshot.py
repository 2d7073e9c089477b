"""Keeps the local copy of an account's entitlements: the highest version wins, whoever brings it."""

from typing import Final

from shared.contracts.accounts import Entitlements
from shared.db import Database

# Parameters: $1 account, then what is kept of it. Nearly every request brings what is known already: NOT EXISTS sees that
# without a lock, where ON CONFLICT alone would lock the row even to leave it as it is, and wait for a transaction that holds
# it.
_KEEP: Final = """
INSERT INTO tenants AS t (account_id, version, plan, standing, branding, projects_limit, lifetime_limit, as_of)
SELECT $1::uuid, $2::integer, $3::varchar, $4::varchar, $5::varchar, $6::integer, $7::integer, $8::timestamptz
WHERE NOT EXISTS (SELECT FROM tenants WHERE account_id = $1::uuid AND version >= $2::integer)
ON CONFLICT (account_id) DO UPDATE
SET version = excluded.version, plan = excluded.plan, standing = excluded.standing, branding = excluded.branding,
    projects_limit = excluded.projects_limit, lifetime_limit = excluded.lifetime_limit, as_of = excluded.as_of
WHERE t.version < excluded.version
"""


async def keep_entitlements(database: Database, entitlements: Entitlements) -> None:
    """Write the snapshot if it is newer than what is there. One statement, a transaction of its own.

    It comes from billing-api's events and with every authenticated request, so that a creator's first request after a
    plan change already sees it. An older version, arriving late, changes nothing.
    """
    await database.fetch_row(
        _KEEP,
        entitlements.account_id,
        entitlements.version,
        entitlements.plan,
        entitlements.standing.value,
        entitlements.branding.value,
        entitlements.limits.projects,
        entitlements.limits.lifetime_memberships,
        entitlements.as_of,
    )
