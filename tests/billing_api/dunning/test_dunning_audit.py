"""The audit finds what is broken in dunning and standing."""

import pytest
from billing_api.audit.invariants import look_at_all
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.billing_api.dunning.arrears import in_arrears
from tests.billing_api.running import Billing, ok

RETRIES = (
    "INSERT INTO payment_attempts (account_id, id, invoice_id, payment_method_id, kind, amount, status, created_at, settled_at, "
    "resolve_at, silences) SELECT account_id, gen_random_uuid(), invoice_id, payment_method_id, 'retry', amount, 'declined', "
    "created_at, created_at, created_at, 0 FROM payment_attempts, generate_series(1, 9) WHERE status = 'declined'"
)
LOCKED_BEFORE = (
    "INSERT INTO standing_changes SELECT account_id, 2, 'active', 'locked', since - interval '1 day', gen_random_uuid() "
    "FROM standing_changes"
)
BREAKS = [
    ("UPDATE accounts SET standing = 'active'", {"standing_is_what_open_invoices_say", "standing_is_its_last_step"}),
    ("UPDATE invoices SET overdue_since = NULL", {"standing_is_what_open_invoices_say"}),
    ("UPDATE accounts SET standing = 'locked'", {"standing_is_its_last_step", "restricted_account_is_paused"}),
    ("UPDATE subscriptions SET paused = true", {"restricted_account_is_paused"}),
    (
        LOCKED_BEFORE,
        {"standing_is_its_last_step", "standing_steps_follow_each_other", "nothing_is_renewed_while_restricted"},
    ),
    (RETRIES, {"invoice_has_8_automatic_retries_at_most"}),
    (
        "UPDATE payment_attempts SET status = 'pending', settled_at = NULL WHERE status = 'succeeded'",
        {"only_an_open_invoice_is_being_charged", "paid_invoice_is_card_plus_balance"},
    ),
    (
        "INSERT INTO invoice_settlements SELECT account_id, id, 5, 'x', issued_at FROM invoices LIMIT 1",
        {"operator_settlement_has_its_trail"},
    ),
    ("UPDATE payment_attempts SET status = 'late' WHERE status = 'declined'", {"late_payment_is_on_the_balance"}),
]


async def test_the_audit_finds_what_is_broken(billing: Billing) -> None:
    await in_arrears(billing)
    await billing.check_audit()
    for statement, found in BREAKS:
        async with billing.database.transaction() as session:
            await session.execute(text(statement))
            broken = {one.name for one in await look_at_all(session) if one.violations}
            await session.rollback()
        assert broken == found, statement


async def test_history_and_settlements_are_only_added_to(billing: Billing) -> None:
    arrears = await in_arrears(billing)
    path = f"/v1/operator/accounts/{arrears.creator.id}/invoices/{arrears.invoice_id}/settle"
    ok(await billing.http.post(path, json={"reason": "Transfer"}, headers=billing.operator))
    for table, column in (("standing_changes", "number"), ("invoice_settlements", "amount")):
        for statement in (f"UPDATE {table} SET {column} = 7", f"DELETE FROM {table}"):
            with pytest.raises(DBAPIError, match="append-only"):
                await billing.rows(statement)
