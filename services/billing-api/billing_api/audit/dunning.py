"""The invariants of dunning and standing (`rules.md` D1-D5). Part of `invariants.py`'s list."""

from typing import Final

from billing_api.audit.invariant import Invariant

_RESTRICTED: Final = "('locked', 'suspended', 'deletable', 'deleted')"

DUNNING_INVARIANTS: Final = (
    Invariant(
        "standing_is_what_open_invoices_say",
        """SELECT count(*), count(*) FILTER (WHERE (a.standing = 'active' AND i.overdue > 0)
             OR (a.standing = 'grace' AND COALESCE(i.overdue, 0) = 0)
             OR (a.standing IN ('locked', 'suspended', 'deletable') AND COALESCE(i.owed, 0) = 0)) FROM accounts a LEFT JOIN
           (SELECT account_id, count(*) AS owed, count(overdue_since) AS overdue FROM invoices
            WHERE status = 'open' AND purpose <> 'first_subscription' GROUP BY 1) i ON i.account_id = a.account_id""",
    ),
    Invariant(
        "standing_is_its_last_step",
        """SELECT count(*), count(*) FILTER (WHERE a.standing <> COALESCE(s.after, 'active')
             OR a.standing_changes <> COALESCE(s.number, 0)) FROM accounts a LEFT JOIN
           (SELECT DISTINCT ON (account_id) * FROM standing_changes ORDER BY account_id, number DESC) s
           ON s.account_id = a.account_id""",
    ),
    Invariant(
        "standing_steps_follow_each_other",
        """SELECT count(*), count(*) FILTER (WHERE before <> preceding OR number <> position) FROM
           (SELECT before, number, COALESCE(lag(after) OVER w, 'active') AS preceding, row_number() OVER w AS position
            FROM standing_changes WINDOW w AS (PARTITION BY account_id ORDER BY number)) s""",
    ),
    Invariant(
        "restricted_account_is_paused",
        f"""SELECT count(*), count(*) FILTER (WHERE s.paused <> (a.standing IN {_RESTRICTED}))
           FROM accounts a JOIN subscriptions s ON s.account_id = a.account_id""",  # noqa: S608 - a constant of this file
    ),
    Invariant(
        "nothing_is_renewed_while_restricted",
        # By the moment of its turn, which its lines name: work that is late may write a turn down after a lock that came later.
        f"""SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM
             (SELECT after, since, lead(since) OVER (ORDER BY number) AS until FROM standing_changes c
              WHERE c.account_id = i.account_id) s
             WHERE s.after IN {_RESTRICTED} AND i.turn >= s.since AND (s.until IS NULL OR i.turn < s.until)))
           FROM (SELECT i.account_id, COALESCE(min(l.period_start) FILTER (WHERE l.kind = 'plan'), max(l.period_end)) AS turn
                 FROM invoices i JOIN invoice_lines l ON l.account_id = i.account_id AND l.invoice_id = i.id
                 WHERE i.purpose = 'cycle' GROUP BY i.account_id, i.id) i""",  # noqa: S608 - a constant of this file
    ),
    Invariant(
        "invoice_has_8_automatic_retries_at_most",
        """SELECT count(*), count(*) FILTER (WHERE n > 8) FROM (SELECT count(*) FILTER (WHERE kind = 'retry') AS n
           FROM payment_attempts GROUP BY account_id, invoice_id) r""",
    ),
    Invariant(
        "only_an_open_invoice_is_being_charged",
        """SELECT count(*), count(*) FILTER (WHERE i.status <> 'open' OR n > 1) FROM
           (SELECT account_id, invoice_id, count(*) AS n FROM payment_attempts WHERE status IN ('pending', 'unknown')
            GROUP BY 1, 2) a JOIN invoices i ON i.account_id = a.account_id AND i.id = a.invoice_id""",
    ),
    Invariant(
        "operator_settlement_has_its_trail",
        """SELECT count(*), count(*) FILTER (WHERE s.amount IS DISTINCT FROM e.amount) FROM invoice_settlements s FULL JOIN
           (SELECT account_id, invoice_id, sum(amount) AS amount FROM credit_entries WHERE reason = 'operator_settlement'
            GROUP BY 1, 2) e ON e.account_id = s.account_id AND e.invoice_id = s.invoice_id""",
    ),
    Invariant(
        "late_payment_is_on_the_balance",
        """SELECT count(*), count(*) FILTER (WHERE a.amount IS DISTINCT FROM e.amount) FROM
           (SELECT account_id, invoice_id, sum(amount) AS amount FROM payment_attempts WHERE status = 'late' GROUP BY 1, 2) a
           FULL JOIN (SELECT account_id, invoice_id, sum(amount) AS amount FROM credit_entries WHERE reason = 'late_payment'
            GROUP BY 1, 2) e ON e.account_id = a.account_id AND e.invoice_id = a.invoice_id""",
    ),
)
