"""Takes deliveries that are due, so that each is sent by one process, and no endpoint takes another one's turn.

- `waiting` jumps through an index from endpoint to endpoint: a backlog of a million messages for one costs no more than
  one message.
- `heads` are the first few due messages of each. One that is under way is still among them, so that no endpoint ever has
  more under way than that.
- Endpoints that failed last time have a lane of their own, with few places: they can be as slow as they like.
- `FOR UPDATE SKIP LOCKED` keeps two processes apart while they claim; the lease, in real time, afterwards. A process that
  dies leaves a lease that runs out: the message is sent again, with the same id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.ids import new_id
from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.ext.asyncio import AsyncSession

LEASE_S: Final = 30.0
"""Longer than a try and its record can take."""

LOCKED: Final = "FOR NO KEY UPDATE OF d SKIP LOCKED"
"""A test takes it out and must see messages claimed twice."""

_TEMPLATE: Final = """
WITH RECURSIVE waiting AS (
    (SELECT account_id, project_id, endpoint_id FROM webhook_deliveries
     WHERE status = 'pending'
     ORDER BY account_id, project_id, endpoint_id LIMIT 1)
    UNION ALL
    SELECT following.*
    FROM waiting w CROSS JOIN LATERAL (
        SELECT d.account_id, d.project_id, d.endpoint_id FROM webhook_deliveries d
        WHERE d.status = 'pending'
          AND (d.account_id, d.project_id, d.endpoint_id) > (w.account_id, w.project_id, w.endpoint_id)
        ORDER BY d.account_id, d.project_id, d.endpoint_id LIMIT 1
    ) following
), heads AS MATERIALIZED (
    SELECT head.*
    FROM waiting w
    JOIN webhook_endpoints e
      ON e.account_id = w.account_id AND e.project_id = w.project_id AND e.id = w.endpoint_id
     AND (e.failing_since IS NOT NULL) = :failing
    CROSS JOIN LATERAL (
        SELECT d.account_id, d.project_id, d.endpoint_id, d.id, d.next_attempt_at FROM webhook_deliveries d
        WHERE d.account_id = w.account_id AND d.project_id = w.project_id AND d.endpoint_id = w.endpoint_id
          AND d.status = 'pending' AND d.next_attempt_at <= :now
        ORDER BY d.next_attempt_at, d.id LIMIT :abreast
    ) head
), mine AS MATERIALIZED (
    SELECT d.account_id, d.project_id, d.endpoint_id, d.id
    FROM webhook_deliveries d JOIN heads h
      ON h.account_id = d.account_id AND h.project_id = d.project_id AND h.endpoint_id = d.endpoint_id AND h.id = d.id
    WHERE d.status = 'pending' AND (d.claimed_until IS NULL OR d.claimed_until <= clock_timestamp())
    ORDER BY h.next_attempt_at, h.id LIMIT :free
    <locked>
)
UPDATE webhook_deliveries d
SET claim = :claim, claimed_until = clock_timestamp() + make_interval(secs => :lease_s)
FROM mine JOIN webhook_endpoints e
  ON e.account_id = mine.account_id AND e.project_id = mine.project_id AND e.id = mine.endpoint_id
WHERE d.account_id = mine.account_id AND d.project_id = mine.project_id
  AND d.endpoint_id = mine.endpoint_id AND d.id = mine.id
RETURNING d.account_id, d.project_id, d.endpoint_id, d.id, d.type, d.body, d.claim,
          e.url, e.enabled, e.secret_sealed, e.previous_secret_sealed, e.previous_secret_until
"""


@dataclass(frozen=True)
class Lane:
    """Which endpoints, how many messages under way for each of them, how many under way in all of the lane's."""

    failing: bool
    abreast: int
    places: int


@dataclass(frozen=True)
class Claimed:
    """A message to be sent by whoever holds it. Its body can hold a code, its secrets are sealed: never logged."""

    account_id: UUID
    project_id: UUID
    endpoint_id: UUID
    id: UUID
    type: str
    body: str
    claim: UUID
    url: str
    enabled: bool
    secret_sealed: bytes
    previous_secret_sealed: bytes | None
    previous_secret_until: datetime | None


async def claim_due(
    session: AsyncSession, *, lane: Lane, free: int, now: datetime, lease_s: float = LEASE_S, locked: str = LOCKED
) -> Sequence[Claimed]:
    """Claim up to `free` deliveries of a lane that are due, the earliest first.

    Args:
        lease_s: real seconds.
        locked: tests pass another.
    """
    statement = text(_TEMPLATE.replace("<locked>", locked)).bindparams(bindparam("now", type_=DateTime(timezone=True)))
    parameters = {
        "failing": lane.failing,
        "abreast": lane.abreast,
        "free": free,
        "now": now,
        "claim": new_id(),
        "lease_s": lease_s,
    }
    rows = (await session.execute(statement, parameters)).mappings().all()
    return [Claimed(**row) for row in rows]
