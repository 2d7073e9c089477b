"""The local copy of an account's entitlements: the highest version wins; branding and limits act at once."""

from codes_api.tenants.models import Tenant
from codes_api.tenants.snapshot import keep_entitlements
from shared.contracts.accounts import Branding, Standing
from shared.db import Database
from shared.ids import new_id
from sqlalchemy import text

from tests.support.billing_stand_in import BillingStandIn
from tests.support.codes_api import Codes
from tests.support.races import overlapping


async def test_an_older_snapshot_changes_nothing(codes: Codes) -> None:
    creator = codes.creator()
    await creator.get("/projects")
    old = codes.billing.keys[creator.key]
    new = codes.billing.change(creator.key, standing=Standing.GRACE)
    for snapshot in (new, old, new):
        await codes.internal.put_entitlements(snapshot)
    async with codes.state.database.transaction() as session:
        tenant = await session.get_one(Tenant, creator.account_id)
        assert (tenant.version, tenant.standing) == (2, "grace")


async def test_usage_of_an_account_never_seen(codes: Codes) -> None:
    usage = await codes.internal.account_usage(new_id())
    assert (usage.projects, usage.lifetime_memberships) == (0, 0)


async def test_a_snapshot_of_another_account_than_the_address(codes: Codes) -> None:
    creator = codes.creator()
    body = codes.billing.keys[creator.key].model_dump_json().encode()
    headers = {
        "Content-Type": "application/json",
        "Authorization": f"Bearer {codes.state.settings.service_token.get_secret_value()}",
    }
    answer = await creator._http.put(f"/internal/tenants/{new_id()}", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "account_id")


async def test_what_is_known_already_waits_for_no_lock(codes_database: Database) -> None:
    billing = BillingStandIn()
    known = billing.keys[billing.open_account()]
    await keep_entitlements(codes_database, known)
    async with codes_database.transaction() as session:
        await session.execute(text("SELECT 1 FROM tenants FOR UPDATE"))
        await keep_entitlements(codes_database, known)  # a request of the same account, while another holds the row


async def test_two_that_bring_the_first_snapshot_at_once(codes_database: Database) -> None:
    billing = BillingStandIn()
    key = billing.open_account()
    snapshots = iter([billing.keys[key], billing.change(key, standing=Standing.LOCKED)])

    async def bring(_: object) -> None:
        await keep_entitlements(codes_database, next(snapshots))

    await overlapping(codes_database, bring, bring)
    async with codes_database.transaction() as session:
        assert (await session.execute(text("SELECT standing FROM tenants"))).scalar_one() == "locked"


async def test_branding_reaches_the_bot(codes: Codes) -> None:
    shop = await codes.shop(branding=Branding.PORTAL_ONLY)
    assert (await codes.internal.bot(1001)).branding is Branding.PORTAL_ONLY
    _, claim = await shop.claimed(1)
    assert claim.branded is False
    branded = await codes.shop(bot_id=2002)
    assert (await branded.claimed(1))[1].branded is True


async def test_the_outbox_empties(codes: Codes) -> None:
    await codes.shop()
    await codes.all_said()
    async with codes.state.database.transaction() as session:
        said = "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL"
        assert (await session.execute(text(said))).scalar_one() > 0
