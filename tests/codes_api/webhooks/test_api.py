"""The webhooks of a project, as their creator sees them."""

import asyncio
import base64
from typing import Any

import pytest
from cryptography.fernet import Fernet
from shared.ids import new_id
from standardwebhooks import Webhook, WebhookVerificationError

from tests.codes_api.webhooks.conftest import Hooks, Json
from tests.support.clock import MovableClock
from tests.support.codes_api import codes_running


async def test_what_is_made_can_be_seen_and_its_secret_once(hooks: Hooks) -> None:
    made = await hooks.add(description="CRM", events=["membership.ended", "membership.ended", "access_code.redeemed"])
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    assert made["events"] == ["membership.ended", "access_code.redeemed"]
    assert (made["enabled"], made["description"], made["disabled_at"], made["failing_since"]) == (True, "CRM", None, None)
    assert await hooks.look(made) == made
    assert (await hooks.shop.creator.get(hooks.path))["data"] == [made]


async def test_secrets_are_sealed_at_rest(hooks: Hooks) -> None:
    made = await hooks.add()
    await hooks.shop.creator.made(f"{hooks.path}/{made['id']}/rotate-secret", None)
    (row,) = await hooks.rows("SELECT secret_sealed, previous_secret_sealed FROM webhook_endpoints")
    raw = base64.b64decode(made["secret"].removeprefix("whsec_"))
    for sealed in row:
        assert made["secret"].encode() not in sealed
        assert raw not in sealed


async def test_the_same_key_makes_one(hooks: Hooks) -> None:
    body = {"url": f"{hooks.receiver.url}/a"}
    first, second = [(await hooks.shop.creator.post(hooks.path, body, key="k")).json() for _ in range(2)]
    assert first == second
    assert len((await hooks.shop.creator.get(hooks.path))["data"]) == 1


async def test_changes(hooks: Hooks) -> None:
    made = await hooks.add(description="CRM")
    path = f"{hooks.path}/{made['id']}"

    async def change(**body: Any) -> Json:
        answer = await hooks.shop.creator.ask("PATCH", path, body)
        assert answer.is_success, answer.text
        changed: Json = answer.json()
        return changed

    assert (await change())["description"] == "CRM"
    assert (await change(url=f"{hooks.receiver.url}/new"))["url"].endswith("/new")
    assert (await change(events=["membership.ended"]))["events"] == ["membership.ended"]
    assert (await change(description=None))["description"] is None
    off = await change(enabled=False)
    assert (off["enabled"], off["disabled_reason"]) == (False, "creator")
    assert off["disabled_at"] is not None
    assert (await change(enabled=False))["disabled_at"] == off["disabled_at"]
    on = await change(enabled=True)
    assert (on["enabled"], on["disabled_at"], on["disabled_reason"]) == (True, None, None)
    wrong: list[Json] = [{"url": None}, {"events": None}, {"events": []}, {"events": ["x"]}]
    wrong += [{"enabled": None}, {"enabled": "yes"}, {"x": 1}]
    for body in wrong:
        answer = await hooks.shop.creator.ask("PATCH", path, body)
        assert (answer.status_code, answer.json()["errors"][0]["field"].partition(".")[0]) == (422, next(iter(body)))


async def test_what_is_refused(hooks: Hooks) -> None:
    good = "http://example.com"
    refused: list[tuple[Json, str]] = [
        ({}, "url"),
        ({"url": ""}, "url"),
        ({"url": "example.com"}, "url"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "http://u:p@example.com"}, "url"),
        ({"url": f"{good}/{'a' * 2000}"}, "url"),
        ({"url": good, "events": []}, "events"),
        ({"url": good, "events": ["webhook.test"]}, "events.0"),
        ({"url": good, "description": "a" * 101}, "description"),
        ({"url": good, "secret": "mine"}, "secret"),
    ]
    for body, field in refused:
        answer = await hooks.shop.creator.post(hooks.path, body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), body


async def test_ten_a_project_also_at_once(hooks: Hooks) -> None:
    body = {"url": f"{hooks.receiver.url}/a"}
    answers = await asyncio.gather(*(hooks.shop.creator.post(hooks.path, body) for _ in range(14)))
    assert sorted(answer.status_code for answer in answers) == [201] * 10 + [409] * 4
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"webhook_limit_reached"}
    first = (await hooks.shop.creator.get(hooks.path))["data"][0]
    assert (await hooks.shop.creator.ask("DELETE", f"{hooks.path}/{first['id']}")).status_code == 204
    assert (await hooks.shop.creator.post(hooks.path, body)).status_code == 201


async def test_pages(hooks: Hooks) -> None:
    made = [(await hooks.add(f"/{n}"))["id"] for n in range(5)]
    seen, cursor = [], None
    while True:
        page = await hooks.shop.creator.get(hooks.path, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in page["data"]]
        if (cursor := page["next_cursor"]) is None:
            break
    assert seen == made[::-1]


async def test_an_archived_project_takes_none(hooks: Hooks) -> None:
    await hooks.shop.creator.ask("DELETE", hooks.shop.path)
    answer = await hooks.shop.creator.post(hooks.path, {"url": hooks.receiver.url})
    assert (answer.status_code, answer.json()["code"]) == (409, "project_archived")


async def test_a_test_and_its_log(hooks: Hooks) -> None:
    made = await hooks.add(events=["membership.ended"])
    asked = await hooks.shop.creator.post(f"{hooks.path}/{made['id']}/test")
    assert (asked.status_code, asked.json()["status"], asked.json()["attempts"]) == (202, "pending", [])
    (one,) = await hooks.arrived(1)  # at once, without a round of the cron
    await hooks.send()
    message = one.verified(made["secret"])
    assert message["type"] == "webhook.test"
    assert message["data"] == {"project_id": str(hooks.shop.project_id), "webhook_id": made["id"]}
    (delivery,) = await hooks.log(made)
    assert (delivery["id"], delivery["type"], delivery["status"]) == (one.id, "webhook.test", "delivered")
    (attempt,) = delivery["attempts"]
    assert (attempt["number"], attempt["status_code"], attempt["error"]) == (1, 204, None)
    assert attempt["duration_ms"] >= 0
    assert delivery["delivered_at"] == attempt["attempted_at"]


async def test_the_log_is_filtered_and_paged(hooks: Hooks) -> None:
    made = await hooks.add()
    good = [(await hooks.test(made))["id"] for _ in range(3)]
    await hooks.send()
    hooks.receiver.status = 500
    bad = (await hooks.test(made))["id"]
    await hooks.send()
    assert [one["id"] for one in await hooks.log(made)] == [bad, *good[::-1]]
    assert [one["id"] for one in await hooks.log(made, status="pending")] == [bad]
    assert [one["id"] for one in await hooks.log(made, status="delivered", limit=2)] == good[:0:-1]
    assert await hooks.log(made, status="failed") == []
    assert (await hooks.shop.creator.ask("GET", f"{hooks.path}/{made['id']}/deliveries?status=x")).status_code == 422
    assert (await hooks.shop.creator.ask("GET", f"{hooks.path}/{made['id']}/deliveries?cursor=x")).status_code == 422


async def test_both_secrets_sign_for_a_day(hooks: Hooks) -> None:
    made = await hooks.add()
    rotated = await hooks.shop.creator.made(f"{hooks.path}/{made['id']}/rotate-secret", None)
    old, new = made["secret"], rotated["secret"]
    assert old != new
    assert rotated["old_secret_valid_until"] is not None
    await hooks.test(made)
    hooks.codes.clock.advance(hours=23, minutes=59)
    await hooks.test(made)
    await hooks.send()
    assert len(hooks.receiver.received) == 2
    for one in hooks.receiver.received:
        assert one.verified(old) == one.verified(new)
        assert len(one.headers["webhook-signature"].split(" ")) == 2
    hooks.codes.clock.advance(minutes=1)
    await hooks.test(made)
    await hooks.send()
    last = hooks.receiver.received[-1]
    last.verified(new)
    with pytest.raises(WebhookVerificationError):
        last.verified(old)
    assert (await hooks.look(made))["old_secret_valid_until"] is None


async def test_what_was_changed_on_the_way_is_not_believed(hooks: Hooks) -> None:
    made = await hooks.add()
    await hooks.test(made)
    await hooks.send()
    (one,) = hooks.receiver.received
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(one.body + b" ", one.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(one.body, {**one.headers, "webhook-id": str(new_id())})


async def test_deleting_takes_the_log_along(hooks: Hooks) -> None:
    made = await hooks.add()
    await hooks.test(made)
    await hooks.send()
    assert (await hooks.shop.creator.ask("DELETE", f"{hooks.path}/{made['id']}")).status_code == 204
    assert (await hooks.shop.creator.ask("GET", f"{hooks.path}/{made['id']}")).status_code == 404
    assert await hooks.rows("SELECT FROM webhook_deliveries") == await hooks.rows("SELECT FROM webhook_attempts") == []


async def test_what_is_another_creators_does_not_exist(hooks: Hooks) -> None:
    made = await hooks.add()
    sent = await hooks.test(made)
    stranger = await hooks.codes.shop(bot_id=2002)
    own = await stranger.creator.made(f"{stranger.path}/webhooks", {"url": f"{hooks.receiver.url}/own"})
    for project, hook in ((hooks.shop.path, made), (stranger.path, made), (stranger.path, own)):
        base = f"{project}/webhooks/{hook['id']}"
        asked = [("POST", f"{base}/deliveries/{sent['id']}/resend", None)]
        if hook is made:
            asked += [("GET", base, None), ("GET", f"{base}/deliveries", None), ("POST", f"{base}/test", None)]
            asked += [("POST", f"{base}/rotate-secret", None), ("DELETE", base, None), ("PATCH", base, {"enabled": False})]  # type: ignore[list-item]
        for method, path, body in asked:
            answer = await stranger.creator.ask(method, path, body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), f"{method} {path}"
    assert (await hooks.look(made))["enabled"]


async def test_production_wants_https_and_a_public_server(codes_database_url: str, redis_url: str, clock: MovableClock) -> None:
    secrets = {"service_token": "a-token-of-sixteen-or-more", "encryption_key": Fernet.generate_key().decode()}
    async with codes_running(codes_database_url, redis_url, clock, sandbox=False, **secrets) as codes:
        creator = codes.creator()
        project = (await creator.made("/projects", {"name": "Club"}))["id"]
        path = f"/projects/{project}/webhooks"
        for url in (
            "http://example.com/",
            "https://127.0.0.1/",
            "https://localhost:8443/a",
            "https://[::1]/",
            "https://10.1.2.3/",
        ):
            answer = await creator.post(path, {"url": url})
            assert (answer.status_code, answer.json()["code"]) == (422, "webhook_url_invalid"), url
            assert answer.json()["errors"][0]["field"] == "url"
        public = (await creator.made(path, {"url": "https://8.8.8.8/hook"}))["id"]
        inside = await creator.ask("PATCH", f"{path}/{public}", {"url": "https://169.254.169.254/"})
        assert (inside.status_code, inside.json()["code"]) == (422, "webhook_url_invalid")
