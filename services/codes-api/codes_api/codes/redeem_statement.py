"""The guarded statement that redeems a code: everything that a redemption changes, in one round trip, or nothing.

How two at once are kept apart (READ COMMITTED, which PostgreSQL uses for a statement of its own):

- `candidate` locks the code's row. Whoever comes second waits, and PostgreSQL then asks the guard again of the row as it
  is by then: redeemed or revoked, and the statement changes nothing.
- Before it, it takes its share of the batch's row, which the sweep holds alone while it marks the batch and counts what is
  open (docs/adr/0010): whichever of the two is first, a code is either counted or redeemed.
- `member` meets the one running membership of a member and plan in a unique index: it makes it or extends it (M2).
  A row whose end has passed is neither; then nothing at all happens here and `redeem.py` ends it first.
- `slot` takes a lifetime membership's place (M4) only for a membership that is new. Should the last place have gone to
  another while this one waited, it writes a count that the table's constraint refuses, which undoes the whole statement.

Locks are always taken in this order: batch, code, membership, tenant; each statement holds one of each. A holder of the last
waits for nobody, so there is no circle to wait in.

The event has one listener, the creator's webhooks. Where there are none it is written as already handed over: carrying it
to jobs and back for nothing costs more than the redemption. A second listener must be named there too. There is no NOTIFY,
whose lock would put all commits of the database in one line; the relay looks every second.
"""

from typing import Final

UNREDEEMED: Final = "c.redeemed_at IS NULL"
"""The heart of the guard. A test takes it out and must see the race."""

UNSWEPT: Final = "b.swept_at IS NULL"
SHARED: Final = "FOR SHARE OF b"
"""What keeps the sweep away. A test takes it out as well."""

MONTHS: Final = "CASE p.interval_unit WHEN 'month' THEN 1 WHEN 'year' THEN 12 ELSE 0 END * p.interval_count"
DAYS: Final = "CASE p.interval_unit WHEN 'day' THEN 1 WHEN 'week' THEN 7 ELSE 0 END * p.interval_count"


def end_after(start: str, periods: str) -> str:
    """The SQL of `memberships/periods.py`: the end of so many periods of `months` and `days`, of which one is 0."""
    end = f"{start} + make_interval(months => months * ({periods}), days => days * ({periods}))"
    return f"LEAST({end}, '9999-12-31 00:00+00')"


# Parameters: $1 account, $2 project, $3 code, $4 telegram id, $5 now, $6 id of a new membership, $7 id of the event,
# $8 request id.
_TEMPLATE: Final = """
WITH candidate AS MATERIALIZED (
    SELECT c.account_id, c.project_id, c.batch_id, c.position, c.code,
           p.id AS plan_id, p.name, p.price_amount, p.price_currency, p.interval_unit, p.interval_count,
           <months> AS months,
           <days> AS days,
           p.interval_unit = 'lifetime' AS lifetime
    FROM access_codes c
    JOIN batches b ON b.account_id = c.account_id AND b.project_id = c.project_id AND b.id = c.batch_id
    JOIN membership_plans p ON p.account_id = c.account_id AND p.project_id = c.project_id AND p.id = c.plan_id
    JOIN projects j ON j.account_id = c.account_id AND j.id = c.project_id
    JOIN tenants t ON t.account_id = c.account_id
    WHERE c.account_id = $1::uuid AND c.project_id = $2::uuid AND c.code = $3::varchar
      AND <unredeemed>
      AND c.revoked_at IS NULL
      AND <unswept>
      AND (c.expires_at IS NULL OR c.expires_at > $5::timestamptz)
      AND j.archived_at IS NULL
      AND t.standing IN ('active', 'grace')
      AND (p.interval_unit <> 'lifetime' OR t.lifetime_limit IS NULL OR t.lifetime_used < t.lifetime_limit
           OR EXISTS (SELECT FROM memberships m
                      WHERE m.account_id = c.account_id AND m.project_id = c.project_id AND m.plan_id = c.plan_id
                        AND m.telegram_id = $4::bigint AND m.status = 'active'))
    <shared>
    FOR NO KEY UPDATE OF c
), member AS (
    INSERT INTO memberships AS m
           (account_id, project_id, id, plan_id, telegram_id, code, periods, starts_at, ends_at, status)
    SELECT account_id, project_id, $6::uuid, plan_id, $4::bigint, code, 1, $5::timestamptz,
           CASE WHEN NOT lifetime THEN <first_end> END,
           'active'
    FROM candidate
    ON CONFLICT (account_id, project_id, plan_id, telegram_id) WHERE status = 'active' DO UPDATE
    SET periods = m.periods + 1,
        code = excluded.code,
        ends_at = (SELECT <later_end> FROM candidate WHERE NOT lifetime)
    WHERE m.ends_at IS NULL OR m.ends_at > $5::timestamptz
    RETURNING id, starts_at, ends_at, periods
), slot AS (
    UPDATE tenants
    SET lifetime_used = CASE WHEN lifetime_limit IS NULL OR lifetime_used < lifetime_limit THEN lifetime_used + 1 ELSE -1 END
    WHERE account_id = $1::uuid AND (SELECT lifetime AND periods = 1 FROM candidate, member)
), claimed AS (
    UPDATE access_codes c
    SET redeemed_at = $5::timestamptz, redeemed_by = $4::bigint, membership_id = member.id
    FROM candidate, member
    WHERE c.account_id = candidate.account_id AND c.project_id = candidate.project_id
      AND c.batch_id = candidate.batch_id AND c.position = candidate.position
), event AS (
    INSERT INTO outbox (account_id, id, type, payload, request_id, occurred_at, published_at)
    SELECT account_id, $7::uuid, 'access_code.redeemed',
           jsonb_build_object('project_id', project_id, 'batch_id', batch_id, 'position', candidate.position,
                              'membership_id', member.id, 'periods', periods),
           $8::varchar, $5::timestamptz,
           CASE WHEN NOT EXISTS (SELECT FROM webhook_endpoints w
                                 WHERE w.account_id = candidate.account_id AND w.project_id = candidate.project_id AND w.enabled)
                THEN now() END
    FROM candidate, member
)
SELECT member.id, starts_at, ends_at, periods, plan_id, name, price_amount, price_currency, interval_unit, interval_count
FROM candidate, member
"""


def statement(unredeemed: str = UNREDEEMED, shared: str = SHARED) -> str:
    """The statement, for asyncpg. One row if the code is redeemed by it, none if nothing was changed."""
    parts = {
        "unredeemed": unredeemed,
        "unswept": UNSWEPT,
        "shared": shared,
        "months": MONTHS,
        "days": DAYS,
        "first_end": end_after("$5::timestamptz", "1"),
        "later_end": end_after("m.starts_at", "m.periods + 1"),
    }
    sql = _TEMPLATE
    for name, part in parts.items():
        sql = sql.replace(f"<{name}>", part)
    return sql


REDEEM: Final = statement()

SLOT_CONSTRAINT: Final = "ck_tenants_lifetime_used"
"""Violated by a lifetime membership that came too late for the last place."""
