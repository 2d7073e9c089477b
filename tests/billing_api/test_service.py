"""What holds for the service as a whole: settings, schema, outages, docs."""

import asyncio
from typing import Any

import httpx
import pytest
from billing_api.audit.invariants import look_at_all
from billing_api.main import create_app
from billing_api.schema import GLOBAL_TABLES, metadata
from billing_api.settings import Settings
from pydantic import SecretStr
from shared.clock import SandboxClock
from shared.contracts.accounts import Standing
from shared.errors import RemoteProblem
from shared.settings import SettingsError
from sqlalchemy import Index, PrimaryKeyConstraint, UniqueConstraint, text
from sqlalchemy.exc import DBAPIError

from tests.billing_api.running import Billing, Creator, billing_running, ok, refused, settings_for
from tests.support.clock import MovableClock

STRIPE: dict[str, Any] = {
    "payment_processor": "stripe",
    "stripe_api_key": SecretStr("sk_test_" + "k" * 16),
    "stripe_webhook_secret": SecretStr("whsec_" + "w" * 16),
}
GOOD: dict[str, Any] = {"service_token": SecretStr("s" * 16), "operator_key": SecretStr("o" * 16)}


# Settings
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "SERVICE_TOKEN"),
        ({"service_token": SecretStr("s" * 16)}, "OPERATOR_KEY"),
        ({**GOOD, "payment_processor": "sandbox"}, "PAYMENT_PROCESSOR=sandbox"),
        (GOOD, "STRIPE_API_KEY"),
        ({**GOOD, "payment_processor": "stripe", "stripe_api_key": SecretStr("sk_test_" + "k" * 16)}, "STRIPE_WEBHOOK_SECRET"),
        ({"sandbox": True, "payment_processor": "stripe"}, "STRIPE_API_KEY"),
        ({"sandbox": True, **STRIPE, "stripe_api_key": SecretStr("sk_live_" + "k" * 16)}, "live key"),
    ],
)
def test_an_unfit_environment_is_refused_with_a_sentence(given: dict[str, Any], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        Settings(**given)


def test_stripe_is_accepted_with_its_secrets() -> None:
    assert Settings(**GOOD, **STRIPE).stripe_api_base == "https://api.stripe.com"
    assert Settings(sandbox=True, **STRIPE).payment_processor == "stripe"


def test_the_sandbox_starts_with_its_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX", "1")
    settings = Settings()
    assert (settings.payment_processor, isinstance(settings.clock(), SandboxClock)) == ("sandbox", True)


def test_production_openings_are_throttled_and_the_sandbox_is_generous() -> None:
    assert Settings(sandbox=True).account_openings_per_hour > 10_000
    assert Settings(sandbox=True, new_accounts_per_hour=3).account_openings_per_hour == 3


async def test_without_stripe_there_is_no_webhook_of_its(billing: Billing) -> None:
    refused(await billing.http.post("/v1/webhooks/stripe", json={}), 404, "not_found")


# Schema
def test_the_account_leads_every_key_of_tenant_data() -> None:
    for table in metadata.sorted_tables:
        if table.name in GLOBAL_TABLES:
            continue
        keys: list[PrimaryKeyConstraint | UniqueConstraint | Index] = [index for index in table.indexes if index.unique]
        keys += [key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
        assert keys, table.name
        for key in keys:
            assert next(iter(key.columns)).name == "account_id", f"{table.name}: {key.name}"


def test_foreign_keys_between_tenant_tables_carry_the_account() -> None:
    for table in metadata.sorted_tables:
        for constraint in table.foreign_key_constraints:
            target = constraint.referred_table
            if target.name not in GLOBAL_TABLES and target.name != "plans":
                assert constraint.elements[0].column.name == "account_id"
                assert constraint.elements[0].parent.name == "account_id"


async def test_ledger_and_lines_are_only_added_to(billing: Billing) -> None:
    creator = await billing.subscribed("growth_monthly")
    ok(await creator.change("free"))
    for table in ("credit_entries", "invoice_lines"):
        for statement in (f"UPDATE {table} SET amount = 1", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="append-only"):
                await billing.rows(statement)


@pytest.mark.usefixtures("starter")
async def test_the_database_holds_the_invariants_too(billing: Billing) -> None:
    for statement in (
        "UPDATE accounts SET credit_balance = -1",
        "UPDATE quota_cycles SET used = -1",
        "UPDATE invoices SET charged = charged + 1",
        "UPDATE invoices SET status = 'open'",
        "UPDATE invoices SET charged = 0",
        "UPDATE payment_attempts SET status = 'pending'",
        "UPDATE accounts SET standing = 'nice'",
    ):
        with pytest.raises(DBAPIError, match="ck_"):
            await billing.rows(statement)


BREAKS = [
    ("UPDATE invoices SET total = 4000, charged = 4000", {"invoice_total_is_sum_of_lines", "paid_invoice_is_card_plus_balance"}),
    ("UPDATE accounts SET credit_balance = 5", {"balance_is_sum_of_ledger"}),
    ("UPDATE quota_cycles SET used = used + 1", {"quota_used_is_reserved_and_generated_less_expired"}),
    ("DELETE FROM payment_attempts", {"paid_invoice_is_card_plus_balance", "processor_charge_has_its_attempt"}),
    ("UPDATE invoices SET number = 2", {"invoice_numbers_have_no_gaps"}),
    ("DELETE FROM usage_items", {"confirmed_fee_has_its_usage_item"}),
]


async def test_the_audit_finds_what_is_broken(billing: Billing, starter: Creator) -> None:
    await starter.generate(201, fee=3)
    await billing.check_audit()
    for statement, found in BREAKS:
        async with billing.database.transaction() as session:
            await session.execute(text(statement))
            broken = {one.name for one in await look_at_all(session) if one.violations}
            await session.rollback()
        assert broken == found


# The internal face
async def test_authentication_for_other_services(billing: Billing, starter: Creator) -> None:
    known = await billing.internal.authenticate(SecretStr(starter.key))
    assert (known.account_id, known.entitlements.plan, known.entitlements.standing) == (
        starter.id,
        "starter_monthly",
        Standing.ACTIVE,
    )
    assert known.entitlements == (await billing.internal.entitlements(starter.id)).model_copy(
        update={"as_of": known.entitlements.as_of}
    )
    for key in ("nonsense", starter.key[:-1] + "!", starter.key + "x"):
        with pytest.raises(RemoteProblem) as refusal:
            await billing.internal.authenticate(SecretStr(key))
        assert refusal.value.problem_status == 401


async def test_events_leave_through_the_relay(billing: Billing, creator: Creator) -> None:
    async with asyncio.timeout(30):
        while (await billing.internal.outbox()).unpublished:
            await asyncio.sleep(0.01)
    assert await billing.one("SELECT count(*) FROM outbox WHERE account_id = :id", id=creator.id) == 1


# Outages
async def test_without_redis_it_starts_reads_and_refuses_to_write(
    billing_database_url: str, clock: MovableClock, redis_url: str
) -> None:
    async with billing_running(billing_database_url, redis_url, clock) as well:
        creator = await well.open_account()
    async with billing_running(billing_database_url, "redis://127.0.0.1:1/0", clock) as billing:
        creator = Creator(billing, creator.id, creator.key)
        assert await creator.plan() == "free"
        answer = await creator.post("/v1/api-keys", {"name": "Website"})
        refused(answer, 503, "dependency_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert await billing.one("SELECT count(*) FROM api_keys") == 1


async def test_without_the_database_it_starts_and_says_so(redis_url: str, clock: MovableClock) -> None:
    app = create_app(settings_for("postgresql://postgres@127.0.0.1:1/billing", redis_url, clock))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://billing") as http:
        assert ok(await http.get("/healthz")) == {"status": "alive"}
        for answer in (
            await http.get("/readyz"),
            await http.get("/v1/plans"),
            await http.post("/v1/accounts", json={"email": "ada@example.com", "name": "Ada"}),
        ):
            refused(answer, 503, "dependency_unavailable")
            assert "retry-after" in answer.headers


async def test_usage_needs_codes_api(billing_database_url: str, redis_url: str, clock: MovableClock) -> None:
    async with billing_running(billing_database_url, redis_url, clock, codes_api_url="http://127.0.0.1:1") as billing:
        creator = await billing.open_account()
        answer = await billing.http.get("/v1/usage", headers=creator.headers)
        refused(answer, 503, "dependency_unavailable")


# Docs
async def test_every_operation_is_documented(billing: Billing) -> None:
    document = ok(await billing.http.get("/openapi.json"))
    assert not [path for path in document["paths"] if path.startswith(("/internal", "/healthz", "/readyz", "/metrics"))]
    tags = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert set(operation["tags"]) <= tags, where
            problems = {status for status in operation["responses"] if status >= "400"}
            assert {"422", "503"} <= problems, where
            for status in problems:
                assert operation["responses"][status]["content"]["application/problem+json"]["examples"], where


async def test_every_field_has_an_example(billing: Billing) -> None:
    schemas = ok(await billing.http.get("/openapi.json"))["components"]["schemas"]
    ours = {
        name: schema
        for name, schema in schemas.items()
        if schema.get("properties") and name not in {"Problem", "Money", "Limits", "SandboxTime"}
    }
    missing = [
        f"{name}.{field}"
        for name, schema in ours.items()
        for field, shape in schema["properties"].items()
        if not (
            {"examples", "example", "const"} & shape.keys() or "$ref" in shape or shape.get("type") == "array" or "anyOf" in shape
        )
    ]
    assert missing == []


async def test_the_docs_page_needs_no_internet(billing: Billing) -> None:
    page = (await billing.http.get("/docs")).text
    assert "https://cdn" not in page
    assert "http://" not in page.replace("http://www.w3.org", "")


async def test_metrics_are_shown(billing: Billing, creator: Creator) -> None:
    await creator.get("/v1/account")
    assert "http_requests_total" in (await billing.http.get("/metrics")).text
