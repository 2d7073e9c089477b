import httpx

from tests.billing_api.running import Billing, Creator, ok, refused, together


async def test_a_replay_gives_the_first_answer(billing: Billing) -> None:
    body = {"email": "ada@example.com", "name": "Ada"}
    headers = {"Idempotency-Key": "open-1"}
    first = await billing.http.post("/v1/accounts", json=body, headers=headers)
    again = await billing.http.post("/v1/accounts", json=body, headers=headers)
    assert ok(first, 201) == ok(again, 201)
    assert again.headers["idempotent-replayed"] == "true"
    assert await billing.one("SELECT count(*) FROM accounts") == 1


async def test_a_stranger_elsewhere_is_not_given_the_first_one_s_api_key(billing: Billing) -> None:
    body, headers = {"email": "ada@example.com", "name": "Ada"}, {"Idempotency-Key": "1"}
    first = ok(await billing.http.post("/v1/accounts", json=body, headers=headers), 201)
    elsewhere = httpx.ASGITransport(billing.app, client=("203.0.113.9", 4711))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://billing") as stranger:
        second = ok(await stranger.post("/v1/accounts", json=body, headers=headers), 201)
    assert first["account"]["id"] != second["account"]["id"]
    assert first["api_key"] != second["api_key"]


async def test_another_body_with_the_same_key_is_refused(creator: Creator) -> None:
    ok(await creator.post("/v1/api-keys", {"name": "One"}, key="k"), 201)
    refused(await creator.post("/v1/api-keys", {"name": "Two"}, key="k"), 422, "idempotency_key_reused")


async def test_the_same_key_in_parallel_has_one_effect(billing: Billing, creator: Creator) -> None:
    answers = await together(*(creator.post("/v1/api-keys", {"name": "One"}, key="k") for _ in range(8)))
    kinds = {(answer.status_code, answer.json().get("code")) for answer in answers}
    assert kinds <= {(201, None), (409, "request_in_progress")}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert await billing.one("SELECT count(*) FROM api_keys") == 2


async def test_without_a_key_each_request_has_its_effect(billing: Billing, creator: Creator) -> None:
    await together(*(creator.post("/v1/api-keys", {"name": "One"}) for _ in range(3)))
    assert await billing.one("SELECT count(*) FROM api_keys") == 4


async def test_a_refusal_is_replayed_too(creator: Creator) -> None:
    first = await creator.change("starter_monthly", key="k")
    refused(first, 402, "payment_method_required")
    await creator.add_card()
    assert (await creator.change("starter_monthly", key="k")).json() == first.json()
    ok(await creator.change("starter_monthly", key="another"))


async def test_operators_have_their_own_keys(billing: Billing, creator: Creator) -> None:
    body = {
        "account_id": str(creator.id),
        "code": "agency",
        "name": "Agency",
        "tier": 3,
        "interval": "month",
        "price": {"amount": 19900, "currency": "USD"},
        "limits": {"projects": None, "lifetime_memberships": None, "codes": 2000},
        "fee_rate": "0.005",
    }
    headers = {**billing.operator, "Idempotency-Key": "k"}
    first = await billing.http.post("/v1/operator/plans", json=body, headers=headers)
    assert ok(await billing.http.post("/v1/operator/plans", json=body, headers=headers), 201) == ok(first, 201)
