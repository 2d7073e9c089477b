"""The sandbox clock passes every moment at which something is due, in order, across both owners."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from jobs.services import Services
from jobs.settings import Settings
from shared.contracts.events import EventType

from tests.jobs.conftest import Queue, eventually, working
from tests.support.owners import Owners

DAY = timedelta(days=1)
DAYS = 50
BATCH = UUID("0192f0c1-0000-7000-8000-0000000000b1")


@pytest.fixture
def start(owners: Owners) -> datetime:
    """Now, with nothing planned."""
    return owners.clock.now()


class Journal:
    """What happened, in order: due work as it is done, and the events' effects."""

    def __init__(self, owners: Owners, start: datetime) -> None:
        self.entries: list[tuple[str, int]] = []
        for name, due in owners.due.items():
            due.on_run = self._noting(name, start)

    def _noting(self, name: str, start: datetime) -> Callable[[datetime], Awaitable[None]]:
        async def note(moment: datetime) -> None:
            self.entries.append((name, (moment - start) // DAY))

        return note


async def advance(owners: Owners, queue: Queue, to: datetime) -> None:
    """What billing-api does on POST /v1/sandbox/clock, and then waits for."""
    owners.target = to
    await queue.hand_over(EventType.CLOCK_ADVANCE_REQUESTED, {}, request_id="advance-1")
    await eventually(lambda: owners.target is None, within=20)


@pytest.mark.usefixtures("worker")
async def test_in_order_of_time_across_owners(owners: Owners, queue: Queue, start: datetime) -> None:
    journal = Journal(owners, start)
    owners.due["billing"].moments = [start + day * DAY for day in (2, 30, 31, 60)]
    owners.due["codes"].moments = [start + day * DAY for day in (1, 7, 7, 30, 45, 400)]
    await advance(owners, queue, start + 365 * DAY)
    assert journal.entries == [
        ("codes", 1),
        ("billing", 2),
        ("codes", 7),
        ("codes", 7),
        ("billing", 30),  # at the same moment billing comes first
        ("codes", 30),
        ("billing", 31),
        ("codes", 45),
        ("billing", 60),
    ]
    moves = [call.subject for call in owners.calls if call.operation == "billing.move_clock"]
    steps = [start + day * DAY for day in (1, 2, 7, 30, 31, 45, 60)]
    assert moves == [*(step.isoformat() for step in steps), f"{(start + 365 * DAY).isoformat()} finished"]
    assert owners.due["codes"].moments == [start + 400 * DAY]
    assert owners.clock.now() - (start + 365 * DAY) < timedelta(minutes=1)
    assert {call.request_id for call in owners.calls if call.operation == "billing.move_clock"} == {"advance-1"}


@pytest.mark.usefixtures("worker")
async def test_nothing_due_on_the_way_is_one_step(owners: Owners, queue: Queue, start: datetime) -> None:
    await advance(owners, queue, start + 3650 * DAY)
    assert owners.count("billing.move_clock") == 1


@pytest.mark.usefixtures("worker")
async def test_work_that_one_step_plans_is_met_on_the_way(owners: Owners, queue: Queue, start: datetime) -> None:
    journal = Journal(owners, start)
    noting = owners.due["billing"].on_run
    assert noting is not None

    async def renew(moment: datetime) -> None:
        await noting(moment)
        owners.due["billing"].moments.append(moment + 30 * DAY)

    owners.due["billing"].on_run = renew
    owners.due["billing"].moments = [start + 30 * DAY]
    owners.due["codes"].moments = [start + 75 * DAY]
    await advance(owners, queue, start + 100 * DAY)
    assert journal.entries == [("billing", 30), ("billing", 60), ("codes", 75), ("billing", 90)]


@pytest.mark.usefixtures("worker")
async def test_what_the_last_step_leaves_to_do_at_once_is_done_before_the_end(
    owners: Owners, queue: Queue, start: datetime
) -> None:
    """billing-api's turn of a cycle at the target itself issues an invoice, and plans its charge for the clock's "now"."""
    done: list[str] = []

    async def turn(_: datetime) -> None:
        done.append("charge" if done else "turn")
        if len(done) == 1:
            owners.due["billing"].moments.append(owners.clock.now())

    owners.due["billing"].on_run = turn
    owners.due["billing"].moments = [start + 30 * DAY]
    await advance(owners, queue, start + 30 * DAY)
    assert done == ["turn", "charge"]


@pytest.mark.usefixtures("worker")
async def test_a_target_that_real_time_reaches_first_ends_all_the_same(owners: Owners, queue: Queue, start: datetime) -> None:
    journal = Journal(owners, start)
    owners.due["codes"].moments = [start - DAY]
    await advance(owners, queue, start)
    assert journal.entries == [("codes", -1)]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("guarded", [True, False])
async def test_a_step_s_events_have_their_effect_before_the_next_step(
    owners: Owners, queue: Queue, start: datetime, monkeypatch: pytest.MonkeyPatch, *, guarded: bool
) -> None:
    """codes-api's sweep frees quota at billing-api: the event passes through outbox, relay and queue first.

    The negative control does not wait for effects, and the next step comes too early.
    """

    async def no_waiting(_: Services, __: set[str]) -> None:
        return

    if not guarded:
        monkeypatch.setattr("jobs.tasks.advance_clock.await_effects", no_waiting)
    relays: list[asyncio.Task[None]] = []
    seen: list[tuple[str, int]] = []

    async def relay() -> None:
        await asyncio.sleep(0.1)  # a slow relay: the step must wait for it
        await queue.hand_over(EventType.BATCHES_EXPIRED, {"batches": [{"batch_id": str(BATCH), "quantity": 1}]})
        owners.unpublished["codes"] -= 1

    async def sweep(_: datetime) -> None:
        owners.unpublished["codes"] += 1
        relays.append(asyncio.create_task(relay()))

    async def turn_of_the_cycle(_: datetime) -> None:
        seen.append(("freed by then", owners.count("billing.expired")))

    owners.fail_next("billing.expired", 503)  # and the effect takes two tries
    owners.due["codes"].on_run, owners.due["billing"].on_run = sweep, turn_of_the_cycle
    owners.due["codes"].moments = [start + 1 * DAY, start + 3 * DAY]
    owners.due["billing"].moments = [start + 2 * DAY, start + 4 * DAY]
    await advance(owners, queue, start + 5 * DAY)
    assert (seen == [("freed by then", 2), ("freed by then", 3)]) is guarded
    await asyncio.gather(*relays)


async def test_an_interrupted_advance_goes_on_from_where_the_clock_stands(
    owners: Owners, queue: Queue, settings: Settings, start: datetime
) -> None:
    journal = Journal(owners, start)
    owners.due["codes"].moments = [start + day * DAY for day in (1, 2, 3)]
    gate = owners.hold["codes.run_due"] = asyncio.Event()
    async with working(settings):
        owners.target = start + 10 * DAY
        await queue.hand_over(EventType.CLOCK_ADVANCE_REQUESTED, {})
        await eventually(lambda: owners.clock.now() >= start + DAY)
    assert owners.target is not None
    await queue.redis.flushall()  # not even the job is left: the cron must find it
    del owners.hold["codes.run_due"]
    gate.set()
    async with working(settings):
        await eventually(lambda: owners.target is None)
    assert journal.entries == [("codes", 1), ("codes", 2), ("codes", 3)]
    assert owners.clock.now() - (start + 10 * DAY) < timedelta(minutes=1)


@pytest.mark.usefixtures("worker")
async def test_a_fault_in_the_middle_is_passed_and_no_moment_left_out(owners: Owners, queue: Queue, start: datetime) -> None:
    journal = Journal(owners, start)
    owners.due["codes"].moments = [start + day * DAY for day in (1, 2, 3)]
    owners.fail_next("billing.move_clock", 503, 500)
    await advance(owners, queue, start + 10 * DAY)
    assert journal.entries == [("codes", 1), ("codes", 2), ("codes", 3)]


@pytest.mark.usefixtures("worker")
async def test_daily_work_of_both_owners_keeps_its_order(owners: Owners, queue: Queue, start: datetime) -> None:
    journal = Journal(owners, start)
    owners.due["billing"].moments = [start + day * DAY for day in range(1, DAYS, 2)]
    owners.due["codes"].moments = [start + day * DAY for day in range(2, DAYS, 2)]
    begun = asyncio.get_running_loop().time()
    await advance(owners, queue, start + DAYS * DAY)
    assert [day for _, day in journal.entries] == list(range(1, DAYS))
    print(f"{(asyncio.get_running_loop().time() - begun) / DAYS * 1000:.1f} ms a step")  # noqa: T201  # shown with -s


def test_time_is_utc(start: datetime) -> None:
    assert start.tzinfo is UTC
