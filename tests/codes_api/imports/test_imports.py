"""A creator moves here with codes of another system: all of them come, or none."""

import asyncio
from typing import Any

import httpx
import pytest
from codes_api.codes.alphabet import check_symbol, new_code, shown
from codes_api.codes.code_expiry import ExpiryPreset
from codes_api.codes.import_batch import check_import, write_import
from codes_api.codes.import_errors import ImportRefusedError
from codes_api.codes.import_file import read_file
from codes_api.codes.models import RefusedAttempt
from codes_api.codes.request_batch import BatchWish
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchRef
from shared.contracts.events import EventType
from shared.contracts.quota import QuotaReservation, ReservationState
from shared.contracts.redemptions import Redemption, TypedCode
from shared.db import Database
from shared.errors import RemoteProblem
from shared.ids import new_id
from shared.money import usd
from shared.settings import sqlalchemy_url

from tests.support.background import BackgroundLoop
from tests.support.codes_api import Codes, Shop
from tests.support.codes_world import World

ANNA, BEN = 700_001, 700_002
Json = dict[str, Any]


async def bring(shop: Shop, csv: str, *, key: str | None = None, **changes: object) -> httpx.Response:
    body = {"plan_id": shop.plan_id, "csv": csv, "consent": True, **changes}
    return await shop.creator.post(f"{shop.path}/imports", body, key=key)


async def brought(shop: Shop, csv: str, **changes: object) -> Json:
    """An import that is billed."""
    response = await bring(shop, csv, key=None, **changes)
    assert response.status_code == 201, response.text
    batch: Json = response.json()
    await shop.codes.internal.mark_billed(BatchRef(account_id=shop.creator.account_id, batch_id=batch["id"]))
    return batch


def lines(response: httpx.Response) -> list[tuple[int, str]]:
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "import_refused")
    assert problem["refused"] == len(problem["lines"])
    return [(one["line"], one["reason"]) for one in problem["lines"]]


async def redeem(shop: Shop, text: str, who: int = ANNA) -> Redemption:
    return await shop.codes.internal.redeem(shop.creator.account_id, shop.project_id, TypedCode(text=text, telegram_id=who))


async def refused(shop: Shop, text: str, who: int = ANNA) -> str:
    with pytest.raises(RemoteProblem) as caught:
        await redeem(shop, text, who)
    return caught.value.problem_code


async def listed(shop: Shop, **filters: str) -> list[str]:
    return [code["code"] for code in (await shop.creator.get(f"{shop.path}/codes", **filters))["data"]]


async def test_an_import_is_a_batch(shop: Shop) -> None:
    batch = await brought(shop, "code\nSpring-001\nspring-002\n", label="Old shop", expiry={"preset": "1_month"})
    assert (batch["status"], batch["imported"], batch["quantity"], batch["included"]) == ("ready", True, 2, 2)
    assert (batch["label"], batch["counts"]["unredeemed"]) == ("Old shop", 2)
    look = await shop.creator.get(f"{shop.path}/batches/{batch['id']}")
    assert (look["delivery"], look["delivered"]) == ("delivered", 2)  # its creator has the codes
    assert sorted(await listed(shop, batch_id=batch["id"])) == ["SPRING-001", "SPRING-002"]
    (row, _) = (await shop.creator.get(f"{shop.path}/codes", q="spring-002"))["data"] * 2
    assert row["join_link"] == "https://t.me/club1001_bot?start=code_SPRING-002"
    revoked = await shop.creator.post(f"{shop.path}/batches/{batch['id']}/revoke")
    assert revoked.json()["revoked"] == 2
    assert await refused(shop, "spring-001") == "code_revoked"


async def test_it_is_redeemed_in_any_case(shop: Shop) -> None:
    await brought(shop, "Gold.Member_1\nFREE2024\nTWELVE-34567")
    assert (await redeem(shop, "gold.member_1")).membership.plan.name == "Monthly"
    assert (await redeem(shop, "GOLD.MEMBER_1")).repeated
    assert await refused(shop, " Gold.Member_1 ", BEN) == "code_already_redeemed"
    typed = TypedCode(text="code_free2024", telegram_id=BEN)
    seen = await shop.codes.internal.preview_code(shop.creator.account_id, shop.project_id, typed)
    assert seen.code == "FREE2024"
    assert not (await redeem(shop, "code_free2024", BEN)).repeated
    (membership,) = (await shop.creator.get(f"{shop.path}/memberships", telegram_id=str(BEN)))["data"]
    assert membership["code"] == "FREE2024"
    detail = await shop.creator.get(f"{shop.path}/codes/gold.member_1")
    assert [entry["event"] for entry in detail["timeline"]] == ["created", "redeemed", "refused"]
    assert await refused(shop, "gold.member_2", 3) == "code_mistyped"


async def test_sixteen_letters_and_digits_are_found_with_or_without_dashes(shop: Shop) -> None:
    """As bot-gateway sends them: it takes dashes out of whatever has the form of a generated code."""
    await brought(shop, "WELC-OMEO-2024-GOLD\nabcdIIII-12345678")
    assert sorted(await listed(shop)) == ["ABCDIIII12345678", "WELCOMEO2024GOLD"]
    assert not (await redeem(shop, "WELCOMEO2024GOLD")).repeated
    assert (await redeem(shop, "welc omeo 2024 gold")).repeated
    assert not (await redeem(shop, "ABCD-IIII-1234-5678", BEN)).repeated
    assert lines(await bring(shop, "welcomeo-2024gold")) == [(1, "already_in_project")]


async def test_search_finds_it_as_a_whole_by_its_beginning_and_its_last_group(shop: Shop) -> None:
    await brought(shop, "Old-Shop.0001\nOld-Shop.0002\nOther_00033")
    for q, found in {
        "old-shop.0002": ["OLD-SHOP.0002"],
        "old-sh": ["OLD-SHOP.0002", "OLD-SHOP.0001"],
        "0033": ["OTHER_00033"],
        "old shop": [],
        "%": [],
    }.items():
        assert await listed(shop, q=q) == found, q
    csv = (await shop.creator.ask("GET", f"{shop.path}/codes.csv")).text.splitlines()
    assert [line.split(",")[0] for line in csv[1:]] == ["OTHER_00033", "OLD-SHOP.0002", "OLD-SHOP.0001"]
    assert [line.split(",")[2] for line in csv[1:]] == ["https://t.me/club1001_bot?start=code_OTHER_00033", "", ""]


async def test_links_are_left_out_where_telegram_or_a_button_could_not_hold_them(shop: Shop) -> None:
    await brought(shop, f"{'a' * 56}\n{'b' * 57}")
    rows = (await shop.creator.get(f"{shop.path}/codes"))["data"]
    assert [row["join_link"] is None for row in rows] == [True, False]


async def test_nothing_is_imported_unless_all_is(shop: Shop, codes_database: Database) -> None:
    await shop.ready(2)
    generated = (await listed(shop))[0]
    await brought(shop, "taken-1\ntaken-2")
    response = await bring(shop, f"code\nfresh-1\nTAKEN-2\nabc\n{generated.lower()}\nfresh-1\nfine-02")
    assert lines(response) == [
        (3, "already_in_project"),
        (4, "too_short"),
        (5, "already_in_project"),
        (6, "duplicate_in_file"),
    ]
    assert response.json()["lines"][3]["first_line"] == 2
    assert "TAKEN" not in response.text
    assert generated not in response.text
    assert await listed(shop, q="fresh-1") == []
    world = World(codes_database, shop.creator.account_id, shop.project_id)
    assert await world.one("SELECT count(*) FROM batches") == 2
    assert shop.codes.billing.calls["reserve"] == 2


async def test_expired_codes_are_not_taken_again(shop: Shop) -> None:
    await brought(shop, "fleeting-1", expiry={"preset": "1_day"})
    shop.codes.clock.advance(days=1)
    await shop.codes.internal.run_due()
    assert await refused(shop, "FLEETING-1") == "code_expired"
    assert lines(await bring(shop, "Fleeting-1")) == [(1, "already_in_project")]
    neighbour = await shop.codes.shop(bot_id=1002)
    assert (await bring(neighbour, "fleeting-1")).status_code == 201  # two projects never share codes (C2)


async def test_refusals_of_the_file_as_a_whole(shop: Shop) -> None:
    for csv in ("", "code\n", "\n".join(f"code-{n:04}" for n in range(1001))):
        response = await bring(shop, csv)
        assert (response.json()["code"], response.json()["errors"][0]["field"]) == ("import_refused", "csv")
    assert (await bring(shop, "\n".join(f"code-{n:04}" for n in range(1000)))).status_code == 201
    assert (await bring(shop, "x" * 1_100_000)).status_code == 413


async def test_what_batches_are_refused_for_imports_are_too(shop: Shop) -> None:
    assert (await bring(shop, "abc-001", consent=False)).json()["code"] == "consent_required"
    await shop.creator.put(f"{shop.path}/payment-methods/access-codes", {"enabled": False})
    assert (await bring(shop, "abc-001")).json()["code"] == "access_codes_disabled"
    await shop.creator.put(f"{shop.path}/payment-methods/access-codes", {"enabled": True})
    await shop.codes.internal.put_entitlements(shop.codes.billing.change(shop.creator.key, standing=Standing.LOCKED))
    assert (await bring(shop, "abc-001")).json()["code"] == "account_locked"
    assert await listed(shop) == []


async def test_the_quotas_edge_and_the_fee(codes: Codes) -> None:
    shop = await codes.shop(free_codes=2)
    file = "abc-001\nabc-002\nabc-003"
    response = await bring(shop, file)
    assert (response.status_code, response.json()["code"]) == (409, "fee_not_accepted")
    assert await listed(shop) == []
    fee = response.json()["quote"]["fee"]
    batch = await brought(shop, file, accept_fee=fee)
    assert (batch["included"], batch["overage"], batch["fee"]) == (2, 1, usd(3).model_dump(mode="json"))


async def test_the_same_key_imports_once(shop: Shop) -> None:
    first, second = await bring(shop, "abc-001", key="k"), await bring(shop, "abc-001", key="k")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert (await bring(shop, "abc-002", key="k")).json()["code"] == "idempotency_key_reused"
    assert lines(await bring(shop, "abc-001", key="l")) == [(1, "already_in_project")]


async def test_two_at_once_with_a_code_in_common(shop: Shop, codes_database: Database) -> None:
    """One is imported; the other is refused as a whole and its reservation is given back."""
    answers = await asyncio.gather(bring(shop, "mine-01\nours-00"), bring(shop, "ours-00\nyours-1"))
    assert sorted(answer.status_code for answer in answers) == [201, 422]
    assert len(await listed(shop)) == 2
    refusal = next(answer for answer in answers if answer.status_code == 422)
    assert [reason for _, reason in lines(refusal)] == ["already_in_project"]
    world = World(codes_database, shop.creator.account_id, shop.project_id)
    reserved = set(map(str, shop.codes.billing.reservations))
    (batch,) = await world.rows("SELECT id FROM batches")
    given_back = [event["batch_id"] for event in await world.events(EventType.BATCH_FAILED)]
    assert given_back == sorted(reserved - {str(batch[0])})


async def test_a_mistyped_code_is_looked_up_only_where_there_are_imports(shop: Shop) -> None:
    body = new_code()[:15]
    strange = body + ("0" if check_symbol(body) != "0" else "1")
    assert await refused(shop, strange) == "code_mistyped"
    await brought(shop, strange)
    assert await listed(shop) == [shown(strange)]
    assert not (await redeem(shop, shown(strange).lower())).repeated
    assert await refused(shop, body + ("2" if strange[-1] != "2" and check_symbol(body) != "2" else "3"), BEN) in (
        "code_mistyped",
        "code_already_redeemed",
    )


async def test_words_of_a_chat(shop: Shop, codes_database: Database) -> None:
    """Without imports nothing is known and nothing counts; with them a no is a miss, and never kept as a refused try."""
    internal, place = shop.codes.internal, (shop.creator.account_id, shop.project_id)

    async def known(text: str, who: int = ANNA) -> bool:
        return await internal.known_code(*place, TypedCode(text=text, telegram_id=who))

    assert [await known("hello-there") for _ in range(6)] == [False] * 6
    await brought(shop, "welcome-1")
    assert await known("Welcome-1")
    assert [await known(f"guess-{n}") for n in range(5)] == [False] * 5
    assert not await known("welcome-1")  # Anna waits
    assert await refused(shop, "welcome-1") == "too_many_attempts"
    assert await known("welcome-1", BEN)
    world = World(codes_database, shop.creator.account_id, shop.project_id)
    assert await world.count(RefusedAttempt) == 1


ANY_FILE = st.lists(st.one_of(st.text("abAB01-_.", min_size=6, max_size=9), st.text("a/ ", max_size=7)), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(ANY_FILE, min_size=1, max_size=3))
def test_all_or_nothing(files: list[list[str]], background: BackgroundLoop, codes_database_url: str) -> None:
    """Any files, one after the other: each of a file's lines is a code of the project afterwards, or nothing has changed."""
    background.run(_bring_all(files, codes_database_url))


async def _bring_all(files: list[list[str]], url: str) -> None:
    database = Database(sqlalchemy_url(url), application_name="tests", pool_size=3)
    world = await World(database).begin()
    plan_id = await world.plan()
    await world.bot()
    await world.rows("UPDATE projects SET access_codes_enabled = true WHERE account_id = :account")
    known: set[str] = set()
    for data in files:
        file = read_file("code\n" + "\n".join(data))
        wish = BatchWish(new_id(), plan_id, file.quantity, ExpiryPreset.NO_EXPIRY, None, None, consent=True, accept_fee=None)
        reservation = QuotaReservation(
            batch_id=wish.batch_id,
            state=ReservationState.RESERVED,
            included=file.quantity,
            overage=0,
            fee=usd(0),
            lapses_at=world.now,
        )
        try:
            await check_import(database, **world.place, standing=Standing.ACTIVE, wish=wish, file=file)
            async with database.transaction() as session:
                await write_import(session, **world.place, wish=wish, file=file, reservation=reservation, now=world.now)
        except ImportRefusedError:
            assert not file.codes or file.refused or known & set(file.codes)
        else:
            assert len(file.codes) == sum(1 for value in data if value.strip())
            assert not known & set(file.codes)
            known |= set(file.codes)
        assert {code for (code,) in await world.rows("SELECT code FROM access_codes WHERE account_id = :account")} == known
    await database.close()
