"""Keeps the local copy of an account's entitlements: the highest version wins, whoever brings it."""

from shared.contracts.accounts import Entitlements
from shared.db import Database
from sqlalchemy.dialects.postgresql import insert

from codes_api.tenants.models import Tenant


async def keep_entitlements(database: Database, entitlements: Entitlements) -> None:
    """Write the snapshot if it is newer than what is there. One statement, a transaction of its own.

    It comes from billing-api's events and with every authenticated request, so that a creator's first request after a
    plan change already sees it. An older version, arriving late, changes nothing.
    """
    fresh = insert(Tenant).values(
        account_id=entitlements.account_id,
        version=entitlements.version,
        plan=entitlements.plan,
        standing=entitlements.standing.value,
        branding=entitlements.branding.value,
        projects_limit=entitlements.limits.projects,
        lifetime_limit=entitlements.limits.lifetime_memberships,
        as_of=entitlements.as_of,
    )
    kept = ("version", "plan", "standing", "branding", "projects_limit", "lifetime_limit", "as_of")
    newer = fresh.on_conflict_do_update(
        index_elements=[Tenant.account_id],
        set_={name: fresh.excluded[name] for name in kept},
        where=Tenant.version < fresh.excluded.version,
    )
    async with database.single_statement() as connection:
        await connection.execute(newer)
