"""What is tried again, how soon, and what is not."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jobs.retries import FIRST_WAIT_S, LONGEST_WAIT_S, OUTAGE_TRIES, ComeBackError, Kind, kind_of, tries_for, wait_before_next
from redis.exceptions import ConnectionError as RedisConnectionError
from shared.contracts.events import ON_EVENT, QUEUE, EventType
from shared.errors import DependencyUnavailableError, NotFoundError, RemoteProblem

from tests.jobs.conftest import Queue, eventually
from tests.support.owners import Owners

BATCH = {"batch_id": "0192f0c1-0000-7000-8000-0000000000b1"}


def problem(status: int, code: str = "x", **headers: str) -> RemoteProblem:
    return RemoteProblem(status=status, code=code, title="x", detail="x", extensions={}, headers=headers)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (DependencyUnavailableError("billing-api"), Kind.PASSING),
        (TimeoutError(), Kind.PASSING),
        (ConnectionRefusedError(), Kind.PASSING),
        (RedisConnectionError(), Kind.PASSING),
        (problem(500), Kind.PASSING),
        (problem(599), Kind.PASSING),
        (problem(429), Kind.PASSING),
        (problem(401), Kind.PASSING),
        (problem(403), Kind.PASSING),
        (problem(409, "delivery_leased"), Kind.PASSING),
        (problem(409, "delivery_done"), Kind.REFUSED),
        (problem(404), Kind.REFUSED),
        (problem(422), Kind.REFUSED),
        (problem(499), Kind.REFUSED),
        (NotFoundError(), Kind.REFUSED),
        (ComeBackError(3), Kind.EARLY),
        (KeyError("batch_id"), Kind.SURPRISE),
    ],
)
def test_kinds(error: Exception, kind: Kind) -> None:
    assert kind_of(error) is kind


@given(tries=st.integers(1, 10**6), longest=st.floats(FIRST_WAIT_S, 3600))
def test_waits_grow_and_stay_bounded(tries: int, longest: float) -> None:
    error = TimeoutError()
    wait = wait_before_next(error, tries, longest)
    assert FIRST_WAIT_S <= wait <= longest
    assert wait <= wait_before_next(error, tries + 1, longest)


def test_what_the_other_side_asks_for_is_obeyed() -> None:
    assert wait_before_next(problem(429, **{"retry-after": "17"}), 1) == 17
    assert wait_before_next(ComeBackError(90), 1) == 90
    assert wait_before_next(ComeBackError(0), 1) == FIRST_WAIT_S
    assert wait_before_next(problem(429, **{"Retry-After": "soon"}), 1) == FIRST_WAIT_S


def test_an_outage_is_lived_through_for_most_of_the_day_that_arq_keeps_a_job() -> None:
    waits = sum(wait_before_next(TimeoutError(), tries) for tries in range(1, OUTAGE_TRIES))
    assert 20 * 3600 < waits < 24 * 3600
    assert sum(wait_before_next(KeyError(), tries) for tries in range(1, tries_for(Kind.SURPRISE))) < 15 * 60
    assert wait_before_next(TimeoutError(), OUTAGE_TRIES) == LONGEST_WAIT_S


@pytest.mark.usefixtures("worker")
async def test_what_can_pass_is_tried_until_it_has(owners: Owners, queue: Queue) -> None:
    owners.fail_next("codes.generate", 503, 500)
    await queue.hand_over(EventType.BATCH_REQUESTED, BATCH)
    await queue.empty()
    assert owners.count("codes.generate") == 3


@pytest.mark.usefixtures("worker")
async def test_all_steps_run_again_when_a_later_one_failed(owners: Owners, queue: Queue) -> None:
    owners.fail_next("codes.billed", 503)
    await queue.hand_over(EventType.BATCH_GENERATED, BATCH)
    await queue.empty()
    # What webhooks are told and the delivery are begun together and may come in either order.
    *steps, one, other = owners.operations()
    assert steps == ["billing.confirm", "codes.billed", "billing.confirm", "codes.billed"]
    assert {one, other} == {"codes.fan_out", "gateway.deliver"}


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("failing", ["billing.confirm", "codes.billed"])
async def test_a_batch_is_taken_up_from_its_start_when_a_step_failed(owners: Owners, queue: Queue, failing: str) -> None:
    owners.fail_next(failing, 503)
    await queue.hand_over(EventType.BATCH_REQUESTED, BATCH)
    await queue.empty()
    whole = ["codes.generate", "billing.confirm", "codes.billed"]
    assert owners.operations() == [*whole[: whole.index(failing) + 1], *whole, "gateway.deliver"]


@pytest.mark.usefixtures("worker")
@pytest.mark.parametrize("status", [404, 409, 422])
async def test_a_refusal_is_told_and_dropped(owners: Owners, queue: Queue, status: int, caplog: pytest.LogCaptureFixture) -> None:
    owners.fail_next("billing.confirm", *[status] * 5)
    with caplog.at_level(logging.ERROR):
        await queue.hand_over(EventType.BATCH_GENERATED, BATCH)
        await queue.empty()
    assert owners.operations() == ["billing.confirm"]


@pytest.mark.usefixtures("worker")
async def test_our_own_token_refused_loses_no_event(owners: Owners, queue: Queue) -> None:
    owners.fail_next("billing.expired", 401)
    await queue.hand_over(EventType.BATCHES_EXPIRED, {"batches": [{**BATCH, "quantity": 1}]})
    await queue.empty()
    assert owners.count("billing.expired") == 2


@pytest.mark.usefixtures("worker")
async def test_an_event_of_a_later_release_is_kept_for_it(queue: Queue) -> None:
    unknown = {"id": "0192f0c1-0000-7000-8000-0000000000e1", "type": "moon.landed", "request_id": None}
    await queue.redis.enqueue_job(ON_EVENT, unknown, _job_id="event:unknown", _queue_name=QUEUE)

    async def tried_twice() -> bool:
        return bool(await queue.redis.get("arq:retry:event:unknown") == b"2")

    await eventually(tried_twice)
    assert await queue.waiting() == ["event:unknown"]
