"""The statement that makes a batch ready: all its codes, its state and what is said about it, in one round trip, or nothing.

The batch's row is the lock: a second one that generates waits for it, PostgreSQL asks the guard again, and there is nothing left
to do. A code that the project has, if only as a tombstone (`rules.md` C2), breaks the unique constraint: nothing is written, and
the caller draws again.

The event has one listener, the creator's webhooks, and is left out where there are none: jobs, which had the codes generated,
goes on by itself. A second listener must be named there too.
"""

from typing import Final

NOT_YET_READY: Final = "b.status IN ('queued', 'generating')"
"""The heart of the guard. A test takes it out and must see two batches' worth of codes."""

# Parameters: $1 account, $2 batch.
MARK: Final = f"""
UPDATE batches b SET status = 'generating', progressed_at = clock_timestamp()
WHERE b.account_id = $1::uuid AND b.id = $2::uuid AND {NOT_YET_READY}
RETURNING b.quantity
"""  # noqa: S608  # our own words

# Parameters: $1 account, $2 batch, $3 now, $4 codes, $5 id of the event, $6 request id. The codes are written in the order of
# the index over them: neighbours there are written one after the other.
GENERATE: Final = f"""
WITH ready AS (
    UPDATE batches b
    SET status = 'ready', generated_at = $3::timestamptz, progressed_at = clock_timestamp()
    WHERE b.account_id = $1::uuid AND b.id = $2::uuid AND {NOT_YET_READY}
      AND b.quantity = cardinality($4::varchar[])
      AND EXISTS (SELECT FROM tenants t WHERE t.account_id = b.account_id AND t.standing IN ('active', 'grace'))
    RETURNING b.account_id, b.project_id, b.id, b.plan_id, b.expires_at,
              EXISTS (SELECT FROM bots
                      WHERE account_id = b.account_id AND project_id = b.project_id AND owner_chat_id IS NOT NULL) AS chat_known
), written AS (
    INSERT INTO access_codes (account_id, project_id, batch_id, position, code, plan_id, expires_at)
    SELECT account_id, project_id, id, place - 1, drawn.code, plan_id, expires_at
    FROM ready, unnest($4::varchar[]) WITH ORDINALITY AS drawn (code, place)
    ORDER BY drawn.code
), event AS (
    INSERT INTO outbox (account_id, id, type, payload, request_id, occurred_at)
    SELECT account_id, $5::uuid, 'batch.generated', jsonb_build_object('batch_id', id, 'tell_only', true), $6::varchar,
           $3::timestamptz
    FROM ready
    WHERE EXISTS (SELECT FROM webhook_endpoints w
                  WHERE w.account_id = ready.account_id AND w.project_id = ready.project_id AND w.enabled)
    RETURNING pg_notify('outbox', '')
)
SELECT chat_known FROM ready LEFT JOIN event ON true
"""  # noqa: S608  # our own words
