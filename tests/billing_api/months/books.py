"""What the API says of one account, and the sums that must hold in it whatever happened."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.billing_api.months.bank import Bank
from tests.billing_api.running import Creator, Json

RETRY_DAYS = {1, 2, 4, 7, 11, 16, 22, 29}
UNDER_WAY = {"pending", "unknown"}


@dataclass(frozen=True)
class Books:
    """Lists are oldest first. Amounts are cents."""

    account: Json
    subscription: Json
    invoices: list[Json]
    entries: list[Json]
    items: list[Json]
    cards: list[Json]

    @property
    def balance(self) -> int:
        return cents(self.account["credit_balance"])

    @property
    def standing(self) -> str:
        return str(self.account["standing"])

    @property
    def owed(self) -> list[Json]:
        """Open invoices but that of a first subscription, which is owed by nobody until it is paid."""
        return [one for one in self.invoices if one["status"] == "open" and one["purpose"] != "first_subscription"]

    @property
    def subscribing(self) -> bool:
        """A first subscription's payment is under way."""
        return any(one["status"] == "open" and one["purpose"] == "first_subscription" for one in self.invoices)

    @property
    def default_card(self) -> str | None:
        return next((str(card["id"]) for card in self.cards if card["is_default"]), None)

    def under_way(self, invoice: Json) -> bool:
        return any(attempt["status"] in UNDER_WAY for attempt in invoice["attempts"])

    def entered(self, reason: str) -> int:
        return sum(cents(entry["amount"]) for entry in self.entries if entry["reason"] == reason)

    def lines(self, kind: str, *statuses: str) -> int:
        """The sum of the lines of a kind on the invoices of these statuses."""
        invoices = [one for one in self.invoices if one["status"] in statuses]
        return sum(cents(line["amount"]) for one in invoices for line in one["lines"] if line["kind"] == kind)


async def read_books(creator: Creator) -> Books:
    return Books(
        account=await creator.get("/v1/account"),
        subscription=await creator.get("/v1/subscription"),
        invoices=await _all(creator, "/v1/invoices"),
        entries=await _all(creator, "/v1/credit-entries"),
        items=await _all(creator, "/v1/usage/items"),
        cards=await _all(creator, "/v1/payment-methods"),
    )


def cents(money: Json) -> int:
    assert money["currency"] == "USD"
    return int(money["amount"])


def moment(shown: Any) -> datetime:
    return datetime.fromisoformat(shown)


def check_money(books: Books, bank: Bank, account_id: Any, settled: int) -> None:
    """Money in = money out. In: what the bank took and what operators settled. Out: paid invoices and the balance."""
    taken = bank.taken(account_id)
    tries = [attempt for invoice in books.invoices for attempt in invoice["attempts"]]
    waiting = sum(taken.get(attempt["id"], 0) for attempt in tries if attempt["status"] in UNDER_WAY)
    known = {attempt["id"]: cents(attempt["amount"]) for attempt in tries if attempt["status"] in {"succeeded", "late"}}
    assert sum(taken.values()) - waiting == sum(known.values())
    assert {name: taken.get(name) for name in known} == known, "each success is the bank's own"
    by_card = sum(known.values())
    paid = [one for one in books.invoices if one["status"] == "paid"]
    assert by_card == sum(cents(one["amount_due"]) for one in paid) + books.entered("late_payment")
    assert books.entered("operator_settlement") == settled
    held = sum(cents(one["credit_applied"]) for one in books.invoices if one["status"] == "open")
    credit_in = books.entered("plan_change")
    assert by_card + settled + credit_in == sum(cents(one["total"]) for one in paid) + held + books.balance
    given_back = credit_in - books.lines("unused_time", "open", "paid")
    assert given_back <= books.lines("plan", "paid"), "credit comes out of paid periods only"


def check_ledger(books: Books) -> None:
    balance = 0
    for entry in books.entries:
        balance += cents(entry["amount"])
        assert balance == cents(entry["balance_after"]) >= 0
    assert balance == books.balance


def check_invoices(books: Books) -> None:
    assert [one["number"] for one in books.invoices] == list(range(1, len(books.invoices) + 1))
    for one in books.invoices:
        total, credit = cents(one["total"]), cents(one["credit_applied"])
        paid_by_card = sum(cents(attempt["amount"]) for attempt in one["attempts"] if attempt["status"] == "succeeded")
        assert total == sum(cents(line["amount"]) for line in one["lines"]) >= 0
        assert cents(one["amount_due"]) == total - credit >= 0
        if one["status"] == "paid":
            assert total == credit + paid_by_card
        else:
            assert paid_by_card == 0
        assert sum(attempt["status"] in UNDER_WAY for attempt in one["attempts"]) <= (one["status"] == "open")
        assert sum(attempt["status"] == "succeeded" for attempt in one["attempts"]) <= 1
        assert sum(attempt["kind"] == "retry" for attempt in one["attempts"]) <= len(RETRY_DAYS)


def check_fees(books: Books, owed: int) -> None:
    """`owed`: the fees that batches and sales came to."""
    assert sum(cents(item["amount"]) for item in books.items) == owed
    invoiced = sum(cents(item["amount"]) for item in books.items if item["invoice_id"] is not None)
    assert invoiced == books.lines("usage_fee", "open", "paid", "void")


def check_nothing_is_forgotten(books: Books, now: datetime) -> None:
    """When all due work is done: what is owed is overdue or on its way, and what is overdue was tried on its days."""
    for one in books.owed:
        planned = one["next_attempt_at"] is not None and moment(one["next_attempt_at"]) > now
        assert one["overdue_since"] is not None or planned or books.under_way(one), "an open invoice that nobody looks after"
        assert one["next_attempt_at"] is None or planned


def check_retry_days(books: Books) -> None:
    """Where due work was never late."""
    for one in books.invoices:
        for attempt in one["attempts"]:
            if attempt["kind"] == "retry":
                assert (moment(attempt["created_at"]) - moment(one["overdue_since"])) / timedelta(days=1) in RETRY_DAYS


async def _all(creator: Creator, path: str) -> list[Json]:
    found: list[Json] = []
    page = await creator.get(path, limit=100)
    found += page["data"]
    while page["next_cursor"] is not None:
        page = await creator.get(path, limit=100, cursor=page["next_cursor"])
        found += page["data"]
    return found[::-1]
