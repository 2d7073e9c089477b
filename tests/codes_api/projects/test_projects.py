"""Projects: make, list, look at, rename, archive; the plan's limit."""

from uuid import UUID

import pytest
from codes_api.projects.create import create_project
from codes_api.projects.errors import ProjectLimitReachedError
from codes_api.projects.models import Project
from codes_api.tenants.models import Tenant
from shared.db import Database
from shared.ids import new_id
from sqlalchemy.ext.asyncio import AsyncSession

from tests.support.codes_api import Codes, Shop
from tests.support.codes_world import World
from tests.support.races import overlapping


async def test_a_project_lives(codes: Codes) -> None:
    creator = codes.creator()
    made = await creator.post("/projects", {"name": "  Alpine Club "})
    assert made.status_code == 201
    project = made.json()
    assert project["name"] == "Alpine Club"
    assert (project["bot"], project["access_codes_enabled"], project["archived_at"]) == (None, False, None)
    assert UUID(project["id"]).version == 7

    path = f"/projects/{project['id']}"
    renamed = await creator.ask("PATCH", path, {"name": "Ridge Club"})
    assert renamed.json() == {**project, "name": "Ridge Club"}
    assert await creator.get(path) == renamed.json()

    assert (await creator.ask("DELETE", path)).status_code == 204
    assert (await creator.ask("DELETE", path)).status_code == 204
    assert (await creator.get("/projects"))["data"] == []
    (archived,) = (await creator.get("/projects", archived="true"))["data"]
    assert archived["archived_at"] is not None
    assert await creator.get(path) == archived
    refused = await creator.ask("PATCH", path, {"name": "Again"})
    assert (refused.status_code, refused.json()["code"]) == (409, "project_archived")


async def test_names(codes: Codes) -> None:
    creator = codes.creator()
    for name in ("", "   ", "x" * 101, "a\nb", "nul\u0000", "tab\there", "line\u2028end", 7, None):
        refused = await creator.post("/projects", {"name": name})
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed"), name
        assert refused.json()["errors"][0]["field"] == "name"
    assert (await creator.made("/projects", {"name": "é" * 100}))["name"] == "é" * 100
    refused = await creator.post("/projects", {"name": "Club", "colour": "red"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "colour")


async def test_the_list_goes_on_with_its_cursor(codes: Codes) -> None:
    creator = codes.creator(projects=None)
    made = [(await creator.made("/projects", {"name": f"Club {number}"}))["id"] for number in range(5)]
    seen: list[str] = []
    cursor = None
    for expected in (2, 2, 1):
        page = await creator.get("/projects", limit=2, **({} if cursor is None else {"cursor": cursor}))
        assert len(page["data"]) == expected
        seen += [project["id"] for project in page["data"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert seen == made[::-1]


async def test_a_page_that_is_none(codes: Codes) -> None:
    creator = codes.creator()
    for query in ("cursor=nonsense", "cursor=WyJhIl0", "cursor=WzFd", "limit=0", "limit=101", "limit=many"):
        refused = await creator.ask("GET", f"/projects?{query}")
        assert refused.status_code == 422
        assert refused.json()["code"] == ("invalid_cursor" if "cursor" in query else "validation_failed"), query


async def test_the_plans_limit_counts_active_projects(codes: Codes) -> None:
    creator = codes.creator(projects=2)
    first = await creator.made("/projects", {"name": "One"})
    await creator.made("/projects", {"name": "Two"})
    refused = await creator.post("/projects", {"name": "Three"})
    assert (refused.status_code, refused.json()["code"]) == (409, "project_limit_reached")
    assert (refused.json()["used"], refused.json()["limit"]) == (2, 2)

    await creator.ask("DELETE", f"/projects/{first['id']}")
    await creator.made("/projects", {"name": "Three"})
    codes.billing.change(creator.key, projects=3)
    await creator.made("/projects", {"name": "Four"})
    assert (await codes.internal.account_usage(creator.account_id)).projects == 3


@pytest.mark.parametrize("guarded", [True, False], ids=["guarded", "without the lock"])
async def test_two_that_ask_for_the_last_place(
    codes_database: Database, world: World, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    await world.rows("UPDATE tenants SET projects_limit = 2 WHERE account_id = :account")
    if not guarded:

        async def unlocked(session: AsyncSession, *, account_id: UUID) -> Tenant:
            return await session.get_one(Tenant, account_id)

        monkeypatch.setattr("codes_api.projects.create.lock_tenant", unlocked)

    async def create(session: AsyncSession) -> Project:
        return await create_project(session, account_id=world.account_id, project_id=new_id(), name="Last", now=world.now)

    _, second = await overlapping(codes_database, create, create)
    assert isinstance(second, ProjectLimitReachedError) == guarded
    assert await world.count(Project) == (2 if guarded else 3)


async def test_a_rename_reaches_the_bot(codes: Codes, shop: Shop) -> None:
    await shop.creator.ask("PATCH", shop.path, {"name": "Ridge"})
    assert (await codes.internal.project_bot(shop.creator.account_id, shop.project_id)).project_name == "Ridge"


async def test_archiving_frees_the_bot(codes: Codes, shop: Shop) -> None:
    assert (await shop.creator.ask("DELETE", shop.path)).status_code == 204
    assert (await codes.internal.bots()).data == []
    assert (await shop.creator.get(shop.path))["bot"] is None
    other = await codes.shop(bot_id=1001)
    assert (await other.creator.get(other.path))["bot"]["bot_id"] == 1001


async def test_a_post_sent_again_makes_one_project(codes: Codes) -> None:
    creator = codes.creator()
    first = await creator.post("/projects", {"name": "Club"}, key="k1")
    again = await creator.post("/projects", {"name": "Club"}, key="k1")
    assert (again.status_code, again.json()) == (201, first.json())
    other = await creator.post("/projects", {"name": "Other"}, key="k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len((await creator.get("/projects"))["data"]) == 1
