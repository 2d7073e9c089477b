"""What keeps creators apart: every key of tenant data begins with the account, every route asks whose it is."""

from collections.abc import Sequence
from typing import Any

from codes_api.api import INTERNAL_ROUTERS, PUBLIC_ROUTERS
from codes_api.main import create_app
from codes_api.schema import GLOBAL_TABLES, metadata
from codes_api.settings import Settings
from fastapi import APIRouter
from fastapi.routing import APIRoute
from shared.ids import new_id
from sqlalchemy import ForeignKeyConstraint, Index, PrimaryKeyConstraint, Table, UniqueConstraint

from tests.support.codes_api import Codes, Shop

TENANT_TABLES = [table for table in metadata.sorted_tables if table.name not in GLOBAL_TABLES]
CHAT = -1001234567890
CODE = "0000-0000-0000-0000"
HOOK = "http://127.0.0.1:9/"
"""Nobody listens there."""


def _keys(table: Table) -> list[tuple[str, list[str]]]:
    constraints = [
        (str(constraint.name), [column.name for column in constraint.columns])
        for constraint in table.constraints
        if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint | ForeignKeyConstraint)
    ]
    unique = [(str(index.name), [column.name for column in index.columns]) for index in table.indexes if index.unique]
    return constraints + unique


def test_account_id_leads_every_key() -> None:
    assert len(TENANT_TABLES) >= 10
    for table in TENANT_TABLES:
        for name, columns in _keys(table):
            assert columns[0] == "account_id", f"{table.name}: {name} begins with {columns[0]}"


def test_only_the_bots_directory_is_global() -> None:
    assert {"bots"} == GLOBAL_TABLES
    (bots,) = (table for table in metadata.sorted_tables if table.name == "bots")
    assert ["account_id", "project_id"] in [columns for _, columns in _keys(bots)]
    assert all(isinstance(index, Index) for index in bots.indexes)


def _routes(routers: Sequence[APIRouter]) -> list[tuple[str, APIRoute]]:
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return [(method, route) for route in routes for method in sorted(route.methods or ())]


PUBLIC = _routes(PUBLIC_ROUTERS)


def test_these_are_all_public_routes() -> None:
    documented = create_app(Settings(sandbox=True)).openapi()["paths"]
    listed = {(method.upper(), path) for path, operations in documented.items() for method in operations}
    assert {(method, route.path) for method, route in PUBLIC} == listed
    assert len(listed) > 15


async def _ids(codes: Codes, shop: Shop) -> dict[str, str]:
    batch = await shop.ready(1)
    async with codes.state.database.transaction() as session:
        connection = await session.connection()
        code = (await connection.exec_driver_sql("SELECT code FROM access_codes")).scalar_one()
    hook = await shop.creator.made(f"{shop.path}/webhooks", {"url": HOOK})
    sent = await shop.creator.made(f"{shop.path}/webhooks/{hook['id']}/test", None)
    codes.gateway.chats[CHAT] = "Lounge"
    await shop.creator.made(f"{shop.path}/chats", {"chat_id": CHAT})
    return {
        "chat_id": str(CHAT),
        "project_id": str(shop.project_id),
        "plan_id": shop.plan_id,
        "batch_id": str(batch.batch_id),
        "code": code,
        "membership_id": str(new_id()),
        "webhook_id": hook["id"],
        "delivery_id": sent["id"],
    }


def _body(method: str, path: str, ids: dict[str, str], token: str) -> dict[str, Any] | None:
    """A body that would be accepted from the owner."""
    below = path.removeprefix("/v1/projects/{project_id}")
    wish = {"plan_id": ids["plan_id"], "quantity": 1}
    bodies: dict[tuple[str, str], dict[str, Any]] = {
        ("PATCH", ""): {"name": "Mine"},
        ("PUT", "/bot"): {"token": token},
        ("PUT", "/payment-methods/access-codes"): {"enabled": False},
        ("POST", "/chats"): {"chat_id": CHAT},
        ("POST", "/plans"): {"name": "P", "price": {"amount": 1, "currency": "USD"}, "interval": {"unit": "day"}},
        ("PATCH", "/plans/{plan_id}"): {"name": "Mine"},
        ("POST", "/batches/quote"): wish,
        ("POST", "/batches"): {**wish, "consent": True},
        ("POST", "/imports"): {"plan_id": ids["plan_id"], "csv": "moved-here-1", "consent": True},
        ("POST", "/webhooks"): {"url": HOOK},
        ("PATCH", "/webhooks/{webhook_id}"): {"enabled": False},
    }
    return bodies.get((method, below))


async def test_no_route_shows_or_changes_what_is_another_creators(codes: Codes, shop: Shop) -> None:
    ids = await _ids(codes, shop)
    stranger = await codes.shop(bot_id=2002)
    token = codes.gateway.make_bot(3003)
    own = {**ids, "project_id": str(stranger.project_id)}
    asked = 0
    for method, route in PUBLIC:
        path = route.path
        if "{" not in path:
            continue
        body = _body(method, path, ids, token)
        needs_body = route.body_field is not None and route.body_field.field_info.is_required()
        assert (body is not None) == needs_body, f"teach this test the body of {method} {path}"
        places = [ids, own] if path.count("{") > 1 else [ids]
        for place in places:  # the neighbour's project; and the neighbour's thing looked for in one's own project
            answer = await stranger.creator.ask(method, path.removeprefix("/v1").format(**place), body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), f"{method} {path}: {answer.text}"
            asked += 1
    assert asked > 15
    untouched = await shop.creator.get(shop.path)
    assert (untouched["name"], untouched["access_codes_enabled"], untouched["archived_at"]) == ("Club", True, None)
    assert untouched["bot"]["bot_id"] == 1001
    assert [chat["chat_id"] for chat in (await shop.creator.get(f"{shop.path}/chats"))["data"]] == [CHAT]
    assert (await shop.creator.get(f"{shop.path}/batches/{ids['batch_id']}"))["counts"]["unredeemed"] == 1


async def test_no_list_shows_what_is_another_creators(codes: Codes, shop: Shop) -> None:
    await _ids(codes, shop)
    stranger = codes.creator()
    assert (await stranger.get("/projects"))["data"] == []


async def test_a_plan_of_another_creator_is_no_plan(codes: Codes, shop: Shop) -> None:
    neighbour = await codes.shop(bot_id=2002)
    for path, wish in ((f"{shop.path}/batches", shop.wish(1)), (f"{shop.path}/batches/quote", {"quantity": 1})):
        answer = await shop.creator.post(path, {**wish, "plan_id": neighbour.plan_id})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "plan_id" in answer.json()["detail"]


async def test_every_route_asks_who_it_is(codes: Codes, shop: Shop) -> None:
    ids = await _ids(codes, shop)
    for method, route in PUBLIC:
        path = route.path
        for headers in ({"Authorization": ""}, {"Authorization": "Bearer mp_unknown"}, {"Authorization": "Basic eDp5"}):
            answer = await shop.creator.ask(method, path.removeprefix("/v1").format(**ids), headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), f"{method} {path}"
            assert answer.headers["www-authenticate"] == "Bearer"


async def test_internal_routes_are_for_services(shop: Shop) -> None:
    names = ("account_id", "project_id", "batch_id", "membership_id")
    internal = _routes(INTERNAL_ROUTERS)
    assert len(internal) > 15
    for method, route in internal:
        path = route.path.format(**dict.fromkeys(names, new_id()), bot_id=1, telegram_id=1, chat_id=-1)
        answer = await shop.creator._http.request(method, path)  # with a creator's key
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), f"{method} {path}"


async def test_ids_that_are_none(shop: Shop) -> None:
    for path in ("/projects/nonsense", f"{shop.path}/plans/1", f"{shop.path}/batches/quote", f"/projects/{new_id()}"):
        answer = await shop.creator.ask("GET", path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
