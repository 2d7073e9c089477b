"""Do what is due, a bounded piece of it, each item in transactions of its own: several accounts at the same time, and of
one account everything one by one in order of time."""

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from prometheus_client import Counter
from shared.db import DATABASE_OUTAGE, Database
from shared.logging import get_logger

from billing_api.accounts.keep_standing import keep_standing
from billing_api.accounts.lock import lock_account
from billing_api.due.backoff import come_back, stand_back
from billing_api.due.next import DueItem, DueKind, find_due
from billing_api.dunning.attempt import begin_planned_attempt
from billing_api.payments.attempt import resolve
from billing_api.payments.processor import PaymentProcessor
from billing_api.quota.release import lapse_reservation
from billing_api.subscriptions.turn import turn_account

log = get_logger(__name__)

PIECE: Final = 100
"""Items in one run, and the (real) seconds after which no further one is begun: a run must end well before its caller's
patience."""
WITHIN_S: Final = 4.0

LANES: Final = 8
"""Accounts that are worked on at once: a processor takes a second for a charge, and nobody else's need wait for it. While
it is waited for no connection is held."""

_FAILED = Counter("due_items_failed", "Items of due work that raised an error, by kind.", ("kind",))


async def run_due(database: Database, processor: PaymentProcessor, *, now: datetime, deletes: bool = False) -> int:
    """Do what is due by `now`; returns how many items were done.

    An item that fails is logged, counted and stands back; the others go on. Only when the database is away the run fails.

    Args:
        database: opens a transaction for each step.
        processor: is asked between transactions only.
        now: domain time.
        deletes: the operator turned the deletion of accounts on.
    """
    async with database.transaction() as session:
        items = await find_due(session, now=now, limit=PIECE, deletes=deletes)
    accounts = _by_account(items)
    ends_at = time.monotonic() + WITHIN_S

    async def lane() -> int:
        done = 0
        for mine in accounts:
            for item in mine:
                if time.monotonic() > ends_at:
                    return done
                done += await _do_or_stand_back(database, processor, item, now=now, deletes=deletes)
        return done

    try:
        async with asyncio.TaskGroup() as group:
            lanes = [group.create_task(lane()) for _ in range(LANES)]
    except BaseExceptionGroup as failed:
        # One is as good as all: the database is away.
        raise failed.exceptions[0] from None
    return sum(one.result() for one in lanes)


def _by_account(items: Iterable[DueItem]) -> Iterator[list[DueItem]]:
    """Each account's items in order, the account whose first is due earliest first. All lanes take from this."""
    accounts: dict[UUID, list[DueItem]] = {}
    for item in items:
        accounts.setdefault(item.account_id, []).append(item)
    return iter(accounts.values())


async def _do_or_stand_back(
    database: Database, processor: PaymentProcessor, item: DueItem, *, now: datetime, deletes: bool
) -> bool:
    try:
        done = await _do(database, processor, item, now=now, deletes=deletes)
    except Exception as error:
        if isinstance(error, DATABASE_OUTAGE.kinds) and DATABASE_OUTAGE.is_away(error):
            raise
        async with database.transaction() as session:
            failures = await stand_back(session, item, now=now)
        _FAILED.labels(item.kind.value).inc()
        log.exception(
            "due_item_failed",
            kind=item.kind.value,
            account_id=str(item.account_id),
            item_id=str(item.item_id),
            failures=failures,
        )
        return False
    if item.failed:
        async with database.transaction() as session:
            await come_back(session, item)
    return done


async def _do(database: Database, processor: PaymentProcessor, item: DueItem, *, now: datetime, deletes: bool) -> bool:
    account_id = item.account_id
    if item.kind is DueKind.CHARGE:
        return await resolve(database, processor, account_id=account_id, attempt_id=item.item_id, now=now) is not None
    async with database.transaction() as session:
        match item.kind:
            case DueKind.LAPSE:
                return await lapse_reservation(session, account_id=account_id, batch_id=item.item_id, now=now)
            case DueKind.RETRY:
                return await begin_planned_attempt(session, account_id=account_id, invoice_id=item.item_id, now=now)
            case DueKind.STANDING | DueKind.DELETION:
                account = await lock_account(session, account_id)
                return await keep_standing(session, account, now=now, deletes=deletes) > 0
            case DueKind.TURN:
                account = await lock_account(session, account_id)
                return await turn_account(session, account, now=now) > 0
