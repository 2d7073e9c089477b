"""bot-gateway's calls: the statuses and codes of the contract, over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from codes_api.codes.alphabet import canonical, check_symbol, new_code
from shared.contracts.accounts import Standing
from shared.contracts.redemptions import TypedCode
from shared.errors import RemoteProblem

from tests.support.clock import MovableClock
from tests.support.codes_api import Codes, Shop, codes_running
from tests.support.relay import TcpRelay

ANNA, BEN = 700_001, 700_002


async def codes_of(shop: Shop, quantity: int = 1, **wish: object) -> list[str]:
    batch = await shop.ready(quantity, **wish)
    listed = await shop.creator.get(f"{shop.path}/codes", batch_id=str(batch.batch_id))
    return [code["code"] for code in listed["data"]]


def place(shop: Shop) -> tuple[UUID, UUID]:
    return shop.creator.account_id, shop.project_id


async def refusal(shop: Shop, text: str, telegram_id: int = ANNA) -> RemoteProblem:
    """Redeeming and its preview refuse alike."""
    typed = TypedCode(text=text, telegram_id=telegram_id)
    with pytest.raises(RemoteProblem) as previewed:
        await shop.codes.internal.preview_code(*place(shop), typed)
    with pytest.raises(RemoteProblem) as redeemed:
        await shop.codes.internal.redeem(*place(shop), typed)
    first, second = previewed.value, redeemed.value
    assert (first.problem_code, first.problem_status, first.extensions) == (
        second.problem_code,
        second.problem_status,
        second.extensions,
    )
    return second


async def test_a_member_looks_redeems_and_is_one(shop: Shop) -> None:
    (code,) = await codes_of(shop, expiry={"preset": "1_day"})
    typed = TypedCode(text=f"code_{code.lower()}", telegram_id=ANNA)
    seen = await shop.codes.internal.preview_code(*place(shop), typed)
    assert seen.code == canonical(code)
    assert seen.plan.period == "1 month"
    given = await shop.codes.internal.redeem(*place(shop), typed)
    assert (given.repeated, given.extended, given.membership.status) == (False, False, "active")
    assert (await shop.codes.internal.redeem(*place(shop), typed)).repeated
    view = await shop.codes.internal.member_view(*place(shop), ANNA)
    assert view.memberships == [given.membership]
    (listed,) = (await shop.creator.get(f"{shop.path}/memberships"))["data"]
    assert (listed["telegram_id"], listed["code"], listed["status"]) == (ANNA, code, "active")
    assert listed["id"] == str(given.membership.id)
    cancelled = await shop.creator.ask("DELETE", f"{shop.path}/memberships/{listed['id']}")
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await shop.codes.internal.member_view(*place(shop), ANNA)).memberships == []


async def test_the_refusals_and_their_statuses(shop: Shop) -> None:
    used, revoked, fleeting, good = [
        *await codes_of(shop, 2),
        *await codes_of(shop, 1, expiry={"preset": "custom", "days": 1}),
        *await codes_of(shop, 1),
    ]
    await shop.codes.internal.redeem(*place(shop), TypedCode(text=used, telegram_id=BEN))
    await shop.creator.ask("DELETE", f"{shop.path}/codes/{revoked}")
    neighbour = await shop.codes.shop(bot_id=1002)
    (theirs,) = await codes_of(neighbour)
    body = new_code()[:15]
    wrong = body + ("0" if check_symbol(body) != "0" else "1")
    shop.codes.clock.advance(days=1)
    expected = {
        "hello": ("code_mistyped", 422),
        wrong: ("code_mistyped", 422),
        new_code(): ("code_unknown", 404),
        theirs: ("code_unknown", 404),
        used: ("code_already_redeemed", 409),
        revoked: ("code_revoked", 410),
        fleeting: ("code_expired", 410),
    }
    for guesser, (text, answer) in enumerate(expected.items(), start=ANNA + 10):  # each their own: C7 lets nobody guess on
        problem = await refusal(shop, text, guesser)
        assert (problem.problem_code, problem.problem_status) == answer
        assert text not in problem.detail
    before = (await refusal(shop, fleeting)).extensions
    assert set(before) == {"expired_at"}
    await shop.codes.internal.run_due()
    assert (await refusal(shop, fleeting)).extensions == before
    await shop.codes.internal.put_entitlements(shop.codes.billing.change(shop.creator.key, standing=Standing.LOCKED))
    problem = await refusal(shop, good)
    assert (problem.problem_code, problem.problem_status) == ("account_locked", 403)


async def test_no_such_project_and_malformed_bodies(codes: Codes) -> None:
    with pytest.raises(RemoteProblem) as caught:
        await codes.internal.redeem(uuid4(), uuid4(), TypedCode(text="x", telegram_id=1))
    assert (caught.value.problem_code, caught.value.problem_status) == ("not_found", 404)
    path = f"/internal/projects/{uuid4()}/{uuid4()}/redemptions"
    for body in ({"text": "", "telegram_id": 1}, {"text": "x" * 513, "telegram_id": 1}, {"text": "x", "telegram_id": 2**63}):
        response = await codes.internal._http.post(path, json=body)
        assert response.status_code == 422


async def test_only_services_may_ask(shop: Shop) -> None:
    path = f"/../internal/projects/{shop.creator.account_id}/{shop.project_id}/redemptions"
    response = await shop.creator.ask("POST", path, {"text": "x", "telegram_id": 1})
    assert response.status_code == 401


@pytest.fixture
async def relay(codes_database_url: str) -> AsyncIterator[TcpRelay]:
    async with TcpRelay.to_database(codes_database_url) as running:
        yield running


async def test_a_database_that_goes_away_and_comes_back(relay: TcpRelay, redis_url: str, clock: MovableClock) -> None:
    """Away: 503 with Retry-After. Back: every redemption works again, though the pool was full of dead connections."""
    async with codes_running(relay.url, redis_url, clock) as codes:
        shop = await codes.shop()
        made = await codes_of(shop, 12)

        async def attempt(n: int) -> Any:
            path = f"/internal/projects/{shop.creator.account_id}/{shop.project_id}/redemptions"
            return await codes.internal._http.post(path, json={"text": made[n], "telegram_id": n + 1})

        assert [answer.status_code for answer in await asyncio.gather(*(attempt(n) for n in range(5)))] == [200] * 5
        await relay.cut()
        for n in (5, 6):
            answer = await attempt(n)
            assert (answer.status_code, answer.json()["code"]) == (503, "dependency_unavailable")
            assert int(answer.headers["Retry-After"]) > 0
        await relay.mend()
        assert [(await attempt(n)).status_code for n in range(5, 12)] == [200] * 7
