"""Two at one invoice, and processes that die: charged once (`rules.md` D1). Each guard has its negative control."""

import asyncio
import os
import signal
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from billing_api.dunning import attempt as retrying
from billing_api.payments import pay_invoice as paying
from billing_api.payments.processor import AttachedMethod, ChargeResult, NoAnswerError
from billing_api.payments.sandbox import SandboxProcessor
from shared.db import Database
from shared.ids import new_id
from shared.money import Money
from shared.settings import sqlalchemy_url
from sqlalchemy.ext.asyncio import AsyncSession

from tests.billing_api.dunning.arrears import Arrears, in_arrears
from tests.billing_api.running import Billing, billing_running, no_lock, ok, together
from tests.support.clock import MovableClock
from tests.support.races import meet


@pytest.fixture
async def due(billing: Billing) -> Arrears:
    """At the moment of the first retry, with a card that pays by now."""
    arrears = await in_arrears(billing)
    billing.clock.move_to(arrears.since + timedelta(days=1))
    await billing.rows("UPDATE payment_methods SET processor_reference = 'pm_card_visa:1'")
    return arrears


async def paid_once(arrears: Arrears) -> None:
    await arrears.billing.run_due()
    outcomes = [outcome for amount, outcome in await arrears.billing.charges()]
    assert outcomes.count("succeeded") == 2, "the first subscription, and this invoice once"
    assert ((await arrears.invoice())["status"], await arrears.standing()) == ("paid", "active")
    assert await arrears.told() == ["grace", "active"]
    await arrears.billing.check_audit()


async def test_manual_payment_and_automatic_retry_at_once(due: Arrears) -> None:
    path = f"/v1/invoices/{due.invoice_id}/pay"
    answers = await together(*(due.creator.post(path) for _ in range(4)), *(due.billing.internal.run_due() for _ in range(3)))
    codes = {answer.json().get("code") for answer in answers[:4]}
    assert codes <= {None, "payment_in_progress", "invoice_not_open"}
    await paid_once(due)


def _retry(due: Arrears) -> Callable[[AsyncSession], Awaitable[object]]:
    now = due.billing.clock.now()
    return lambda session: retrying.begin_planned_attempt(session, account_id=due.creator.id, invoice_id=_id(due), now=now)


def _manual(due: Arrears) -> Callable[[AsyncSession], Awaitable[object]]:
    now = due.billing.clock.now()
    return lambda session: paying.begin_manual_attempt(
        session, account_id=due.creator.id, invoice_id=_id(due), payment_method_id=None, attempt_id=new_id(), now=now
    )


def _id(due: Arrears) -> UUID:
    return UUID(due.invoice_id)


async def _attempts(due: Arrears) -> int:
    count: int = await due.billing.one("SELECT count(*) FROM payment_attempts WHERE status IN ('pending', 'unknown')")
    return count


async def test_two_workers_on_one_due_invoice_begin_one_attempt(due: Arrears) -> None:
    await meet(due.billing.database, _retry(due), _retry(due))
    assert await _attempts(due) == 1
    await paid_once(due)


async def test_a_retry_that_meets_a_manual_payment_stands_back(due: Arrears) -> None:
    await meet(due.billing.database, _manual(due), _retry(due))
    assert await _attempts(due) == 1
    await due.billing.forget_leases()
    await paid_once(due)


async def _sees_nothing(*_: object) -> None:
    return None


@pytest.mark.parametrize("first", [_manual, _retry])
async def test_without_lock_and_index_two_attempts_would_be_under_way(
    due: Arrears, monkeypatch: pytest.MonkeyPatch, first: Callable[[Arrears], Callable[[AsyncSession], Awaitable[object]]]
) -> None:
    """The negative control: with the guards taken out, the race appears."""
    monkeypatch.setattr(retrying, "lock_account", no_lock)
    monkeypatch.setattr(paying, "lock_account", no_lock)
    await due.billing.rows("DROP INDEX uq_payment_attempts_unresolved")
    # Both write the plan into the invoice's row: waiting for it, the second would see the first one's attempt.
    monkeypatch.setattr(retrying, "attempt_under_way", _sees_nothing)
    await meet(due.billing.database, first(due), _retry(due))
    assert await _attempts(due) == 2


_WORKER = """
import asyncio, os, sys
from datetime import datetime
from pathlib import Path
from billing_api.due.run import run_due
from billing_api.payments.sandbox import SandboxProcessor
from shared.clock import SandboxClock
from shared.db import Database

class Stops(SandboxProcessor):
    # Says where it is and waits to be killed there.
    async def find(self, **what):
        if sys.argv[3] == "asked": print("here", flush=True); await asyncio.sleep(60)
        return await super().find(**what)
    async def charge(self, **what):
        if sys.argv[3] == "before": print("here", flush=True); await asyncio.sleep(60)
        result = await super().charge(**what)
        if sys.argv[3] == "after": print("here", flush=True); await asyncio.sleep(60)
        return result

async def main():
    database, clock = Database(sys.argv[1], application_name="worker"), SandboxClock(Path(sys.argv[2]))
    processor = Stops(database, clock)
    while await run_due(database, processor, now=clock.now()):
        if sys.argv[3] == "written": print("here", flush=True); await asyncio.sleep(60)

asyncio.run(main())
"""


@pytest.mark.parametrize("steps", [["written"], ["before"], ["before", "asked"], ["after"]], ids=lambda steps: steps[-1])
async def test_a_worker_killed_between_any_two_steps_of_a_retry_charges_once(
    due: Arrears, billing_database_url: str, steps: list[str]
) -> None:
    """What became of a charge is asked only after a worker that may have begun it."""
    for where in steps:
        await _killed(due, billing_database_url, where)
        assert (await due.invoice())["status"] == "open"
        await due.billing.run_due()
        await due.billing.forget_leases()
    await paid_once(due)
    assert await due.kinds() == ["initial", "retry"]


async def _killed(due: Arrears, billing_database_url: str, where: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", textwrap.dedent(_WORKER), sqlalchemy_url(billing_database_url)),
        *(str(due.billing.clock.path), where),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    async with asyncio.timeout(60):
        assert (await process.stdout.readline()).strip() == b"here"
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()


class LosesAnswers:
    """The sandbox processor behind a line that loses the next answers after the charge was made."""

    def __init__(self, inner: SandboxProcessor) -> None:
        self.inner = inner
        self.lose = 0

    async def attach(self, token: str, *, account_id: UUID) -> AttachedMethod:
        return await self.inner.attach(token, account_id=account_id)

    async def find(self, *, key: str, method_reference: str) -> ChargeResult | None:
        return await self.inner.find(key=key, method_reference=method_reference)

    async def charge(self, *, key: str, method_reference: str, amount: Money) -> ChargeResult:
        result = await self.inner.charge(key=key, method_reference=method_reference, amount=amount)
        if self.lose:
            self.lose -= 1
            raise NoAnswerError
        return result


@pytest.fixture
async def losing(billing_database_url: str, redis_url: str, clock: MovableClock) -> AsyncIterator[tuple[LosesAnswers, Arrears]]:
    database = Database(sqlalchemy_url(billing_database_url), application_name="processor")
    processor = LosesAnswers(SandboxProcessor(database, clock))
    async with billing_running(billing_database_url, redis_url, clock, processor=processor) as billing:
        yield processor, await in_arrears(billing)
    await database.close()


async def test_an_answer_lost_after_the_charge_is_found_and_not_charged_again(losing: tuple[LosesAnswers, Arrears]) -> None:
    processor, arrears = losing
    card = await arrears.creator.add_card()
    processor.lose = 1
    answer = await arrears.creator.post(f"/v1/invoices/{arrears.invoice_id}/pay", {"payment_method_id": card["id"]}, key="k")
    assert answer.status_code == 503
    assert (
        ok(await arrears.creator.post(f"/v1/invoices/{arrears.invoice_id}/pay", {"payment_method_id": card["id"]}, key="k"))[
            "status"
        ]
        == "paid"
    )
    await paid_once(arrears)
    assert datetime.fromisoformat((await arrears.invoice())["paid_at"]) >= arrears.since
