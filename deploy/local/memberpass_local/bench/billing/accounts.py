"""Fills a billing database with creators who pay by card, in groups whose cycles all turn in one hour."""

from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg

OPENED: Final = datetime(2027, 1, 1, tzinfo=UTC)
TURNS: Final = datetime(2027, 2, 1, tzinfo=UTC)
"""The first group's hour begins; the next group's so much later that a slow machine's clock does not come to it."""
HOUR: Final = timedelta(hours=1)
APART: Final = timedelta(hours=12)

_FILL: Final = (
    """CREATE TEMP TABLE people AS SELECT gen_random_uuid() AS id, gen_random_uuid() AS invoice, gen_random_uuid() AS card,
         $1::timestamptz + i * $3::interval AS began, $2::timestamptz + i * $3::interval AS ends, i
       FROM generate_series(1, $4::int) i""",
    """INSERT INTO accounts (account_id, email, name, standing, standing_changes, credit_balance, credit_entries,
         invoices_issued, entitlements_version, created_at)
       SELECT id, 'creator' || i || '@example.com', 'Creator ' || i, 'active', 0, 0, 0, 1, 1, began FROM people""",
    """INSERT INTO invoices (account_id, id, number, status, purpose, plan_owner_id, plan_code, total, credit_applied,
         charged, issued_at, paid_at)
       SELECT id, invoice, 1, 'paid', 'first_subscription', '00000000-0000-0000-0000-000000000000', 'starter_monthly', 3900,
         0, 3900, began, began FROM people""",
    """INSERT INTO payment_methods (account_id, id, processor_reference, brand, last_four, is_default, created_at)
       SELECT id, card, 'pm_card_visa:' || card, 'visa', '4242', true, began FROM people""",
    """INSERT INTO subscriptions (account_id, plan_owner_id, plan_code, anchor, period_start, period_end, next_turn_at,
         period_price, period_invoice_id, cancel_at_period_end)
       SELECT id, '00000000-0000-0000-0000-000000000000', 'starter_monthly', began, began, ends, ends, 3900, invoice, false
       FROM people""",
    "INSERT INTO quota_cycles (account_id, starts_at, ends_at, included, used) SELECT id, began, ends, 200, 0 FROM people",
    "INSERT INTO fee_rates (account_id, since, plan_code, fee_rate) SELECT id, began, 'starter_monthly', 0.03 FROM people",
    "DROP TABLE people",
)


async def fill_accounts(database: asyncpg.Connection, *, accounts: int, group: int) -> None:
    """Make accounts, each as it is after a paid first month, whose cycles turn one after the other within the group's hour."""
    making, *filling = _FILL
    opened, turns = (moment + group * APART for moment in (OPENED, TURNS))
    async with database.transaction():
        await database.execute(making, opened, turns, HOUR / accounts, accounts)
        for statement in filling:
            await database.execute(statement)
    await database.execute("VACUUM ANALYZE")


def past(group: int) -> datetime:
    """When all of a group's cycles have turned, and none of the next one's."""
    return TURNS + group * APART + HOUR
