"""What people do, each act with what must come of it."""

from dataclasses import replace
from typing import TypeVar

from tests.billing_api.months.bank import Fault
from tests.billing_api.months.books import Books, cents, moment, read_books
from tests.billing_api.months.model import FREE, RESTRICTED, Plan, Running, Terms, change
from tests.billing_api.months.observe import observe
from tests.billing_api.months.world import Life, World
from tests.billing_api.running import Json, ok, refused

T = TypeVar("T")
YEAR = 12
SILENT, DECLINED, PAID, NO_CARD = "silent", "declined", "paid", "no card"


def outcome(world: World, life: Life, books: Books, card: str | None) -> str:
    """What charging a card comes to."""
    if card is None:
        return NO_CARD
    token = life.tokens[card]
    if world.bank.fault is not None or token == "pm_card_outage":
        return SILENT
    taken = world.bank.taken(life.creator.id)
    mine = {one["id"] for invoice in books.invoices for one in invoice["attempts"] if one["payment_method_id"] == card}
    declines = token == "pm_card_chargeDeclined" or (token == "pm_card_declineAfterFirst" and mine & set(taken))
    return DECLINED if declines else PAID


# Cards
async def add_card(world: World, life: Life, token: str) -> None:
    card = await life.creator.add_card(token)
    life.tokens[card["id"]] = token


async def next_charge(world: World, _: Life, fault: Fault) -> None:
    """Goes wrong, whosever it is."""
    world.bank.fault = fault


async def count_projects(world: World, _: Life, number: int) -> None:
    """codes-api counts so many, for everybody."""
    world.billing.codes.projects = number


async def make_default(world: World, life: Life, index: int) -> None:
    books = await read_books(life.creator)
    if books.cards:
        card = books.cards[index % len(books.cards)]["id"]
        ok(await life.creator.post(f"/v1/payment-methods/{card}/default"))
        assert (await read_books(life.creator)).default_card == card


async def remove_card(world: World, life: Life, index: int) -> None:
    books = await observe(world, life)
    if not books.cards:
        return
    card = books.cards[index % len(books.cards)]["id"]
    removed = await life.creator.delete(f"/v1/payment-methods/{card}")
    paying = life.running.plan.price > 0 and not life.running.cancelled
    pending = any(item["invoice_id"] is None for item in books.items)
    if len(books.cards) == 1 and (paying or books.owed or books.subscribing or pending):
        refused(removed, 409, "only_payment_method")
    else:
        ok(removed, 204)


# The plan
async def make_plan(life: Life, terms: Plan) -> None:
    plan = replace(terms, code=f"custom_{len(life.plans)}")
    await life.creator.billing.custom_plan(
        life.creator,
        code=plan.code,
        tier=plan.tier,
        interval="year" if plan.months == YEAR else "month",
        price={"amount": plan.price, "currency": "USD"},
        limits={"projects": None, "lifetime_memberships": None, "codes": plan.included},
        fee_rate=f"{float(plan.fee_rate):.6f}",
    )
    life.plans[plan.code] = plan


async def change_plan(world: World, life: Life, index: int) -> None:
    before = await observe(world, life)
    target = list(life.plans.values())[index % len(life.plans)]
    if before.subscribing:
        await _come_back(life, target)
        return
    terms = change(life.running, target, world.clock.now())
    previewed, no = await life.creator.preview(target.code), _refusal(world, life, before, target, terms)
    if no is not None:
        refused(previewed, *no)
        refused(await life.creator.change(target.code), *no)
        return
    _check_preview(ok(previewed), terms, before)
    if terms.kind == "subscribe":
        await _subscribe(world, life, before, terms)
    else:
        await _switch(world, life, before, terms)


def _refusal(world: World, life: Life, books: Books, target: Plan, terms: Terms) -> tuple[int, str] | None:
    if books.standing in RESTRICTED:
        return 403, "account_locked"
    if target == life.running.plan:
        return 409, "plan_unchanged"
    if terms.kind != "subscribe" and _unpaid(life.running, books.owed):
        return 409, "open_invoice"
    if terms.kind == "downgrade" and target.projects is not None and world.billing.codes.projects > target.projects:
        return 409, "limits_exceeded"
    return None


def _unpaid(running: Running, owed: list[Json]) -> bool:
    """B5: an open invoice sold the running period, or a part of it."""
    sold = [line for invoice in owed for line in invoice["lines"] if line["kind"] == "plan" and cents(line["amount"])]
    return any(moment(line["period_start"]) >= running.start and moment(line["period_end"]) == running.end for line in sold)


def _check_preview(preview: Json, terms: Terms, before: Books) -> None:
    amounts = [cents(preview[name]) for name in ("credit", "cost", "amount_due", "credit_to_balance")]
    assert preview["kind"] == terms.kind
    assert amounts == [terms.credit, terms.cost, max(0, terms.to_charge - before.balance), terms.to_balance]
    assert (moment(preview["period_start"]), moment(preview["period_end"])) == (terms.after.start, terms.after.end)


async def _come_back(life: Life, target: Plan) -> None:
    """A first subscription whose answer was lost is brought to its end before another is tried."""
    answer = await life.creator.change(target.code)
    code = answer.json().get("code")
    assert (answer.status_code, code) in {
        (200, None),
        (402, "payment_failed"),
        (402, "payment_method_required"),
        (403, "account_locked"),
        (409, "change_in_progress"),
        (409, "plan_unchanged"),
        (503, "payment_unanswered"),
    }
    assert code != "plan_unchanged" or await life.creator.plan() == target.code


async def _subscribe(world: World, life: Life, before: Books, terms: Terms) -> None:
    """B8: paid before anything changes."""
    due = max(0, terms.to_charge - before.balance)
    comes_to = PAID if due == 0 else outcome(world, life, before, before.default_card)
    answer = await life.creator.change(terms.after.plan.code)
    if comes_to == PAID:
        changed = ok(answer)
        assert (changed["invoice"]["status"], cents(changed["invoice"]["amount_due"])) == ("paid", due)
        life.goes_on(terms.after, world.clock.now())
    elif comes_to == NO_CARD:
        refused(answer, 402, "payment_method_required")
    elif comes_to == DECLINED:
        refused(answer, 402, "payment_failed")
    else:
        refused(answer, 503, "payment_unanswered")
    after = await read_books(life.creator)
    assert after.balance == before.balance - (min(before.balance, terms.to_charge) if comes_to in {PAID, SILENT} else 0)


async def _switch(world: World, life: Life, before: Books, terms: Terms) -> None:
    """B3, B4: takes effect at once, and what was previewed is what is charged."""
    changed = ok(await life.creator.change(terms.after.plan.code))
    life.goes_on(terms.after, world.clock.now())
    life.credited += terms.to_balance
    invoice, entry = changed["invoice"], changed["credit_entry"]
    assert (0 if entry is None else cents(entry["amount"])) == terms.to_balance
    assert (0 if invoice is None else cents(invoice["total"])) == terms.to_charge
    due = max(0, terms.to_charge - before.balance)
    assert (0 if invoice is None else cents(invoice["amount_due"])) == due
    after = await read_books(life.creator)
    assert after.balance == before.balance + terms.to_balance - min(before.balance, terms.to_charge)


async def cancel(world: World, life: Life) -> None:
    await observe(world, life)
    answer = await life.creator.post("/v1/subscription/cancel")
    if life.running.plan is FREE:
        refused(answer, 409, "not_subscribed")
    else:
        assert ok(answer)["cancel_at_period_end"]
        life.running = replace(life.running, cancelled=True)


async def resume(world: World, life: Life) -> None:
    await observe(world, life)
    answer = await life.creator.post("/v1/subscription/resume")
    if life.running.plan is FREE:
        assert (answer.status_code, answer.json()["code"]) in {(409, "not_subscribed"), (409, "subscription_expired")}
    else:
        assert not ok(answer)["cancel_at_period_end"]
        life.running = replace(life.running, cancelled=False)


# Invoices
async def pay(world: World, life: Life, index: int, card: int | None) -> None:
    books = await read_books(life.creator)
    if not books.invoices:
        return
    invoice = _pick(books, index)
    method = None if card is None or not books.cards else str(books.cards[card % len(books.cards)]["id"])
    comes_to = outcome(world, life, books, method or books.default_card)
    body = None if method is None else {"payment_method_id": method}
    answer = await life.creator.post(f"/v1/invoices/{invoice['id']}/pay", body)
    if invoice["status"] != "open":
        refused(answer, 409, "invoice_not_open")
    elif books.under_way(invoice):
        assert answer.status_code in {200, 402, 409, 503}
    elif comes_to == PAID or books.balance >= cents(invoice["amount_remaining"]):
        assert ok(answer)["status"] == "paid"
    else:
        problem = {
            NO_CARD: (402, "payment_method_required"),
            DECLINED: (402, "payment_failed"),
            SILENT: (503, "payment_unanswered"),
        }
        refused(answer, *problem[comes_to])


def _pick(books: Books, index: int) -> Json:
    """Mostly one that is owed, where there is any."""
    invoices = books.owed if books.owed and index else books.invoices
    return invoices[-1 - index % len(invoices)]


async def settle(world: World, life: Life, index: int) -> None:
    books = await read_books(life.creator)
    if not books.invoices:
        return
    invoice = _pick(books, index)
    path = f"/v1/operator/accounts/{life.creator.id}/invoices/{invoice['id']}/settle"
    answer = await world.billing.http.post(path, json={"reason": "Transfer"}, headers=world.billing.operator)
    if invoice["status"] == "open" and books.under_way(invoice):
        assert answer.status_code in {200, 409, 503}
    elif invoice["status"] == "open" or invoice["id"] in life.settled:
        assert ok(answer)["status"] == "paid"
    else:
        refused(answer, 409, "invoice_not_open")
    if answer.status_code == 200 and invoice["id"] not in life.settled:
        life.settled[invoice["id"]] = cents(invoice["amount_remaining"])


# Codes and sales
