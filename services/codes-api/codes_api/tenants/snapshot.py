"""Keeps the local copy of an account's entitlements: the highest version wins, whoever brings it."""

from shared.contracts.accounts import Entitlements
from shared.db import Database
from sqlalchemy import bindparam, exists, literal, select
from sqlalchemy.dialects.postgresql import Insert, insert

from codes_api.tenants.models import Tenant

_TAKEN_OVER = ("version", "plan", "standing", "branding", "projects_limit", "lifetime_limit", "as_of")


async def keep_entitlements(database: Database, entitlements: Entitlements) -> None:
    """Write the snapshot if it is newer than what is there. One statement, a transaction of its own.

    It comes from billing-api's events and with every authenticated request, so that a creator's first request after a
    plan change already sees it. An older version, arriving late, changes nothing.
    """
    values = {
        "account_id": entitlements.account_id,
        "version": entitlements.version,
        "plan": entitlements.plan,
        "standing": entitlements.standing.value,
        "branding": entitlements.branding.value,
        "projects_limit": entitlements.limits.projects,
        "lifetime_limit": entitlements.limits.lifetime_memberships,
        "as_of": entitlements.as_of,
    }
    async with database.single_statement() as connection:
        await connection.execute(_KEEP, values)


def _statement() -> Insert:
    """Built once. Nearly every request brings what is known already: NOT EXISTS sees that without a lock, where
    ON CONFLICT alone would lock the row even to leave it as it is, and wait for a transaction that holds it."""
    columns = ["account_id", *_TAKEN_OVER]
    known = exists().where(Tenant.account_id == bindparam("account_id"), Tenant.version >= bindparam("version"))
    table = Tenant.__table__
    brought = select(*(bindparam(name, type_=table.c[name].type) for name in columns)).where(literal(True), ~known)
    fresh = insert(Tenant).from_select(columns, brought)
    return fresh.on_conflict_do_update(
        index_elements=[Tenant.account_id],
        set_={name: fresh.excluded[name] for name in _TAKEN_OVER},
        where=Tenant.version < fresh.excluded.version,
    )


_KEEP = _statement()
