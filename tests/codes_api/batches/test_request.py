"""Asking for codes: the quote, every refusal, and asking twice."""

import asyncio

import pytest
from shared.contracts.accounts import Standing
from shared.errors import DependencyUnavailableError
from sqlalchemy import text

from tests.support.billing_stand_in import Refusal
from tests.support.codes_api import Codes, Shop

TEN_CENTS = {"amount": 10, "currency": "USD"}


async def _refused(shop: Shop, wish: object) -> tuple[int, str]:
    answer = await shop.creator.post(f"{shop.path}/batches", wish)
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_the_quote_and_the_request_agree(codes: Codes) -> None:
    shop = await codes.shop(free_codes=3)
    question = {"plan_id": shop.plan_id, "quantity": 50}
    quote = await shop.creator.made(f"{shop.path}/batches/quote", question)
    assert quote == {"included": 3, "overage": 47, "fee": {"amount": 141, "currency": "USD"}}

    answer = await shop.creator.post(f"{shop.path}/batches", shop.wish(50, accept_fee=quote["fee"], label=" Spring "))
    assert answer.status_code == 202
    batch = answer.json()
    assert {name: batch[name] for name in ("included", "overage", "fee")} == quote
    assert (batch["status"], batch["delivery"], batch["quantity"], batch["generated"]) == ("queued", "waiting", 50, 0)
    assert (batch["label"], batch["expiry"], batch["expires_at"]) == ("Spring", {"preset": "no_expiry", "days": None}, None)
    async with codes.state.database.transaction() as session:
        events = (await session.execute(text("SELECT payload FROM outbox WHERE type = 'batch.requested'"))).scalars().all()
    assert events == [{"batch_id": batch["id"]}]


async def test_a_fee_that_was_not_accepted_comes_back_with_the_fresh_quote(codes: Codes) -> None:
    shop = await codes.shop(free_codes=3)
    quote = {"included": 3, "overage": 47, "fee": {"amount": 141, "currency": "USD"}}
    for offer in (None, {"amount": 140, "currency": "USD"}, {"amount": 141, "currency": "EUR"}):
        refused = await shop.creator.post(f"{shop.path}/batches", shop.wish(50, accept_fee=offer))
        assert (refused.status_code, refused.json()["code"]) == (409, "fee_not_accepted")
        assert refused.json()["quote"] == quote
    assert (await shop.creator.get(f"{shop.path}/batches"))["data"] == []


@pytest.mark.parametrize(
    ("status", "code"), [(402, "payment_method_required"), (409, "exchange_rate_missing"), (403, "account_locked")]
)
async def test_billings_refusals_are_passed_on(codes: Codes, shop: Shop, status: int, code: str) -> None:
    codes.billing.refuse_reservations = Refusal(status, code)
    assert await _refused(shop, shop.wish()) == (status, code)


async def test_quantities(shop: Shop) -> None:
    for quantity in (0, 1001, -1, 10**30):
        assert await _refused(shop, shop.wish(quantity)) == (422, "quantity_out_of_range")
        question = {"plan_id": shop.plan_id, "quantity": quantity}
        answer = await shop.creator.post(f"{shop.path}/batches/quote", question)
        assert (answer.json()["code"], answer.json()["errors"][0]["field"]) == ("quantity_out_of_range", "quantity")
    no_numbers: tuple[object, ...] = ("ten", 1.5, True, None, "3", [])
    for wrong in no_numbers:
        answer = await shop.creator.post(f"{shop.path}/batches", shop.wish(wrong))
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert answer.json()["errors"][0]["field"] == "quantity"
    for quantity in (1, 1000):
        assert (await shop.creator.post(f"{shop.path}/batches", shop.wish(quantity))).status_code == 202


async def test_expiries(codes: Codes, shop: Shop) -> None:
    made = await shop.creator.made(f"{shop.path}/batches", shop.wish(expiry={"preset": "1_week"}))
    assert made["expiry"] == {"preset": "1_week", "days": None}
    assert made["expires_at"] > made["requested_at"]
    for field, expiry in (
        ("expiry.days", {"preset": "custom"}),
        ("expiry.days", {"preset": "custom", "days": 0}),
        ("expiry.days", {"preset": "custom", "days": 3651}),
        ("expiry.days", {"preset": "custom", "days": "3"}),
        ("expiry.days", {"preset": "1_day", "days": 3}),
        ("expiry.days", {"days": 3}),
        ("expiry.preset", {"preset": "2_days"}),
        ("expiry.hours", {"preset": "1_day", "hours": 3}),
        ("expiry", None),
        ("label", {"preset": "1_day"}),
    ):
        wish = shop.wish(expiry=expiry, **({"label": "x" * 101} if field == "label" else {}))
        refused = await shop.creator.post(f"{shop.path}/batches", wish)
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed"), expiry
        assert refused.json()["errors"][0]["field"] == field, expiry
    assert codes.billing.calls["reserve"] == 1


async def test_each_refusal_in_its_order(codes: Codes) -> None:
    """Everything is wrong at first; mending one thing after the other shows the next refusal."""
    creator = codes.creator(standing=Standing.LOCKED)
    path = f"/projects/{(await creator.made('/projects', {'name': 'Club'}))['id']}"
    plan = {"name": "P", "price": TEN_CENTS, "interval": {"unit": "month"}}
    plan_id = (await creator.made(f"{path}/plans", plan))["id"]
    await creator.ask("PATCH", f"{path}/plans/{plan_id}", {"active": False})
    wish = {"plan_id": path[-36:], "quantity": 0, "consent": False}

    async def refused() -> tuple[int, str]:
        answer = await creator.post(f"{path}/batches", wish)
        return answer.status_code, answer.json()["code"]

    assert await refused() == (422, "consent_required")
    del wish["consent"]
    assert await refused() == (422, "consent_required")
    wish["consent"] = True
    assert await refused() == (422, "quantity_out_of_range")
    wish["quantity"] = 3
    unknown_plan = await creator.post(f"{path}/batches", wish)
    assert (unknown_plan.status_code, unknown_plan.json()["code"]) == (404, "not_found")
    assert "plan_id" in unknown_plan.json()["detail"]
    wish["plan_id"] = plan_id
    assert await refused() == (409, "plan_inactive")
    await creator.ask("PATCH", f"{path}/plans/{plan_id}", {"active": True})
    assert await refused() == (409, "bot_not_connected")
    await creator.put(f"{path}/bot", {"token": codes.gateway.make_bot()})
    assert await refused() == (409, "access_codes_disabled")
    await creator.put(f"{path}/payment-methods/access-codes", {"enabled": True})
    assert await refused() == (403, "account_locked")
    assert codes.billing.calls["reserve"] == 0
    codes.billing.change(creator.key, standing=Standing.GRACE)
    assert (await creator.post(f"{path}/batches", wish)).status_code == 202
    await creator.ask("DELETE", path)
    assert await refused() == (409, "project_archived")


async def test_the_same_key_gives_the_same_batch(codes: Codes, shop: Shop) -> None:
    first = await shop.creator.post(f"{shop.path}/batches", shop.wish(3), key="order-1")
    again = await shop.creator.post(f"{shop.path}/batches", shop.wish(3), key="order-1")
    assert (again.status_code, again.json()) == (202, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    other = await shop.creator.post(f"{shop.path}/batches", shop.wish(4), key="order-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    neighbour = await codes.shop(bot_id=2002)  # the same key of another account is another key
    assert (await neighbour.creator.post(f"{neighbour.path}/batches", neighbour.wish(3), key="order-1")).status_code == 202
    assert len((await shop.creator.get(f"{shop.path}/batches"))["data"]) == 1
    assert len(codes.billing.reservations) == 2


async def test_a_refusal_is_kept_for_its_key_and_a_malformed_request_is_not(codes: Codes, shop: Shop) -> None:
    bad = await shop.creator.post(f"{shop.path}/batches", shop.wish("ten"), key="k")
    assert bad.status_code == 422
    codes.billing.refuse_reservations = Refusal(402, "payment_method_required")
    for _ in range(2):
        refused = await shop.creator.post(f"{shop.path}/batches", shop.wish(3), key="k")
        assert (refused.status_code, refused.json()["code"]) == (402, "payment_method_required")
        codes.billing.refuse_reservations = None
    assert codes.billing.calls["reserve"] == 1


async def test_the_same_key_in_parallel(codes: Codes, shop: Shop) -> None:
    asked = [shop.creator.post(f"{shop.path}/batches", shop.wish(3), key="once") for _ in range(8)]
    answers = await asyncio.gather(*asked)
    accepted = [answer.json()["id"] for answer in answers if answer.status_code == 202]
    others = {answer.json()["code"] for answer in answers if answer.status_code != 202}
    assert accepted
    assert len(set(accepted)) == 1
    assert others <= {"request_in_progress"}
    assert len((await shop.creator.get(f"{shop.path}/batches"))["data"]) == 1
    assert len(codes.billing.reservations) == 1


async def test_a_crash_between_reserving_and_writing(codes: Codes, shop: Shop) -> None:
    """The second transaction can't happen; the retry goes on with the same batch and the same reservation."""
    path = f"{shop.path}/batches"
    async with codes.state.database.transaction() as session:
        await session.execute(text("ALTER TABLE batches ADD CONSTRAINT broken CHECK (false) NOT VALID"))
    broken = await shop.creator.post(path, shop.wish(3), key="k")
    assert broken.status_code == 500
    assert (await shop.creator.get(path))["data"] == []
    (reserved,) = codes.billing.reservations

    async with codes.state.database.transaction() as session:
        await session.execute(text("ALTER TABLE batches DROP CONSTRAINT broken"))
    mended = await shop.creator.post(path, shop.wish(3), key="k")
    assert (mended.status_code, mended.json()["id"]) == (202, str(reserved))
    assert list(codes.billing.reservations) == [reserved]
    assert codes.billing.calls["reserve"] == 2


async def test_billing_is_away_when_the_quota_is_to_be_reserved(codes: Codes, shop: Shop) -> None:
    codes.billing.refuse_reservations = DependencyUnavailableError("The database")
    away = await shop.creator.post(f"{shop.path}/batches", shop.wish(3), key="k")
    assert (away.status_code, away.json()["code"]) == (503, "dependency_unavailable")
    assert int(away.headers["retry-after"]) > 0
    assert (await shop.creator.get(f"{shop.path}/batches"))["data"] == []
    codes.billing.refuse_reservations = None
    assert (await shop.creator.post(f"{shop.path}/batches", shop.wish(3), key="k")).status_code == 202
