"""The real process: killed, stopped, asked whether it is alive, and what it writes about all that."""

import asyncio
import json
import signal
import time
from pathlib import Path
from uuid import UUID

import pytest
from jobs.queues import SLOW_QUEUE
from jobs.settings import Settings
from shared.contracts.batches import BatchStep, UnfinishedBatch
from shared.contracts.events import QUEUE, EventType

from tests.jobs.conftest import ACCOUNT, Queue, eventually
from tests.support.jobs_process import environment, jobs_process
from tests.support.owners import TOKEN, Owners

BATCH = UUID("0192f0c1-0000-7000-8000-0000000000b1")
PAYLOAD = {"batch_id": str(BATCH)}


async def test_after_a_sigkill_the_cron_finishes_the_batch(
    owners: Owners, queue: Queue, settings: Settings, tmp_path: Path
) -> None:
    gate = owners.hold["codes.generate"] = asyncio.Event()
    owners.fail_next("codes.generate", 503)  # the call that is under way comes to nothing
    env = environment(settings, JOBS_LEASE_S="60")  # the event itself would come back in a minute
    async with jobs_process(env, tmp_path) as first:
        await eventually(lambda: owners.count("codes.unfinished") == 1)

        async def first_round_over() -> bool:
            return not await queue.redis.exists("arq:job:resume_batches", "arq:job:run_due:codes", "arq:job:run_due:billing")

        await eventually(first_round_over)
        event_id = await queue.hand_over(EventType.BATCH_REQUESTED, PAYLOAD)
        await eventually(lambda: owners.count("codes.generate") == 1)
        await first.end(signal.SIGKILL)
    owners.unfinished = [UnfinishedBatch(account_id=ACCOUNT, batch_id=BATCH, step=BatchStep.GENERATE)]
    gate.set()
    async with jobs_process(env, tmp_path):
        await eventually(lambda: owners.count("codes.generate") == 2)

        async def only_the_event_is_left() -> bool:
            return await queue.waiting() == [f"event:{event_id}"]

        await eventually(only_the_event_is_left)


async def test_after_a_sigkill_any_event_is_taken_up_when_its_lease_lapses(
    owners: Owners, queue: Queue, settings: Settings, tmp_path: Path
) -> None:
    gate = owners.hold["codes.put_entitlements"] = asyncio.Event()
    env = environment(settings, JOBS_LEASE_S="1")
    async with jobs_process(env, tmp_path) as first:
        await queue.hand_over(EventType.ENTITLEMENTS_CHANGED, {"version": 1})
        await eventually(lambda: owners.count("codes.put_entitlements") == 1)
        await first.end(signal.SIGKILL)
    gate.set()
    async with jobs_process(env, tmp_path):
        await queue.empty()
    assert owners.operations()[-2:] == ["billing.entitlements", "codes.put_entitlements"]
    assert owners.count("codes.put_entitlements") == 2


async def test_sigterm_puts_unfinished_jobs_back_at_once(
    owners: Owners, queue: Queue, settings: Settings, tmp_path: Path
) -> None:
    gate = owners.hold["gateway.deliver"] = asyncio.Event()
    env = environment(settings, JOBS_GRACE_S="0.1")
    async with jobs_process(env, tmp_path) as first:
        await queue.hand_over(EventType.DELIVERY_REQUESTED, PAYLOAD)
        await eventually(lambda: owners.count("gateway.deliver") == 1)
        asked = time.monotonic()
        assert await first.end(signal.SIGTERM) == 0
        assert time.monotonic() - asked < 4
    assert await queue.waiting() == [f"deliver_batch:{BATCH}"]
    assert not await queue.redis.exists(f"arq:in-progress:deliver_batch:{BATCH}")
    gate.set()
    async with jobs_process(env, tmp_path):
        await queue.empty()
    assert owners.count("gateway.deliver") == 2


async def test_the_log_has_ids_and_no_secrets(owners: Owners, queue: Queue, settings: Settings, tmp_path: Path) -> None:
    owners.fail_next("codes.generate", 503, 422)
    async with jobs_process(environment(settings), tmp_path) as process:
        event_id = await queue.hand_over(EventType.BATCH_REQUESTED, PAYLOAD, request_id="from-telegram-9")
        await queue.empty()
        assert await process.end(signal.SIGTERM) == 0
    lines = [json.loads(line) for line in process.log.splitlines()]
    about = [line for line in lines if line.get("event_job") == f"event:{event_id}"]
    assert [(line["event"], line["level"]) for line in about] == [("job_passing", "warning"), ("job_refused", "error")]
    assert {line["request_id"] for line in about} == {"from-telegram-9"}
    assert {line["account_id"] for line in about} == {str(ACCOUNT)}
    assert {line["service"] for line in lines} == {"jobs"}
    assert owners.tokens == {f"Bearer {TOKEN}"}
    assert TOKEN not in process.log


async def test_it_says_whether_it_is_alive(queue: Queue, settings: Settings, tmp_path: Path) -> None:
    env = environment(settings)

    async def check() -> int:
        async with jobs_process(env, tmp_path, "--check") as process:
            return await process.exit_code()

    assert await check() == 1
    async with jobs_process(env, tmp_path) as worker:
        await eventually(lambda: worker.log.count("worker_started") == 2)

        async def beats() -> bool:
            return bool(await queue.redis.exists(f"{QUEUE}:health-check", f"{SLOW_QUEUE}:health-check") == 2)

        await eventually(beats)
        assert await check() == 0
    async with jobs_process({**env, "REDIS_URL": "redis://127.0.0.1:1/0"}, tmp_path, "--check") as process:
        assert await process.exit_code() == 1


@pytest.mark.parametrize("token", ["", "short", "sandbox-only"])
async def test_production_refuses_to_start_without_its_secret(settings: Settings, tmp_path: Path, token: str) -> None:
    env = environment(settings, SANDBOX="0", SERVICE_TOKEN=token)
    async with jobs_process(env, tmp_path) as process:
        assert await process.exit_code() == 1
    assert "SERVICE_TOKEN" in process.log
    assert "Traceback" not in process.log
