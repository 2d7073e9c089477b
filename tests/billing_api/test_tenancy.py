"""What keeps creators apart: every key of tenant data begins with the account, every route asks whose it is.

The routes are the app's own, so that a new one can't be forgotten.
"""

from collections.abc import Iterator
from typing import Any

from billing_api.api import build_routers
from billing_api.schema import GLOBAL_TABLES, metadata
from fastapi import APIRouter
from fastapi.routing import APIRoute
from shared.ids import new_id
from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

from tests.billing_api.dunning.arrears import in_arrears
from tests.billing_api.running import Billing, Creator, Json, ok, refused

OPEN_TO_ALL = {("POST", "/v1/accounts"), ("GET", "/v1/plans")}
"""Anybody may ask; with a key, GET /v1/plans shows one's own plans too."""
BODIES: dict[tuple[str, str], Json] = {
    ("POST", "/v1/api-keys"): {"name": "Mine"},
    ("POST", "/v1/payment-methods"): {"token": "pm_card_visa"},
    ("POST", "/v1/subscription/preview"): {"plan": "growth_monthly"},
    ("POST", "/v1/subscription/change"): {"plan": "growth_monthly"},
}
"""Bodies that the owner's request would be taken with."""


def _flat(router: APIRouter) -> Iterator[APIRoute]:
    """A router's routes and those of the routers in it, which are whole: none adds a prefix."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from _flat(route.original_router)  # type: ignore[attr-defined] # FastAPI names no public type for it


def _routes(billing: Billing, prefix: str) -> list[tuple[str, APIRoute]]:
    routes = [route for router in build_routers(billing.settings) for route in _flat(router)]
    return [(method, route) for route in routes for method in sorted(route.methods or ()) if route.path.startswith(prefix)]


def _creators(billing: Billing) -> list[tuple[str, APIRoute]]:
    guarded = ("/v1/operator", "/v1/sandbox", "/v1/webhooks")
    return [(method, route) for method, route in _routes(billing, "/v1/") if not route.path.startswith(guarded)]


def _keys(table: Table) -> list[tuple[str, list[str]]]:
    constraints = [
        (str(constraint.name), [column.name for column in constraint.columns])
        for constraint in table.constraints
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint | ForeignKeyConstraint)
    ]
    return constraints + [(str(index.name), [column.name for column in index.columns]) for index in table.indexes if index.unique]


def test_account_id_leads_every_key() -> None:
    tables = [table for table in metadata.sorted_tables if table.name not in GLOBAL_TABLES]
    assert len(tables) >= 15
    for table in tables:
        for name, columns in _keys(table):
            of_the_catalog = columns[0] == "plan_owner_id"  # the account itself, or the platform
            assert columns[0] == "account_id" or of_the_catalog, f"{table.name}: {name} begins with {columns[0]}"


async def test_these_are_all_public_routes(billing: Billing) -> None:
    documented = billing.app.openapi()["paths"]
    listed = {(method.upper(), path) for path, operations in documented.items() for method in operations}
    assert {(method, route.path) for method, route in _routes(billing, "/v1/")} == listed
    assert len(_creators(billing)) > 20


async def _ids(billing: Billing, neighbour: Creator) -> dict[str, str]:
    key = ok(await neighbour.post("/v1/api-keys", {"name": "Second"}), 201)
    (card,) = (await neighbour.get("/v1/payment-methods"))["data"]
    return {
        "api_key_id": key["id"],
        "payment_method_id": card["id"],
        "invoice_id": (await neighbour.invoices())[-1]["id"],
        "account_id": str(neighbour.id),
    }


async def _seen(creator: Creator) -> list[Any]:
    """All that a creator can see of their own."""
    paths = ("/v1/account", "/v1/subscription", "/v1/usage", "/v1/payment-methods", "/v1/invoices", "/v1/credit-entries")
    return [await creator.get(path) for path in (*paths, "/v1/usage/items", "/v1/account/standing-history")]


async def test_no_route_shows_or_changes_what_is_another_creators(billing: Billing) -> None:
    neighbour = (await in_arrears(billing)).creator
    stranger = await billing.open_account()
    ids, before = await _ids(billing, neighbour), await _seen(neighbour)
    asked = 0
    for method, route in _creators(billing):
        path = route.path
        body = BODIES.get((method, path))
        needs_body = route.body_field is not None and route.body_field.field_info.is_required()
        assert (body is not None) == needs_body or (method, path) in OPEN_TO_ALL, f"teach this test the body of {method} {path}"
        if "{" not in path:
            continue
        answer = await billing.http.request(method, path.format(**ids), headers=stranger.headers, json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), f"{method} {path}: {answer.text}"
        asked += 1
    assert asked >= 6
    assert await _seen(neighbour) == before


async def test_routes_without_an_id_speak_of_ones_own(billing: Billing) -> None:
    """Nothing of a neighbour's shows in any answer, and nothing of the neighbour's changes."""
    neighbour = (await in_arrears(billing)).creator
    await billing.custom_plan(neighbour, code="agency-of-the-neighbour")
    ids, before = await _ids(billing, neighbour), await _seen(neighbour)
    stranger = await billing.subscribed("starter_monthly")
    secrets = {*ids.values(), before[0]["email"], "agency-of-the-neighbour"}
    for method, route in _creators(billing):
        if "{" in route.path or (method, route.path) == ("POST", "/v1/accounts"):
            continue
        body = BODIES.get((method, route.path))
        answer = await billing.http.request(method, route.path, headers=stranger.headers, json=body)
        assert answer.status_code < 500
        assert not [secret for secret in secrets if secret in answer.text], f"{method} {route.path}"
    assert await _seen(neighbour) == before


async def test_what_a_body_names_is_ones_own(billing: Billing) -> None:
    """A card and a plan of another creator's are none."""
    neighbour = (await in_arrears(billing)).creator
    await billing.custom_plan(neighbour, code="agency")
    ids = await _ids(billing, neighbour)
    owing = (await in_arrears(billing)).creator
    mine = (await owing.invoices())[-1]["id"]
    refused(await owing.post(f"/v1/invoices/{mine}/pay", {"payment_method_id": ids["payment_method_id"]}), 404, "not_found")
    stranger = await billing.open_account()
    for path in ("/v1/subscription/preview", "/v1/subscription/change"):
        refused(await stranger.post(path, {"plan": "agency"}), 404, "plan_unknown")


async def test_every_route_asks_who_it_is(billing: Billing, creator: Creator) -> None:
    nobody: tuple[dict[str, str], ...] = ({}, {"Authorization": "Bearer mp_unknown"}, {"Authorization": "Basic eDp5"})
    names = dict.fromkeys(("api_key_id", "payment_method_id", "invoice_id", "account_id", "batch_id"), str(new_id()))
    for method, route in [*_routes(billing, "/v1/"), *_routes(billing, "/internal/")]:
        if (method, route.path) in OPEN_TO_ALL:
            continue
        guarded = route.path.startswith(("/v1/operator", "/v1/sandbox", "/internal"))
        for headers in (*nobody, *([creator.headers] if guarded else [])):
            answer = await billing.http.request(method, route.path.format(**names), headers=headers)
            refused(answer, 401, "unauthorized")
