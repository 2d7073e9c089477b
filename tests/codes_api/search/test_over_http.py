"""Codes and memberships over HTTP: what a creator sees, and what another creator does not."""

from datetime import timedelta
from uuid import uuid4

import pytest
from shared.contracts.batches import ReportDelivery
from shared.contracts.redemptions import TypedCode
from shared.errors import RemoteProblem

from tests.support.codes_api import Shop

ANNA, BEN = 700_001, 700_002


async def test_a_row_of_the_list(shop: Shop) -> None:
    batch = await shop.ready(3, label="Spring", expiry={"preset": "1_week"})
    page = await shop.creator.get(f"{shop.path}/codes", limit=2)
    assert len(page["data"]) == 2
    assert page["next_cursor"] is not None
    row = page["data"][0]
    assert row["join_link"] == f"https://t.me/club1001_bot?start=code_{row['code']}"
    assert (row["status"], row["label"], row["plan_name"]) == ("unredeemed", "Spring", "Monthly")
    assert (row["plan_id"], row["batch_id"]) == (shop.plan_id, str(batch.batch_id))
    assert row["redeemed_by"] is row["redeemed_at"] is row["membership_id"] is row["revoked_at"] is None
    rest = await shop.creator.get(f"{shop.path}/codes", limit=2, cursor=page["next_cursor"])
    assert len(rest["data"]) == 1
    assert rest["next_cursor"] is None


async def test_the_filters(shop: Shop) -> None:
    await shop.ready(2)
    week = await shop.ready(2, expiry={"preset": "1_week"})
    of_week = await shop.creator.get(f"{shop.path}/codes", batch_id=str(week.batch_id))
    (expiring,) = {code["expires_at"] for code in of_week["data"]}

    async def count(**params: str) -> int:
        return len((await shop.creator.get(f"{shop.path}/codes", **params))["data"])

    assert await count(status="unredeemed") == 4
    assert await count(expires_after=expiring) == 2
    assert await count(expires_before=expiring) == 0
    assert await count(plan_id=shop.plan_id, expires_after=expiring) == 2
    shop.codes.clock.advance(days=8)
    for _ in range(2):
        assert await count(status="expired") == 2
        assert await count(status="unredeemed") == 2
        assert await count() == 4
        await shop.codes.internal.run_due()


async def test_bad_filters_name_their_field(shop: Shop) -> None:
    for params in (
        {"limit": 0},
        {"limit": 101},
        {"status": "gone"},
        {"plan_id": "x"},
        {"expires_after": "yesterday"},
        {"expires_after": "2026-01-01T00:00:00"},
        {"expires_before": "0001-01-01T00:00:00+14:00"},
        {"cursor": "nonsense"},
    ):
        response = await shop.creator.ask("GET", f"{shop.path}/codes", params=params)
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == list(params)


async def test_the_timeline_answers_why_a_code_does_not_work(shop: Shop) -> None:
    codes = shop.codes
    batch, claim = await shop.claimed(2)
    codes.clock.advance(minutes=1)
    await codes.internal.report_delivery(batch, ReportDelivery(lease=claim.lease, delivered=2, message_ids=[1, 2]))
    first, second = [code.code for code in claim.codes]
    place = (shop.creator.account_id, shop.project_id)
    codes.clock.advance(hours=1)
    await codes.internal.redeem(*place, TypedCode(text=first, telegram_id=ANNA))
    codes.clock.advance(hours=1)
    with pytest.raises(RemoteProblem):
        await codes.internal.redeem(*place, TypedCode(text=first, telegram_id=BEN))
    detail = await shop.creator.get(f"{shop.path}/codes/{first.lower().replace('-', ' ')}")
    assert detail["status"] == "redeemed"
    assert [(entry["event"], entry["telegram_id"], entry["reason"]) for entry in detail["timeline"]] == [
        ("created", None, None),
        ("delivered", None, None),
        ("redeemed", ANNA, None),
        ("refused", BEN, "code_already_redeemed"),
    ]
    revoked = await shop.creator.ask("DELETE", f"{shop.path}/codes/{second}")
    assert (revoked.status_code, revoked.json()["status"]) == (200, "revoked")
    again = await shop.creator.ask("DELETE", f"{shop.path}/codes/{second}")
    assert again.json() == revoked.json()
    assert [entry["event"] for entry in again.json()["timeline"]] == ["created", "delivered", "revoked"]


async def test_an_expired_code_can_still_be_looked_up(shop: Shop) -> None:
    batch = await shop.ready(1, expiry={"preset": "1_day"})
    (row,) = (await shop.creator.get(f"{shop.path}/codes", batch_id=str(batch.batch_id)))["data"]
    code = row["code"]
    shop.codes.clock.advance(timedelta(days=2))
    before = await shop.creator.get(f"{shop.path}/codes/{code}")
    await shop.codes.internal.run_due()
    after = await shop.creator.get(f"{shop.path}/codes/{code}")
    assert before == after
    assert after["status"] == "expired"
    assert [(entry["event"], entry["at"]) for entry in after["timeline"]] == [
        ("created", after["created_at"]),
        ("expired", after["expires_at"]),
    ]
    refused = await shop.creator.ask("DELETE", f"{shop.path}/codes/{code}")
    assert (refused.status_code, refused.json()["code"]) == (410, "code_expired")


async def test_revoking_a_batch(shop: Shop) -> None:
    batch = await shop.ready(5)
    path = f"{shop.path}/batches/{batch.batch_id}/revoke"
    rows = (await shop.creator.get(f"{shop.path}/codes"))["data"]
    place = (shop.creator.account_id, shop.project_id)
    await shop.codes.internal.redeem(*place, TypedCode(text=rows[0]["code"], telegram_id=ANNA))
    await shop.creator.ask("DELETE", f"{shop.path}/codes/{rows[1]['code']}")
    taken = await shop.creator.ask("DELETE", f"{shop.path}/codes/{rows[0]['code']}")
    assert (taken.status_code, taken.json()["code"]) == (409, "code_already_redeemed")
    first = await shop.creator.post(path, {}, key="once")
    assert first.json()["revoked"] == 3
    assert first.json()["counts"] == {"unredeemed": 0, "redeemed": 1, "expired": 0, "revoked": 4}
    assert first.json() == {**await shop.look(batch), "revoked": 3}
    assert (await shop.creator.post(path, {}, key="once")).json() == first.json()
    assert (await shop.creator.made(path, None))["revoked"] == 0
    assert (await shop.creator.post(path, {"all": True})).status_code == 422


async def test_a_batch_that_is_not_generated_yet_cannot_be_revoked(shop: Shop) -> None:
    batch = await shop.order(5)
    refused = await shop.creator.post(f"{shop.path}/batches/{batch.batch_id}/revoke", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "batch_not_ready")


async def test_another_creator_sees_and_changes_nothing(shop: Shop) -> None:
    batch = await shop.ready(2)
    row = (await shop.creator.get(f"{shop.path}/codes"))["data"][0]
    place = (shop.creator.account_id, shop.project_id)
    given = await shop.codes.internal.redeem(*place, TypedCode(text=row["code"], telegram_id=ANNA))
    other = await shop.codes.shop(bot_id=1002)
    for project in (shop.path, other.path):
        for method, path in (
            ("GET", f"/codes/{row['code']}"),
            ("DELETE", f"/codes/{row['code']}"),
            ("POST", f"/batches/{batch.batch_id}/revoke"),
            ("GET", f"/batches/{batch.batch_id}/codes.csv"),
            ("DELETE", f"/memberships/{given.membership.id}"),
        ):
            response = await other.creator.ask(method, f"{project}{path}")
            assert (response.status_code, response.json()["code"]) == (404, "not_found"), (method, path)
    for path in ("/codes", "/codes.csv", "/memberships"):
        assert (await other.creator.ask("GET", f"{shop.path}{path}")).status_code == 404
        assert (await other.creator.ask("GET", f"/projects/{uuid4()}{path}")).status_code == 404
    assert (await other.creator.get(f"{other.path}/codes"))["data"] == []
    assert (await shop.creator.get(f"{shop.path}/codes/{row['code']}"))["status"] == "redeemed"


async def test_the_docs_name_every_error(shop: Shop) -> None:
    document = (await shop.codes.internal._http.get("/openapi.json")).json()
    prefix = "/v1/projects/{project_id}"
    revoke = document["paths"][f"{prefix}/codes/{{code}}"]["delete"]
    assert {"code_already_redeemed"} <= set(revoke["responses"]["409"]["content"]["application/problem+json"]["examples"])
    assert "text/csv" in document["paths"][f"{prefix}/codes.csv"]["get"]["responses"]["200"]["content"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            assert operation.get("description"), (method, path)
