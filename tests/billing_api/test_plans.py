"""The catalog, custom plans, exchange rates (`rules.md` B1, Q2)."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any

import httpx
import pytest
from billing_api.api.schemas.plans import rate_text
from billing_api.plans.catalog import CATALOG
from shared.contracts.pages import encode_cursor

from tests.billing_api.running import Billing, Creator, Json, ok, refused


def agency(creator: Creator, **changes: Any) -> Json:
    return {
        "account_id": str(creator.id),
        "code": "agency",
        "name": "Agency",
        "tier": 3,
        "interval": "month",
        "price": {"amount": 19900, "currency": "USD"},
        "limits": {"projects": None, "lifetime_memberships": None, "codes": 2000},
        "fee_rate": "0.005",
        **changes,
    }


async def test_the_catalog_is_what_the_rules_say(billing: Billing) -> None:
    listed = ok(await billing.http.get("/v1/plans"))
    assert listed["next_cursor"] is None
    assert [
        (
            plan["code"],
            plan["price"]["amount"],
            plan["interval"],
            plan["limits"]["codes"],
            plan["limits"]["projects"],
            plan["limits"]["lifetime_memberships"],
            plan["fee_rate"],
            plan["branding"],
            plan["referral_program"],
        )
        for plan in listed["data"]
    ] == [
        ("free", 0, "month", 5, 3, 5000, "0.10", "everywhere", False),
        ("starter_monthly", 3900, "month", 200, 10, 20000, "0.03", "portal_only", True),
        ("starter_yearly", 39000, "year", 2600, 12, 24000, "0.03", "portal_only", True),
        ("growth_monthly", 8900, "month", 500, 20, None, "0.01", "nowhere", True),
        ("growth_yearly", 89000, "year", 6500, 25, None, "0.01", "nowhere", True),
    ]


async def test_plans_come_in_pages_like_every_list(billing: Billing, creator: Creator) -> None:
    ok(await billing.http.post("/v1/operator/plans", json=agency(creator), headers=billing.operator), 201)
    whole = [plan["code"] for plan in (await creator.get("/v1/plans"))["data"]]
    for path, headers in (("/v1/plans", creator.headers), (f"/v1/operator/plans?account_id={creator.id}", billing.operator)):
        found: list[str] = []
        page: Json = {"next_cursor": None}
        while page["next_cursor"] or not found:
            params = {"limit": 4} | ({"cursor": page["next_cursor"]} if found else {})
            page = ok(await billing.http.get(httpx.URL(path).copy_merge_params(params), headers=headers))
            found += [plan["code"] for plan in page["data"]]
        assert found == whole
    refused(await billing.http.get("/v1/plans", params={"limit": 0}), 422, "validation_failed")
    for cursor in ("nonsense", encode_cursor("agency")):  # another's plan is no place to go on from
        refused(await billing.http.get("/v1/plans", params={"cursor": cursor}), 422, "invalid_cursor")


async def test_the_migration_and_the_catalog_say_the_same(billing: Billing) -> None:
    names = list(asdict(CATALOG[0]))
    columns = ", ".join('"interval"' if name == "interval" else name for name in names)
    rows = await billing.rows(f"SELECT {columns} FROM plans ORDER BY tier, price")
    assert [dict(zip(names, row, strict=True)) for row in rows] == [asdict(plan) for plan in CATALOG]


async def test_a_custom_plan_is_its_accounts_alone(billing: Billing, creator: Creator) -> None:
    other = await billing.open_account()
    made = ok(await billing.http.post("/v1/operator/plans", json=agency(creator), headers=billing.operator), 201)
    assert (made["custom"], made["fee_rate"], made["account_id"]) == (True, "0.005", str(creator.id))
    assert [plan["code"] for plan in (await creator.get("/v1/plans"))["data"]][-1] == "agency"
    assert "agency" not in [plan["code"] for plan in (await other.get("/v1/plans"))["data"]]
    refused(await other.change("agency"), 404, "plan_unknown")
    refused(await other.preview("agency"), 404, "plan_unknown")
    await creator.add_card()
    assert ok(await creator.change("agency"))["invoice"]["total"]["amount"] == 19900
    assert await creator.codes() == (2000, 0, 2000)
    assert (await billing.internal.entitlements(creator.id)).limits.projects is None


async def test_a_plan_code_is_given_once(billing: Billing, creator: Creator) -> None:
    other = await billing.open_account()
    ok(await billing.http.post("/v1/operator/plans", json=agency(creator), headers=billing.operator), 201)
    ok(await billing.http.post("/v1/operator/plans", json=agency(other), headers=billing.operator), 201)
    for body in (agency(creator), agency(creator, code="growth_monthly")):
        refused(await billing.http.post("/v1/operator/plans", json=body, headers=billing.operator), 409, "plan_code_taken")
    unknown = agency(creator, account_id="0199b6a0-5d7e-7c1a-9d55-0c6f1d2e3f40")
    refused(await billing.http.post("/v1/operator/plans", json=unknown, headers=billing.operator), 404, "not_found")


MALFORMED: list[tuple[Json, str]] = [
    ({"interval": "week"}, "interval"),
    ({"fee_rate": "1.01"}, "fee_rate"),
    ({"fee_rate": 0.03}, "fee_rate"),
    ({"fee_rate": "-0.1"}, "fee_rate"),
    ({"fee_rate": "0.0\u0663"}, "fee_rate"),
    ({"fee_rate": "0.0000001"}, "fee_rate"),
    ({"price": {"amount": 100, "currency": "EUR"}}, "price"),
    ({"price": {"amount": -1, "currency": "USD"}}, "price"),
    ({"tier": -1}, "tier"),
    ({"limits": {"projects": 1, "lifetime_memberships": 1}}, "limits.codes"),
    ({"limits": {"projects": 1, "lifetime_memberships": 2**31, "codes": 1}}, "limits.lifetime_memberships"),
    ({"limits": {"projects": 1, "lifetime_memberships": None, "codes": 2**31}}, "limits.codes"),
    ({"limits": {"projects": True, "lifetime_memberships": None, "codes": 5}}, "limits.projects"),
    ({"code": "Agency Plan"}, "code"),
    ({"coupon": "x"}, "coupon"),
]


async def test_malformed_plans_name_the_field(billing: Billing, creator: Creator) -> None:
    for change, field in MALFORMED:
        answer = await billing.http.post("/v1/operator/plans", json=agency(creator, **change), headers=billing.operator)
        assert [error["field"] for error in refused(answer, 422, "validation_failed")["errors"]] == [field]


async def test_malformed_rates_are_refused(billing: Billing) -> None:
    given: list[object] = [{"USD": "1"}, {"eur": "1"}, {"EUR": 1.1}, {"EUR": "0"}, {"EUR": "-1"}, {"EUR": "1e3"}, ["EUR"]]
    for rates in given:
        answer = await billing.http.put("/v1/operator/exchange-rates", json=rates, headers=billing.operator)
        refused(answer, 422, "validation_failed")


async def test_rates_are_set_one_by_one(billing: Billing) -> None:
    ok(await billing.http.put("/v1/operator/exchange-rates", json={"EUR": "1.1"}, headers=billing.operator))
    ok(await billing.http.put("/v1/operator/exchange-rates", json={"GBP": "1.25"}, headers=billing.operator))
    ok(await billing.http.put("/v1/operator/exchange-rates", json={"EUR": "1.2"}, headers=billing.operator))
    listed = ok(await billing.http.get("/v1/operator/exchange-rates", headers=billing.operator))["data"]
    assert [(rate["currency"], rate["usd"]) for rate in listed] == [("EUR", "1.20"), ("GBP", "1.25")]


async def test_operators_look_at_accounts(billing: Billing, creator: Creator) -> None:
    await billing.open_account("ada@example.com")
    listed = ok(await billing.http.get("/v1/operator/accounts", headers=billing.operator))["data"]
    assert len(listed) == 2
    found = ok(await billing.http.get("/v1/operator/accounts?email=ADA@example.com", headers=billing.operator))["data"]
    assert [account["email"] for account in found] == ["ada@example.com"]
    shown = ok(await billing.http.get(f"/v1/operator/accounts/{creator.id}", headers=billing.operator))
    assert shown == await creator.get("/v1/account")
    missing = await billing.http.get("/v1/operator/accounts/0199b6a0-5d7e-7c1a-9d55-0c6f1d2e3f40", headers=billing.operator)
    refused(missing, 404, "not_found")


GUARDED = [
    ("GET", "/v1/operator/accounts"),
    ("GET", "/v1/operator/plans"),
    ("POST", "/v1/operator/plans"),
    ("PUT", "/v1/operator/exchange-rates"),
    ("GET", "/v1/operator/audit"),
    ("POST", "/v1/sandbox/clock"),
    ("GET", "/v1/sandbox/clock"),
    ("GET", "/internal/due"),
    ("POST", "/internal/due/run"),
    ("POST", "/internal/api-keys/authenticate"),
    ("POST", "/internal/sandbox/clock"),
]


async def test_a_creators_key_opens_no_other_door(billing: Billing, creator: Creator) -> None:
    for method, path in GUARDED:
        for headers in ({}, creator.headers):
            refused(await billing.http.request(method, path, headers=headers), 401, "unauthorized")


@pytest.mark.parametrize(
    ("rate", "shown"), [("0.1", "0.10"), ("0.030000", "0.03"), ("0.005", "0.005"), ("0", "0.00"), ("1", "1.00")]
)
def test_a_rate_is_shown_alike_of_plans_and_sales(rate: str, shown: str) -> None:
    assert rate_text(Decimal(rate)) == shown
