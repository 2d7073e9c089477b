"""Do what is due, a bounded piece of it in order of time, each item in transactions of its own."""

import time
from datetime import datetime
from typing import Final

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
    ends_at = time.monotonic() + WITHIN_S
    done = 0
    for item in items:
        if time.monotonic() > ends_at:
            break
        done += await _do_or_stand_back(database, processor, item, now=now, deletes=deletes)
    return done


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
