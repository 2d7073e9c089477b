"""Look at an account and hold what it shows against what must be true."""

from tests.billing_api.months.books import (
    Books,
    cents,
    check_fees,
    check_invoices,
    check_ledger,
    check_money,
    check_nothing_is_forgotten,
    check_retry_days,
    moment,
    read_books,
)
from tests.billing_api.months.model import RESTRICTED, Running, months_after, periods, standing
from tests.billing_api.months.world import Life, World
from tests.billing_api.running import Json

FIXED = ("number", "purpose", "lines", "total", "issued_at")


async def observe(world: World, life: Life) -> Books:
    """Asking for the usage makes every turn that is due, so that the period is the present one afterwards."""
    usage = await life.creator.get("/v1/usage")
    books = await read_books(life.creator)
    _check_period(world, life, books)
    check_sums(world, life, books)
    if not world.behind:
        _check_due_work(world, life, books)
    _check_usage(life, books, usage)
    life.standing, life.subscribing = books.standing, books.subscribing
    life.overdue_since = min((moment(one["overdue_since"]) for one in books.owed if one["overdue_since"]), default=None)
    return books


def check_sums(world: World, life: Life, books: Books) -> None:
    """What holds at any moment, also while due work waits."""
    check_money(books, world.bank, life.creator.id, sum(life.settled.values()))
    assert books.entered("plan_change") == life.credited
    check_ledger(books)
    check_invoices(books)
    check_fees(books, life.owed_fees)
    for one in books.invoices:
        known = life.seen.setdefault(one["id"], one)
        assert [one[name] for name in FIXED] == [known[name] for name in FIXED], "an invoice never changes"
        assert known["status"] in {"open", one["status"]}, "what is paid or void stays so"
        life.seen[one["id"]] = one
    assert len(life.seen) == len(books.invoices)


def _check_period(world: World, life: Life, books: Books) -> None:
    begun = periods(life.running, world.clock.now())
    unclear = life.standing in RESTRICTED or books.standing in RESTRICTED or life.subscribing
    if unclear:
        begun = _adopted(life, books.subscription, begun)
    for running in begun:
        life.goes_on(running, running.start)
    shown, running = books.subscription, life.running
    assert (shown["plan"], shown["cancel_at_period_end"]) == (running.plan.code, running.cancelled)
    assert (moment(shown["current_period_start"]), moment(shown["current_period_end"])) == (running.start, running.end)
    if books.standing not in RESTRICTED:
        assert running.start <= world.clock.now() < running.end
    if not unclear:
        for one in begun:
            assert _times_sold(books, one) == 1


def _adopted(life: Life, shown: Json, begun: list[Running]) -> list[Running]:
    """The account was restricted for some time, or was waiting for its first payment: which period is it in?"""
    start = moment(shown["current_period_start"])
    before = [life.running, *begun]
    for place, running in enumerate(before):
        if (running.start, running.plan.code) == (start, shown["plan"]):
            return before[1 : place + 1]
    plan = life.plans[shown["plan"]]
    return [Running(plan, start, start, months_after(start, plan.months), shown["cancel_at_period_end"])]


def _times_sold(books: Books, running: Running) -> int:
    """How often a period was invoiced at the turn that began it."""
    span = (running.start, running.end, running.plan.price)
    lines = [line for one in books.invoices if one["purpose"] == "cycle" for line in one["lines"] if line["kind"] == "plan"]
    return sum((moment(line["period_start"]), moment(line["period_end"]), cents(line["amount"])) == span for line in lines)


def _check_due_work(world: World, life: Life, books: Books) -> None:
    now = world.clock.now()
    life.quota.lapse(now)
    overdue = [moment(one["overdue_since"]) for one in books.owed if one["overdue_since"] is not None]
    # While it is restricted nothing is invoiced: what was issued this moment came with the recovery (D4).
    anything_open = any(moment(one["issued_at"]) < now for one in books.owed)
    expected = standing(life.standing, min(overdue, default=None), anything_open=anything_open, now=now)
    assert books.standing == expected
    check_nothing_is_forgotten(books, now)
    if not world.ever_behind:
        check_retry_days(books)


def _check_usage(life: Life, books: Books, usage: Json) -> None:
    running, used = life.running, life.quota.used(life.running.start)
    included = running.plan.included
    remaining = None if included is None else max(0, included - used)
    assert usage["codes"] == {"included": included, "used": used, "remaining": remaining}
    assert (moment(usage["cycle_start"]), moment(usage["cycle_end"])) == (running.start, running.end)
    pending = sum(cents(item["amount"]) for item in books.items if item["invoice_id"] is None)
    assert cents(usage["pending_fees"]) == pending
