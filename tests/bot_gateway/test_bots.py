"""Which bots the gateway talks through: at start, by sync, with fresh data."""

import pytest
from pydantic import SecretStr
from shared.clients.gateway import GatewayClient
from shared.contracts.accounts import Branding
from shared.contracts.bots import IdentifyBot
from shared.errors import DependencyUnavailableError, RemoteProblem

from tests.bot_gateway.house import TOKEN, House, Neighbours, gateway, until
from tests.support.refusal import Refusal


def new_secret(house: House) -> None:
    changed = {"webhook_secret": SecretStr("another")}
    house.codes.bots[house.bot_id] = house.codes.bots[house.bot_id].model_copy(update=changed)


async def test_identify(webhook: House) -> None:
    identity = await webhook.client.identify_bot(IdentifyBot(token=webhook.token))
    assert (identity.bot_id, identity.username) == (webhook.bot_id, webhook.username)


@pytest.mark.parametrize(
    "token", ["nonsense", "1:", ":x", "1:a/../b", "1:a?b", "12345:" + "x" * 35, "1:a\u0301", "1:abc\n", "\u0661:abc"]
)
async def test_a_bad_token(webhook: House, token: str) -> None:
    with pytest.raises(RemoteProblem) as refused:
        await webhook.client.identify_bot(IdentifyBot(token=token))
    assert (refused.value.problem_status, refused.value.problem_code) == (422, "bot_token_invalid")
    assert refused.value.extensions["errors"][0]["field"] == "token"
    assert token not in refused.value.detail


async def test_identify_while_telegram_is_away(webhook: House) -> None:
    await webhook.fail_next(method="getMe", status=502)
    with pytest.raises(DependencyUnavailableError):
        await webhook.client.identify_bot(IdentifyBot(token=webhook.token))


async def test_internal_calls_need_the_service_token(webhook: House) -> None:
    for path in ("/internal/bots/identify", "/internal/bots/1/sync", "/internal/deliveries", "/internal/notices"):
        response = await webhook.http.post(path, json={}, headers={"Authorization": "Bearer wrong"})
        assert (response.status_code, response.json()["code"]) == (401, "unauthorized")


async def test_the_list_is_read_as_soon_as_codes_api_answers(around: Neighbours, webhook: House, redis_url: str) -> None:
    webhook.codes.away = True
    async with gateway(around, redis_url, telegram_mode="webhook") as late:
        bots = late.app.state.gateway.bots
        ready = await webhook.http.get(late.url + "/readyz")
        assert ready.status_code == 200
        early = await webhook.http.post(f"{late.url}/telegram/{webhook.bot_id}", json={})
        assert early.status_code == 503
        webhook.codes.away = False
        await until(lambda: bots.get(webhook.bot_id) is not None)


async def test_a_disconnected_bot_is_let_go(both: House) -> None:
    bots = both.running.app.state.gateway.bots
    assert (await both.client.sync_bot(both.bot_id)).listening
    del both.codes.bots[both.bot_id]
    assert not (await both.client.sync_bot(both.bot_id)).listening
    assert bots.get(both.bot_id) is None
    card = (await both.telegram.get(f"/sandbox/bots/{both.username}")).json()
    assert card["webhook_url"] is None
    await both.person().write("/start")
    assert (await both.telegram.get(f"/sandbox/bots/{both.username}")).json()["pending_updates"] == 1


async def test_a_new_token_and_secret_are_taken_over(webhook: House) -> None:
    new_secret(webhook)
    assert (await webhook.client.sync_bot(webhook.bot_id)).listening
    assert (await webhook.feed(501, update_id=1, text="/help")).status_code == 401
    assert "How this works" in (await webhook.person().say("/help"))["text"]


async def test_a_change_without_an_event_is_noticed(both: House) -> None:
    member = both.person()
    assert "Powered by" not in (await member.say("/help"))["text"]
    both.codes.connect(bot_id=both.bot_id, token=both.token, username=both.username, branding=Branding.EVERYWHERE)
    assert "Powered by" in (await member.say("/help"))["text"]


async def test_a_bot_that_is_gone_without_an_event_falls_silent(both: House) -> None:
    member = both.person()
    await member.say("/help")
    both.codes.bots.clear()
    await member.write("/help")
    await until(lambda: both.running.app.state.gateway.bots.get(both.bot_id) is None)
    assert len(await member.heard()) == 1


async def test_a_bot_that_is_disconnected_while_it_answers_is_silent(both: House) -> None:
    member = both.person()
    await member.say("/help")
    both.codes.refusals["ABCDEFGHJKMNPQRS"] = Refusal(404, "not_found")
    both.codes.leaving = True
    await member.write("ABCD-EFGH-JKMN-PQRS")
    assert "How this works" in (await member.say("/help"))["text"]
    assert len(await member.heard()) == 2


async def test_a_refused_webhook_is_tried_again(webhook: House) -> None:
    await webhook.fail_next(method="setWebhook", status=500)
    new_secret(webhook)
    assert (await webhook.client.sync_bot(webhook.bot_id)).listening


async def test_the_whole_list_is_read_again(around: Neighbours, webhook: House, redis_url: str) -> None:
    async with (
        gateway(around, redis_url, telegram_mode="webhook", bots_reload_seconds=0.05) as running,
        GatewayClient("bot-gateway", running.url, TOKEN, retry=False),
    ):
        bots = running.app.state.gateway.bots
        await until(lambda: bots.get(webhook.bot_id) is not None)
        webhook.codes.bots.clear()
        await until(lambda: bots.get(webhook.bot_id) is None)
