"""The gateway as a process of its own: killed in the middle of a delivery, and what it writes to its log."""

import asyncio
import os
import random
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson
from bot_gateway.delivery.deliver import deliver_batch
from shared.clients.gateway import GatewayClient
from shared.contracts.batches import DeliverBatch, DeliveryOutcomeStatus
from shared.errors import DependencyUnavailableError

from tests.bot_gateway.house import TOKEN, House, Neighbours, gateway, plain, until
from tests.bot_gateway.test_delivery import OWNER, codes, new_batch, received
from tests.support.in_process import HOST

START_S = 60.0


@asynccontextmanager
async def process(around: Neighbours, redis_url: str, port: int, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {
        "PATH": os.environ["PATH"],
        "SANDBOX": "1",
        "PORT": str(port),
        "SERVICE_TOKEN": TOKEN.get_secret_value(),
        "CODES_API_URL": around.codes_url,
        "TELEGRAM_API_BASE": around.telegram_url,
        "TELEGRAM_MODE": "webhook",
        "PUBLIC_URL": f"http://{HOST}:{port}",
        "REDIS_URL": redis_url,
        "CHAT_MESSAGES_PER_SECOND": "1000",
    }
    with log.open("ab") as out:
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot_gateway", env=environment, stdout=out, stderr=out, cwd=log.parent
        )
        try:
            await until(lambda: running.returncode is not None or b"bot_listening" in log.read_bytes(), START_S)
            assert running.returncode is None, written(log)
            yield running
        finally:
            if running.returncode is None:
                running.send_signal(signal.SIGTERM)
                await asyncio.wait_for(running.wait(), 10)


def written(log: Path) -> str:
    return log.read_text()


def free_port() -> int:
    """Below the range that outgoing connections take theirs from: one of those may not take it between two starts."""
    for port in random.sample(range(20_000, 30_000), 100):
        with suppress(OSError), socket.create_server((HOST, port)):
            return port
    msg = "no free port"
    raise RuntimeError(msg)


async def test_a_kill_between_sending_and_reporting_repeats_one_message_at_most(
    webhook: House, around: Neighbours, redis_url: str, tmp_path: Path
) -> None:
    batch_id = await new_batch(webhook, 5)
    batch = webhook.codes.batches[batch_id]
    ref = DeliverBatch(account_id=webhook.codes.account_id, batch_id=batch_id)
    port, log = free_port(), tmp_path / "log"
    async with GatewayClient("bot-gateway", f"http://{HOST}:{port}", TOKEN, retry=False, transport=plain()) as client:
        webhook.codes.hold_report = 3
        async with process(around, redis_url, port, log) as running:
            delivering = asyncio.create_task(client.deliver(ref))
            await until(lambda: len(webhook.person(OWNER).seen()) == 4 and webhook.codes.report_held)
            running.kill()
            await running.wait()
            with suppress(DependencyUnavailableError):
                await delivering
        assert batch.delivered == 2
        webhook.codes.hold_report = None
        batch.lease = None  # it ran out
        log.unlink()
        async with process(around, redis_url, port, log):
            outcome = await client.deliver(ref)
            assert "How this works" in (await webhook.person().say("/help"))["text"]
    assert (outcome.status, outcome.sent) == (DeliveryOutcomeStatus.DELIVERED, 3)
    texts = await received(webhook)
    found = [next(code for code in codes(5) if code in text) for text in texts]
    assert sorted(found) == sorted([*codes(5), codes(5)[2]])
    _check_log(log, webhook)


def _check_log(log: Path, house: House) -> None:
    lines = log.read_text().splitlines()
    assert all(orjson.loads(line)["service"] == "bot-gateway" for line in lines)
    whole = "\n".join(lines)
    for secret in (
        house.token,
        house.token.split(":")[1],
        f"secret-of-{house.bot_id}",
        TOKEN.get_secret_value(),
        "/help",
        "ABCD-EFGH",
    ):
        assert secret not in whole
    handled = next(orjson.loads(line) for line in lines if "update_handled" in line)
    assert handled["request_id"].startswith(f"tg-{house.bot_id}-")
    assert {"bot_id", "update_id", "project_id"} <= set(handled)


async def test_a_delivery_that_is_stopped_gives_its_lease_back(webhook: House, around: Neighbours, redis_url: str) -> None:
    batch_id = await new_batch(webhook)
    ref = DeliverBatch(account_id=webhook.codes.account_id, batch_id=batch_id)
    async with gateway(around, redis_url, telegram_mode="webhook", chat_messages_per_second=0.01) as running:
        inner = running.app.state.gateway
        delivering = asyncio.create_task(deliver_batch(inner.codes, inner.bots, batch=ref, max_wait_s=0))
        await until(lambda: webhook.codes.batches[batch_id].delivered == 1)
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
    batch = webhook.codes.batches[batch_id]
    assert (batch.delivered, batch.released, batch.lease) == (1, 1, None)
