"""The money invariants, each a query for what breaks it. `GET /v1/operator/audit` runs them all, and `across.py`'s."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.audit.dunning import DUNNING_INVARIANTS
from billing_api.audit.invariant import Finding, Invariant

INVARIANTS: Final = (
    Invariant(
        "invoice_total_is_sum_of_lines",
        """SELECT count(*), count(*) FILTER (WHERE i.total <> COALESCE(l.total, 0)) FROM invoices i LEFT JOIN
           (SELECT account_id, invoice_id, sum(amount) AS total FROM invoice_lines GROUP BY 1, 2) l
           ON l.account_id = i.account_id AND l.invoice_id = i.id""",
    ),
    Invariant(
        "paid_invoice_is_card_plus_balance",
        """SELECT count(*), count(*) FILTER (WHERE i.total <> COALESCE(c.amount, 0) + COALESCE(b.amount, 0)) FROM invoices i
           LEFT JOIN (SELECT account_id, invoice_id, sum(amount) AS amount FROM payment_attempts
                      WHERE status = 'succeeded' GROUP BY 1, 2) c ON c.account_id = i.account_id AND c.invoice_id = i.id
           LEFT JOIN (SELECT account_id, invoice_id, -sum(amount) AS amount FROM credit_entries
                      WHERE reason IN ('invoice_payment', 'invoice_voided') GROUP BY 1, 2) b
             ON b.account_id = i.account_id AND b.invoice_id = i.id
           WHERE i.status = 'paid'""",
    ),
    Invariant(
        "unpaid_invoice_is_not_charged",
        """SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM payment_attempts a WHERE a.account_id = i.account_id
             AND a.invoice_id = i.id AND a.status = 'succeeded')) FROM invoices i WHERE i.status <> 'paid'""",
    ),
    Invariant(
        "invoice_numbers_have_no_gaps",
        """SELECT count(*), count(*) FILTER (WHERE invoices_issued <> issued OR invoices_issued <> COALESCE(highest, 0)) FROM
           (SELECT a.invoices_issued, count(i.id) AS issued, max(i.number) AS highest FROM accounts a
            LEFT JOIN invoices i ON i.account_id = a.account_id GROUP BY a.account_id) n""",
    ),
    Invariant("balance_is_not_negative", "SELECT count(*), count(*) FILTER (WHERE balance_after < 0) FROM credit_entries"),
    Invariant(
        "balance_is_sum_of_ledger",
        """SELECT count(*), count(*) FILTER (WHERE a.credit_balance <> COALESCE(l.total, 0)) FROM accounts a LEFT JOIN
           (SELECT account_id, sum(amount) AS total FROM credit_entries GROUP BY 1) l ON l.account_id = a.account_id""",
    ),
    Invariant(
        "ledger_runs_without_breaks",
        """SELECT count(*), count(*) FILTER (WHERE balance_after <> running OR number <> position) FROM
           (SELECT number, balance_after, sum(amount) OVER w AS running, row_number() OVER w AS position FROM credit_entries
            WINDOW w AS (PARTITION BY account_id ORDER BY number)) l""",
    ),
    Invariant(
        "processor_charge_has_its_attempt",
        """SELECT count(*), count(*) FILTER (WHERE a.id IS NULL OR a.amount <> c.amount OR c.currency <> 'USD'
             OR a.status NOT IN ('succeeded', 'pending', 'unknown', 'late')) FROM sandbox_charges c
           LEFT JOIN payment_attempts a ON a.invoice_id || ':' || a.id = c.idempotency_key WHERE c.outcome = 'succeeded'""",
    ),
    Invariant(
        "invoice_is_charged_once",
        """SELECT count(*), count(*) FILTER (WHERE n > 1) FROM
           (SELECT count(*) FILTER (WHERE c.outcome = 'succeeded' AND a.status IS DISTINCT FROM 'late') AS n
            FROM sandbox_charges c LEFT JOIN payment_attempts a ON a.invoice_id || ':' || a.id = c.idempotency_key
            GROUP BY split_part(c.idempotency_key, ':', 1)) charged""",
    ),
    Invariant(
        "usage_item_is_on_one_invoice_at_most",
        """SELECT count(*), count(*) FILTER (WHERE n > 1 OR (n = 1) <> (invoice_id IS NOT NULL) OR n <> same) FROM
           (SELECT u.invoice_id, count(l.position) AS n,
                   count(l.position) FILTER (WHERE l.amount = u.amount AND l.invoice_id = u.invoice_id) AS same
            FROM usage_items u LEFT JOIN invoice_lines l ON l.account_id = u.account_id AND l.usage_item_id = u.id
            GROUP BY u.account_id, u.id) items""",
    ),
    Invariant(
        "confirmed_fee_has_its_usage_item",
        """SELECT count(*), count(*) FILTER (WHERE (r.state = 'confirmed' AND r.fee > 0) <> (u.id IS NOT NULL)
             OR u.amount <> r.fee) FROM quota_reservations r
           LEFT JOIN usage_items u ON u.account_id = r.account_id AND u.batch_id = r.batch_id""",
    ),
    Invariant(
        "sale_owes_its_fee_once",
        """SELECT count(*), count(*) FILTER (WHERE (s.fee > 0) <> (u.id IS NOT NULL) OR u.amount <> s.fee
             OR u.fee_rate <> s.fee_rate OR u.occurred_at <> s.occurred_at) FROM sales s
           LEFT JOIN usage_items u ON u.account_id = s.account_id AND u.sale_id = s.id""",
    ),
    Invariant(
        "sale_has_the_rate_of_its_moment",
        """SELECT count(*), count(*) FILTER (WHERE s.fee_rate <> r.fee_rate) FROM sales s JOIN LATERAL
           (SELECT fee_rate FROM fee_rates r WHERE r.account_id = s.account_id AND r.since <= LEAST(s.occurred_at, s.reported_at)
            ORDER BY since DESC LIMIT 1) r ON true""",
    ),
    Invariant(
        "present_plan_has_its_rate",
        """SELECT count(*), count(*) FILTER (WHERE p.fee_rate IS DISTINCT FROM r.fee_rate) FROM subscriptions s
           JOIN plans p ON p.account_id = s.plan_owner_id AND p.code = s.plan_code LEFT JOIN LATERAL
           (SELECT fee_rate FROM fee_rates r WHERE r.account_id = s.account_id ORDER BY since DESC LIMIT 1) r ON true""",
    ),
    Invariant(
        "quota_used_is_reserved_and_generated_less_expired",
        """SELECT count(*), count(*) FILTER (WHERE c.used <> COALESCE(r.used, 0)) FROM quota_cycles c LEFT JOIN
           (SELECT account_id, cycle_start, sum(quantity - expired) AS used FROM quota_reservations
            WHERE state <> 'released' GROUP BY 1, 2) r ON r.account_id = c.account_id AND r.cycle_start = c.starts_at""",
    ),
    *DUNNING_INVARIANTS,
)


async def audit(session: AsyncSession) -> list[Finding]:
    """Look at every invariant, all in one snapshot of the database; the session must be fresh."""
    await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    return await look_at_all(session)


async def look_at_all(session: AsyncSession) -> list[Finding]:
    """Every invariant as the session's transaction sees it."""
    findings = []
    for invariant in INVARIANTS:
        checked, violations = (await session.execute(text(invariant.sql))).one()
        findings.append(Finding(invariant.name, checked, violations))
    return findings
