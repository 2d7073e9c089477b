import hashlib

from tests.billing_api.running import Billing, Creator, billing_running, ok, refused, together
from tests.support.clock import MovableClock


async def test_a_new_account_is_on_free_with_one_key(billing: Billing) -> None:
    body = {"email": " Ada@Example.com ", "name": "Ada's Club"}
    opened = ok(await billing.http.post("/v1/accounts", json=body), 201)
    account = opened["account"]
    assert (account["email"], account["name"], account["plan"]) == ("Ada@Example.com", "Ada's Club", "free")
    assert (account["standing"], account["credit_balance"]) == ("active", {"amount": 0, "currency": "USD"})
    shown = await billing.http.get("/v1/account", headers={"Authorization": f"Bearer {opened['api_key']}"})
    assert ok(shown) == account


async def test_only_a_digest_of_the_key_is_kept(billing: Billing, creator: Creator) -> None:
    ((digest, last_four),) = await billing.rows("SELECT digest, last_four FROM api_keys")
    assert digest == hashlib.sha256(creator.key.encode()).digest()
    assert last_four == creator.key[-4:]
    assert creator.key.startswith("mp_")
    assert len(creator.key) == 51


async def test_an_email_address_has_its_form(billing: Billing) -> None:
    slips = ["", "ada", "ada@", "@example.com", "ada@example", "a b@example.com", "a@b@c.de", "a@" + "x" * 260 + ".de"]
    slips.append("a\x00@example.com")
    for email in slips:
        answer = await billing.http.post("/v1/accounts", json={"email": email, "name": "Ada"})
        assert [error["field"] for error in refused(answer, 422, "validation_failed")["errors"]] == ["email"]


async def test_operators_open_accounts_unthrottled(billing_database_url: str, redis_url: str, clock: MovableClock) -> None:
    body = {"email": "ada@example.com", "name": "Ada"}
    async with billing_running(billing_database_url, redis_url, clock, new_accounts_per_hour=1) as billing:
        for _ in range(2):
            opened = ok(await billing.http.post("/v1/operator/accounts", json=body, headers=billing.operator), 201)
            key = {"Authorization": f"Bearer {opened['api_key']}"}
            assert ok(await billing.http.get("/v1/account", headers=key)) == opened["account"]
        refused(await billing.http.post("/v1/operator/accounts", json=body, headers=key), 401, "unauthorized")


async def test_unknown_fields_are_refused(billing: Billing) -> None:
    body = {"email": "ada@example.com", "name": "Ada", "plan": "growth_yearly"}
    problem = refused(await billing.http.post("/v1/accounts", json=body), 422, "validation_failed")
    assert [error["field"] for error in problem["errors"]] == ["plan"]


async def test_several_accounts_may_share_an_address_and_operators_find_them_all(billing: Billing) -> None:
    """Nobody verifies addresses: refusing a second one would only tell strangers who is registered."""
    ada, other = await billing.open_account("ada@example.com"), await billing.open_account("ADA@example.com")
    await billing.open_account("eve@example.com")
    found = await billing.http.get("/v1/operator/accounts", params={"email": "Ada@Example.com "}, headers=billing.operator)
    assert [one["id"] for one in ok(found)["data"]] == [str(other.id), str(ada.id)]


async def test_nobody_gets_in_without_a_good_key(billing: Billing) -> None:
    for given in (None, "Bearer mp_nobody", "Basic eA==", "Bearer mp_" + "a" * 48):
        answer = await billing.http.get("/v1/account", headers={} if given is None else {"Authorization": given})
        refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_public_part_of_a_key_is_not_enough(billing: Billing, creator: Creator) -> None:
    forged = creator.key[:-1] + ("a" if creator.key[-1] != "a" else "b")
    refused(await billing.http.get("/v1/account", headers={"Authorization": f"Bearer {forged}"}), 401, "unauthorized")


async def test_keys_are_made_listed_and_deleted(billing: Billing, creator: Creator) -> None:
    made = ok(await creator.post("/v1/api-keys", {"name": "Website"}), 201)
    second = Creator(billing, creator.id, made["api_key"])
    assert (await second.get("/v1/account"))["id"] == str(creator.id)
    listed = (await creator.get("/v1/api-keys"))["data"]
    assert [(key["name"], key["last_four"]) for key in listed] == [
        ("Website", second.key[-4:]),
        ("First key", creator.key[-4:]),
    ]
    assert all("api_key" not in key and key["last_used_at"] for key in listed)
    assert (await creator.delete(f"/v1/api-keys/{made['id']}")).status_code == 204
    refused(await billing.http.get("/v1/account", headers=second.headers), 401, "unauthorized")


async def test_the_last_key_stays(creator: Creator) -> None:
    (only,) = (await creator.get("/v1/api-keys"))["data"]
    refused(await creator.delete(f"/v1/api-keys/{only['id']}"), 409, "last_api_key")


async def test_two_keys_deleted_at_once_leave_one(billing: Billing, creator: Creator) -> None:
    made = ok(await creator.post("/v1/api-keys", {"name": "Website"}), 201)
    ids = [key["id"] for key in (await creator.get("/v1/api-keys"))["data"]]
    second = Creator(billing, creator.id, made["api_key"])
    answers = await together(*(second.delete(f"/v1/api-keys/{key}") for key in ids))
    assert sorted(answer.status_code for answer in answers) in ([204, 409], [204, 401])
    assert await billing.one("SELECT count(*) FROM api_keys") == 1


async def test_another_creators_key_does_not_exist(billing: Billing, creator: Creator) -> None:
    other = await billing.open_account()
    (theirs,) = (await other.get("/v1/api-keys"))["data"]
    refused(await creator.delete(f"/v1/api-keys/{theirs['id']}"), 404, "not_found")


async def test_lists_go_on_with_a_cursor(creator: Creator) -> None:
    for number in range(4):
        ok(await creator.post("/v1/api-keys", {"name": f"Key {number}"}), 201)
    names, cursor = [], None
    while True:
        page = await creator.get("/v1/api-keys", limit=2, **({"cursor": cursor} if cursor else {}))
        names += [key["name"] for key in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert names == ["Key 3", "Key 2", "Key 1", "Key 0", "First key"]


async def test_bad_pages_are_refused(billing: Billing, creator: Creator) -> None:
    for query in ("limit=0", "limit=101", "limit=ten", "cursor=nonsense", "cursor=WzFd"):
        answer = await billing.http.get(f"/v1/api-keys?{query}", headers=creator.headers)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == query.partition("=")[0]


async def test_opening_accounts_is_throttled_by_address(billing_database_url: str, redis_url: str, clock: MovableClock) -> None:
    async with billing_running(billing_database_url, redis_url, clock, new_accounts_per_hour=2) as billing:
        await billing.open_account()
        await billing.open_account()
        answer = await billing.http.post("/v1/accounts", json={"email": "eve@example.com", "name": "Eve"})
        refused(answer, 429, "rate_limited")
        assert 0 < int(answer.headers["retry-after"]) <= 3600
        assert await billing.one("SELECT count(*) FROM accounts") == 2


async def test_requests_are_limited_by_key(billing_database_url: str, redis_url: str, clock: MovableClock) -> None:
    async with billing_running(billing_database_url, redis_url, clock, rate_limit_per_minute=3) as billing:
        creator, other = await billing.open_account(), await billing.open_account()
        for _ in range(3):
            await creator.get("/v1/account")
        answer = await billing.http.get("/v1/account", headers=creator.headers)
        refused(answer, 429, "rate_limited")
        assert 0 < int(answer.headers["retry-after"]) <= 60
        await other.get("/v1/account")
