"""What wrong guesses cost (`rules.md` C7): when a member waits, how long, and who doesn't."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from codes_api.codes.alphabet import check_symbol, new_code
from codes_api.codes.errors import TooManyAttemptsError
from codes_api.codes.models import RefusedAttempt
from codes_api.codes.preview import preview
from codes_api.codes.redeem import redeem
from codes_api.codes.throttle import PROJECT_MISSES, Member, Throttle
from codes_api.codes.try_code import try_code
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.contracts.events import EventType
from shared.errors import AppError
from shared.ids import new_id

from tests.support.codes_world import NOW, World

ANNA, BEN, CARL = 1001, 1002, 1003
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
MANY = "many_wrong_guesses"


@pytest.fixture
async def throttle(redis_url: str) -> AsyncIterator[Throttle]:
    made = Throttle(redis_url)
    yield made
    await made.close()


def wrong_symbol() -> str:
    body = new_code()[:15]
    return body + ("0" if check_symbol(body) != "0" else "1")


async def attempt(
    throttle: Throttle, world: World, typed: str, *, after: timedelta = timedelta(), who: int = ANNA, look: bool = False
) -> str:
    """`ok`, or the code of the refusal."""
    now = NOW + after
    verb = preview if look else redeem

    async def use() -> None:
        await verb(world.database, **world.place, typed=typed, telegram_id=who, now=now)

    try:
        await try_code(throttle, world.database, Member(**world.place, telegram_id=who), typed=typed, now=now, use=use)
    except TooManyAttemptsError as error:
        return f"wait {error.headers['Retry-After']}"
    except AppError as error:
        return error.code
    return "ok"


async def miss(throttle: Throttle, world: World, *, after: timedelta = timedelta(), who: int = ANNA) -> str:
    return await attempt(throttle, world, new_code(), after=after, who=who)


async def test_the_fifth_miss_is_answered_and_the_sixth_try_waits(throttle: Throttle, world: World) -> None:
    code = await world.code(await world.plan())
    for n in range(5):
        assert await miss(throttle, world, after=n * MINUTE) == "code_unknown"
    assert await miss(throttle, world, after=4 * MINUTE) == "wait 900"
    last = 4 * MINUTE + 15 * MINUTE - SECOND
    assert await attempt(throttle, world, code, after=last) == "wait 1"  # a good code waits like any other
    assert await attempt(throttle, world, code, after=last, look=True) == "wait 1"
    assert await world.one("SELECT count(*) FROM access_codes WHERE redeemed_at IS NOT NULL") == 0
    assert await attempt(throttle, world, code, after=last + SECOND) == "ok"


async def test_tries_while_waiting_neither_count_nor_prolong(throttle: Throttle, world: World) -> None:
    for _ in range(5):
        await miss(throttle, world)
    for n in range(10):
        assert (await miss(throttle, world, after=n * MINUTE)).startswith("wait")
    assert await miss(throttle, world, after=15 * MINUTE) == "code_unknown"
    for _ in range(4):
        assert await miss(throttle, world, after=16 * MINUTE) == "code_unknown"
    assert await miss(throttle, world, after=16 * MINUTE) == "wait 900"


async def test_every_miss_is_kept_also_the_ones_that_waited(throttle: Throttle, world: World) -> None:
    code = await world.code(await world.plan())
    for _ in range(5):
        await miss(throttle, world)
    await attempt(throttle, world, code.lower())
    kept = await world.rows("SELECT code, reason FROM refused_attempts ORDER BY id")
    assert [reason for _, reason in kept] == ["code_unknown"] * 5 + ["too_many_attempts"]
    assert kept[-1][0] == code  # so that it shows in the code's timeline (C8)


async def test_the_window_of_ten_minutes_slides(throttle: Throttle, world: World) -> None:
    for after in (0, 6, 7, 8):
        await miss(throttle, world, after=after * MINUTE)
    assert await miss(throttle, world, after=10 * MINUTE + SECOND) == "code_unknown"  # the first one is out
    assert await miss(throttle, world, after=11 * MINUTE) == "code_unknown"  # but these are five: 6, 7, 8, 10, 11
    assert (await miss(throttle, world, after=11 * MINUTE)).startswith("wait")


async def test_a_miss_at_the_windows_last_second_counts(throttle: Throttle, world: World) -> None:
    for after in (0, 6, 7, 8):
        await miss(throttle, world, after=after * MINUTE)
    await miss(throttle, world, after=10 * MINUTE - SECOND)
    assert (await miss(throttle, world, after=10 * MINUTE - SECOND)).startswith("wait")


async def test_others_and_elsewhere_nobody_waits(throttle: Throttle, world: World) -> None:
    neighbour = await world.another()
    sibling = World(world.database, account_id=world.account_id)
    await world.rows(
        "INSERT INTO projects (account_id, id, name, created_at) VALUES (:account, :other, 'B', now())",
        other=sibling.project_id,
    )
    for _ in range(6):
        await miss(throttle, world)
    assert (await miss(throttle, world)).startswith("wait")
    assert await miss(throttle, world, who=BEN) == "code_unknown"
    assert await miss(throttle, neighbour) == "code_unknown"
    assert await miss(throttle, sibling) == "code_unknown"


async def test_what_counts_as_a_miss(throttle: Throttle, world: World) -> None:
    """Texts that are no code do; real codes never do, whatever became of them."""
    plan = await world.plan()
    used, mine, revoked = await world.codes(plan, 3)
    fleeting = await world.code(plan, expires_in=MINUTE)
    await world.rows("UPDATE access_codes SET revoked_at = now() WHERE code = :code", code=revoked)
    assert await attempt(throttle, world, used, who=BEN) == "ok"
    assert await attempt(throttle, world, mine) == "ok"
    for _ in range(3):
        assert await attempt(throttle, world, mine, after=2 * MINUTE) == "ok"  # C6
        assert await attempt(throttle, world, used, after=2 * MINUTE) == "code_already_redeemed"
        assert await attempt(throttle, world, revoked, after=2 * MINUTE) == "code_revoked"
        assert await attempt(throttle, world, fleeting, after=2 * MINUTE) == "code_expired"
    for typed, look in (
        (wrong_symbol(), True),
        ("hello", False),
        (new_code(), True),
        (wrong_symbol(), False),
        (new_code(), False),
    ):
        assert await attempt(throttle, world, typed, after=3 * MINUTE, look=look) in ("code_mistyped", "code_unknown")
    assert (await attempt(throttle, world, mine, after=3 * MINUTE)).startswith("wait")


async def test_a_burst_gets_no_further_than_a_row(throttle: Throttle, world: World) -> None:
    """Fifty guesses at once: five are looked up, as if they had come one after the other."""
    answers = await asyncio.gather(*(miss(throttle, world) for _ in range(50)))
    assert sorted(answers) == ["code_unknown"] * 5 + ["wait 900"] * 45


async def test_a_burst_without_turns_gets_through(throttle: Throttle, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: it's the turns that hold it."""
    monkeypatch.setattr(Throttle, "turn", lambda *_: asyncio.Lock())
    answers = await asyncio.gather(*(miss(throttle, world) for _ in range(50)))
    assert answers.count("code_unknown") > 5


async def test_processes_share_what_they_know(throttle: Throttle, redis_url: str, world: World) -> None:
    other = Throttle(redis_url)
    for n in range(5):
        await miss(other if n % 2 else throttle, world)
    for each in (throttle, other):
        assert (await miss(each, world)).startswith("wait")
    third = Throttle(redis_url)
    assert (await miss(third, world)).startswith("wait")
    await other.close()
    await third.close()


async def flood(throttle: Throttle, world: World, misses: int, *, after: timedelta = timedelta()) -> list[bool]:
    """Misses of as many strangers, counted without the rest of a request."""
    strangers = (Member(**world.place, telegram_id=10_000 + n) for n in range(misses))
    return [await throttle.missed(stranger, NOW + after) for stranger in strangers]


async def test_a_project_under_attack_is_slowed_for_those_who_missed(throttle: Throttle, world: World) -> None:
    codes = await world.codes(await world.plan(), 5)
    await miss(throttle, world, who=BEN)
    assert not any(await flood(throttle, world, PROJECT_MISSES - 2))
    assert await attempt(throttle, world, codes[0], who=BEN) == "ok"
    assert await world.events(EventType.CREATOR_NOTICE) == []
    assert await miss(throttle, world, after=SECOND) == "code_unknown"  # Anna's is the thousandth
    (notice,) = await world.events(EventType.CREATOR_NOTICE)
    assert notice == {"project_id": str(world.project_id), "kind": MANY, "params": {}}
    # Who never missed is not slowed; who did tries once a minute, with good codes too.
    assert await attempt(throttle, world, codes[1], who=CARL, after=2 * SECOND) == "ok"
    assert await attempt(throttle, world, codes[1], who=CARL, after=2 * SECOND) == "ok"
    assert await attempt(throttle, world, codes[2], who=BEN, after=2 * SECOND) == "ok"
    assert await attempt(throttle, world, codes[3], who=BEN, after=12 * SECOND) == "wait 50"
    assert await attempt(throttle, world, codes[3], who=BEN, after=63 * SECOND) == "ok"
    # Told once, though it goes on; and an hour after the last miss too many all is as before.
    assert await miss(throttle, world, who=CARL, after=5 * MINUTE) == "code_unknown"
    assert len(await world.events(EventType.CREATOR_NOTICE)) == 1
    quiet = 5 * MINUTE + timedelta(hours=1) + SECOND
    assert [await attempt(throttle, world, codes[3], who=BEN, after=quiet) for _ in range(3)] == ["ok"] * 3


async def test_a_creator_is_told_again_of_another_attack(throttle: Throttle, world: World) -> None:
    await flood(throttle, world, PROJECT_MISSES - 1)
    for after in (timedelta(), MINUTE):
        await miss(throttle, world, after=after)
    assert len(await world.events(EventType.CREATOR_NOTICE)) == 1
    await flood(throttle, world, PROJECT_MISSES - 1, after=timedelta(hours=3))
    assert len(await world.events(EventType.CREATOR_NOTICE)) == 1
    await miss(throttle, world, after=timedelta(hours=3))
    assert len(await world.events(EventType.CREATOR_NOTICE)) == 2


async def test_misses_over_more_than_an_hour_slow_nobody(throttle: Throttle, world: World) -> None:
    await flood(throttle, world, PROJECT_MISSES // 2)
    assert not any(await flood(throttle, world, PROJECT_MISSES // 2, after=timedelta(hours=1, seconds=1)))


async def test_no_such_project_is_no_miss(throttle: Throttle, world: World) -> None:
    nowhere = World(world.database, account_id=world.account_id)
    assert [await miss(throttle, nowhere) for _ in range(7)] == ["not_found"] * 7
    assert await world.count(RefusedAttempt) == 0


@settings(max_examples=40, deadline=None)
@given(gaps=st.lists(st.integers(0, 1000), max_size=40))
def test_members_wait_exactly_as_the_rule_says(gaps: list[int], redis_server_url: str) -> None:
    """Any row of misses, against the rule written as plainly as can be."""

    async def play() -> None:
        throttle, who = Throttle(redis_server_url), Member(new_id(), new_id(), ANNA)
        at, misses, free_at = 0, list[int](), 0
        for gap in gaps:
            at += gap
            now = NOW + timedelta(seconds=at)
            assert await throttle.wait(who, now) == max(free_at - at, 0)
            if at < free_at:
                continue
            await throttle.missed(who, now)
            misses.append(at)
            if sum(one >= at - 600 for one in misses) >= 5:
                free_at, misses = at + 900, []
        await throttle.close()

    asyncio.run(play())
