"""The SQL that fills a project. Everything is a function of a batch's number and a code's position, except the codes
themselves and the ids: two fills of one size hold the same mixture."""

from datetime import timedelta
from typing import Final

PLANS: Final = ("monthly", "yearly", "weekly", "rare")
FIRST_LOT: Final = timedelta(hours=6)
SECOND_LOT: Final = timedelta(hours=12)

# One batch a number, oldest first, over two years. Of each hundred: 20 never expire, 30 expire in a year or more, 25 were
# swept (tombstones older than 390 days are forgotten: others would fall due while something is measured), 15 were redeemed
# to the last code; the rest expires in some weeks. Two lots of `expiring` batches, spread over all,
# are due in some hours. Every 400th batch is of the rare plan.
# $1 account, $2 project, $3 batches, $4 now, $5, $6 when the lots are due, $7 batches of a lot, $8.. plans
BATCHES: Final = """
INSERT INTO batches (account_id, project_id, id, plan_id, quantity, label, expiry_preset, expiry_days, expires_at, swept_at,
                     forgotten_at, included, overage, fee_amount, fee_currency, status, requested_at, generated_at, billed_at,
                     delivery, delivered, delivered_at, progressed_at)
SELECT $1, $2, uuidv7(made_at - clock_timestamp()),
       CASE WHEN number % 400 = 211 THEN $11::uuid
            WHEN number % 10 = 3 THEN $9::uuid WHEN number % 10 IN (4, 8) THEN $10::uuid ELSE $8::uuid END,
       1000, kind || ' ' || number, CASE WHEN expires_at IS NULL THEN 'no_expiry' ELSE 'custom' END,
       CASE WHEN expires_at IS NOT NULL THEN 30 END, expires_at,
       CASE WHEN kind = 'swept' THEN expires_at + interval '5 seconds' END,
       CASE WHEN kind = 'swept' AND expires_at < $4::timestamptz - interval '390 days' THEN $4::timestamptz END,
       1000, 0, 0, 'USD', 'ready', made_at, made_at, made_at,
       'delivered', 1000, made_at, made_at
FROM (SELECT *, CASE kind WHEN 'first' THEN $5::timestamptz WHEN 'second' THEN $6::timestamptz
                          WHEN 'swept' THEN least(made_at + interval '30 days', $4::timestamptz - interval '1 hour')
                          WHEN 'year' THEN $4::timestamptz + number % 300 * interval '1 day' + interval '70 days'
                          WHEN 'weeks' THEN $4::timestamptz + number % 30 * interval '1 day' + interval '2 days'
                END AS expires_at
      FROM (SELECT number, $4::timestamptz - ($3::int - number) * (interval '700 days' / $3::int) AS made_at,
                   CASE WHEN number % every = 0 AND number / every < $7::int THEN 'first'
                        WHEN number % every = 1 AND number / every < $7::int THEN 'second'
                        WHEN number * 37 % 100 < 20 THEN 'never' WHEN number * 37 % 100 < 50 THEN 'year'
                        WHEN number * 37 % 100 < 75 THEN 'swept' WHEN number * 37 % 100 < 90 THEN 'gone'
                        ELSE 'weeks' END AS kind
            FROM generate_series(0, $3::int - 1) number, greatest($3::int / greatest($7::int, 1), 2) every) kinds) dated
"""

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RANDOM_CODE: Final = " || ".join(
    f"substr('{_ALPHABET}', 1 + (({bits} >> {5 * place}) & 31)::int, 1)" for bits in ("ones", "others") for place in range(8)
)
_BITS: Final = 2**40 - 1

# What each code of the batches from number $3 to below $4 became. Not a check symbol among them: nobody redeems these.
_CODES_OF_LOT: Final = f"""
SELECT *, CASE kind WHEN 'gone' THEN 'redeemed'
                    WHEN 'swept' THEN CASE WHEN position % 10 < 6 THEN 'redeemed' WHEN forgotten THEN 'forgotten' ELSE 'open' END
                    WHEN 'first' THEN 'open' WHEN 'second' THEN 'open'
                    ELSE CASE WHEN position * 7 % 100 < 30 THEN 'redeemed'
                              WHEN position * 7 % 100 = 30 AND number % 3 = 0 THEN 'revoked' ELSE 'open' END
          END AS fate
FROM (SELECT account_id, project_id, id AS batch_id, plan_id, expires_at, position, generated_at,
             forgotten_at IS NOT NULL AS forgotten,
             split_part(label, ' ', 1) AS kind, split_part(label, ' ', 2)::int AS number,
             random(0, {_BITS}) AS ones, random(0, {_BITS}) AS others
      FROM batches CROSS JOIN generate_series(0, 999) AS position
      WHERE account_id = $1 AND project_id = $2 AND split_part(label, ' ', 2)::int >= $3 AND split_part(label, ' ', 2)::int < $4
     ) codes
"""  # noqa: S608  # our own words
_CODE: Final = f"({_RANDOM_CODE})::varchar"

CODES: Final = f"""
INSERT INTO access_codes (account_id, project_id, batch_id, position, code, plan_id, expires_at, redeemed_at, redeemed_by,
                          membership_id, revoked_at)
SELECT account_id, project_id, batch_id, position, {_CODE}, plan_id, expires_at,
       CASE fate WHEN 'redeemed' THEN generated_at + interval '5 hours' END,
       CASE fate WHEN 'redeemed' THEN 6000000000 + number * 1000::bigint + position END,
       CASE fate WHEN 'redeemed' THEN uuidv7() END,
       CASE fate WHEN 'revoked' THEN generated_at + interval '6 hours' END
FROM ({_CODES_OF_LOT}) fates WHERE fate <> 'forgotten'
"""  # noqa: S608

# Of lifetime and yearly plans they go on, all others have ended: none falls due while something is measured.
MEMBERSHIPS: Final = """
INSERT INTO memberships (account_id, project_id, id, plan_id, telegram_id, code, periods, starts_at, ends_at, status, closed_at)
SELECT c.account_id, c.project_id, membership_id, c.plan_id, redeemed_by, code, 1, redeemed_at,
       CASE interval_unit WHEN 'lifetime' THEN NULL WHEN 'year' THEN redeemed_at + interval '10 years'
                          ELSE redeemed_at + interval '1 hour' END,
       CASE WHEN interval_unit IN ('lifetime', 'year') THEN 'active' ELSE 'ended' END,
       CASE WHEN interval_unit NOT IN ('lifetime', 'year') THEN redeemed_at + interval '1 hour' END
FROM access_codes c
JOIN batches b ON b.account_id = c.account_id AND b.project_id = c.project_id AND b.id = c.batch_id
JOIN membership_plans p ON p.account_id = c.account_id AND p.project_id = c.project_id AND p.id = c.plan_id
WHERE c.account_id = $1 AND c.project_id = $2 AND redeemed_at IS NOT NULL
  AND split_part(label, ' ', 2)::int >= $3 AND split_part(label, ' ', 2)::int < $4
"""

SECONDARY_INDEXES: Final = """
SELECT c.oid::regclass::text AS name, pg_get_indexdef(c.oid) AS definition
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = 'access_codes'::regclass AND NOT i.indisunique
"""
