"""The guarded statement that redeems a code: everything that a redemption changes, in one round trip, or nothing.

It is written once and sent in two forms. `REDEEM` redeems one code and waits for whoever holds it. `REDEEM_SET` redeems what is
plain of the many that were asked of one account at the same moment (docs/adr/0011); what it gives no row for is asked again
with `REDEEM`.

How two at once are kept apart (READ COMMITTED, which PostgreSQL uses for a statement of its own):

- `candidate` locks the code's row. Whoever comes second waits, and PostgreSQL then asks the guard again of the row as it
  is by then: redeemed or revoked, and the statement changes nothing. A set does not wait, it leaves the code out.
- Before it, it takes its share of the batch's row, which the sweep holds alone while it marks the batch and counts what is
  open (docs/adr/0010): whichever of the two is first, a code is either counted or redeemed. A set leaves out what is swept.
- `member` meets the one running membership of a member and plan in a unique index: it makes it or extends it (M2).
  A row whose end has passed is neither; then nothing at all happens here and `redeem.py` ends it first.
- `slot` takes a lifetime membership's place (M4) only for a membership that is new. Should the last place have gone to
  another while this one waited, it writes a count that the table's constraint refuses, which undoes the whole statement.
  A set leaves lifetime plans out, so that one who came too late undoes nobody else's.

Locks are always taken in this order: batch, code, membership, tenant. One code holds one of each, and the holder of the last
waits for nobody. A set waits for no batch and no code and takes no tenant; it takes its memberships in the order of
`uq_memberships_running`, and so does whoever else waits for a second one while holding a first (`tenants/end_memberships.py`).
So there is no circle to wait in. It does not wait long either: whoever holds a membership shall not keep the others of a set.

The event has one listener, the creator's webhooks. Where there are none it is not written: a fifth of what a redemption writes,
for nobody. A second listener must be named there too. There is no NOTIFY, whose lock would put all commits of the database in
one line; the relay looks every second.
"""

from typing import Final

UNREDEEMED: Final = "c.redeemed_at IS NULL"
"""The heart of the guard. A test takes it out and must see the race."""

SHARED: Final = "FOR SHARE"
"""What keeps the sweep away. A test takes it out as well."""

SKIP_LOCKED: Final = "SKIP LOCKED"
IN_ORDER: Final = "ORDER BY account_id, project_id, plan_id, telegram_id"
"""What keeps sets from waiting in a circle; tests take them out."""
SET_PATIENCE: Final = "100ms"
"""How long a set waits for a membership that somebody holds."""

MONTHS: Final = "CASE p.interval_unit WHEN 'month' THEN 1 WHEN 'year' THEN 12 ELSE 0 END * p.interval_count"
DAYS: Final = "CASE p.interval_unit WHEN 'day' THEN 1 WHEN 'week' THEN 7 ELSE 0 END * p.interval_count"


def end_after(start: str, periods: str) -> str:
    """The SQL of `memberships/periods.py`: the end of so many periods of `months` and `days`, of which one is 0."""
    end = f"{start} + make_interval(months => months * ({periods}), days => days * ({periods}))"
    return f"LEAST({end}, '9999-12-31 00:00+00')"


# Parameters: $1 account, $2 project, $3 code, $4 telegram id, $5 now, $6 id of a new membership, $7 id of the event,
# $8 request id.
_ONE: Final = """
    SELECT $1::uuid AS account_id, $2::uuid AS project_id, $3::varchar AS code, $4::bigint AS telegram_id,
           $5::timestamptz AS now, $6::uuid AS new_id, $7::uuid AS event_id, $8::varchar AS request_id
"""
# The same, but for the account as arrays of equal length. The setting is the statement's own and gone with its end.
_MANY: Final = """
    SELECT $1::uuid AS account_id, many.*
    FROM unnest($2::uuid[], $3::varchar[], $4::bigint[], $5::timestamptz[], $6::uuid[], $7::uuid[], $8::varchar[])
         AS many (project_id, code, telegram_id, now, new_id, event_id, request_id)
    WHERE (SELECT set_config('lock_timeout', '<patience>', true)) IS NOT NULL
"""

_WITHIN_LIFETIME_LIMIT: Final = """
    (p.interval_unit <> 'lifetime' OR t.lifetime_limit IS NULL OR t.lifetime_used < t.lifetime_limit
     OR EXISTS (SELECT FROM memberships m
                WHERE m.account_id = c.account_id AND m.project_id = c.project_id AND m.plan_id = c.plan_id
                  AND m.telegram_id = asked.telegram_id AND m.status = 'active'))
"""
_NO_LIFETIME: Final = "p.interval_unit <> 'lifetime'"

_SLOT: Final = """
), slot AS (
    UPDATE tenants
    SET lifetime_used = CASE WHEN lifetime_limit IS NULL OR lifetime_used < lifetime_limit THEN lifetime_used + 1 ELSE -1 END
    WHERE account_id = $1::uuid AND (SELECT lifetime AND periods = 1 FROM redeemed)
"""

# LATERAL, so that the guard is planned as for one row, however many are asked for, and the batch is looked up for the code and
# never the other way round. Codes are found by their unique index, also by a plan that was made when there were none: that is
# why they are claimed by their code, and why the guard is so worded that the planner does not see the index over open codes in
# it. (Of plans an account has few, until statistics say more.)
_TEMPLATE: Final = """
WITH candidate AS MATERIALIZED (
    SELECT asked.*, good.*
    FROM (<asked>) AS asked,
    LATERAL (
        SELECT c.batch_id, c.position,
               p.id AS plan_id, p.name, p.price_amount, p.price_currency, p.interval_unit, p.interval_count,
               <months> AS months,
               <days> AS days,
               p.interval_unit = 'lifetime' AS lifetime
        FROM access_codes c
        CROSS JOIN LATERAL (
            SELECT FROM batches b
            WHERE b.account_id = c.account_id AND b.project_id = c.project_id AND b.id = c.batch_id AND b.swept_at IS NULL
            <shared>
        ) AS unswept
        JOIN membership_plans p ON p.account_id = c.account_id AND p.project_id = c.project_id AND p.id = c.plan_id
        JOIN projects j ON j.account_id = c.account_id AND j.id = c.project_id
        JOIN tenants t ON t.account_id = c.account_id
        WHERE c.account_id = asked.account_id AND c.project_id = asked.project_id AND c.code = asked.code
          AND <unredeemed>
          AND num_nulls(c.revoked_at) = 1
          AND (c.expires_at IS NULL OR c.expires_at > asked.now)
          AND j.archived_at IS NULL
          AND t.standing IN ('active', 'grace')
          AND <lifetimes>
        FOR NO KEY UPDATE OF c <if_locked>
    ) AS good
), member AS (
    INSERT INTO memberships AS m
           (account_id, project_id, id, plan_id, telegram_id, code, periods, starts_at, ends_at, status)
    SELECT account_id, project_id, new_id, plan_id, telegram_id, code, 1, now,
           CASE WHEN NOT lifetime THEN <first_end> END,
           'active'
    FROM candidate
    <in_order>
    ON CONFLICT (account_id, project_id, plan_id, telegram_id) WHERE status = 'active' DO UPDATE
    SET periods = m.periods + 1,
        code = excluded.code,
        ends_at = (SELECT <later_end> FROM candidate WHERE new_id = excluded.id AND NOT lifetime)
    WHERE m.ends_at IS NULL OR m.ends_at > excluded.starts_at
    RETURNING project_id, code, id, starts_at, ends_at, periods
), redeemed AS MATERIALIZED (
    SELECT candidate.*, member.id, starts_at, ends_at, periods
    FROM candidate
    JOIN member ON member.code = candidate.code AND member.project_id = candidate.project_id
), claimed AS (
    UPDATE access_codes c
    SET redeemed_at = now, redeemed_by = telegram_id, membership_id = id
    FROM redeemed
    WHERE c.account_id = redeemed.account_id AND c.project_id = redeemed.project_id AND c.code = redeemed.code
), event AS (
    INSERT INTO outbox (account_id, id, type, payload, request_id, occurred_at)
    SELECT account_id, event_id, 'access_code.redeemed',
           jsonb_build_object('project_id', project_id, 'batch_id', batch_id, 'position', position,
                              'membership_id', id, 'periods', periods),
           request_id, now
    FROM redeemed
    WHERE EXISTS (SELECT FROM webhook_endpoints w
                  WHERE w.account_id = redeemed.account_id AND w.project_id = redeemed.project_id AND w.enabled)
<slot>
)
SELECT new_id, id, starts_at, ends_at, periods, plan_id, name, price_amount, price_currency, interval_unit, interval_count
FROM redeemed
"""


def statement(unredeemed: str = UNREDEEMED, shared: str = SHARED) -> str:
    """The statement for one code, for asyncpg. One row if the code is redeemed by it, none if nothing was changed."""
    parts = {"lifetimes": _WITHIN_LIFETIME_LIMIT, "slot": _SLOT, "if_locked": "", "in_order": ""}
    return _built(_ONE, unredeemed=unredeemed, shared=shared, **parts)


def set_statement(
    unredeemed: str = UNREDEEMED,
    shared: str = SHARED,
    if_locked: str = SKIP_LOCKED,
    in_order: str = IN_ORDER,
    patience: str = SET_PATIENCE,
) -> str:
    """The statement for many codes of an account: a row for each that is redeemed by it, in any order; its `new_id` says
    which. In a project neither a code nor a member may be asked for twice."""
    parts = {"lifetimes": _NO_LIFETIME, "slot": "", "if_locked": if_locked, "in_order": in_order}
    asked = _MANY.replace("<patience>", patience)
    return _built(asked, unredeemed=unredeemed, shared=f"{shared} {if_locked}" if shared else "", **parts)


def _built(asked: str, **parts: str) -> str:
    common = {
        "asked": asked,
        "months": MONTHS,
        "days": DAYS,
        "first_end": end_after("now", "1"),
        "later_end": end_after("m.starts_at", "m.periods + 1"),
    }
    sql = _TEMPLATE
    for name, part in {**common, **parts}.items():
        sql = sql.replace(f"<{name}>", part.strip())
    return sql


REDEEM: Final = statement()
REDEEM_SET: Final = set_statement()

SLOT_CONSTRAINT: Final = "ck_tenants_lifetime_used"
"""Violated by a lifetime membership that came too late for the last place."""
