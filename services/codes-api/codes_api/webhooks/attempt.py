"""One try of one delivery: send outside of any transaction, then record.

A process that dies between the two leaves the message claimed; when the lease has run out it is sent again with the same
`webhook-id`. So a receiver gets every message at least once, and tells a repetition by its id.
"""

from datetime import datetime

from cryptography.fernet import InvalidToken
from pydantic import SecretStr
from shared.clock import Clock, SystemClock
from shared.db import Database
from shared.logging import get_logger

from codes_api.projects.sealing import Sealer
from codes_api.webhooks.claim import Claimed
from codes_api.webhooks.courier import Courier, Outcome
from codes_api.webhooks.record import record
from codes_api.webhooks.signing import signed_headers

log = get_logger(__name__)


async def attempt(database: Database, *, claimed: Claimed, courier: Courier, sealer: Sealer, clock: Clock) -> None:
    """Send a claimed delivery and record how it went."""
    tried_at = clock.now()
    outcome = await _send(claimed, courier, sealer, tried_at) if claimed.enabled else None
    async with database.transaction() as session:
        await record(session, claimed=claimed, outcome=outcome, tried_at=tried_at)
    if outcome is not None:
        log.info(
            "webhook_tried",
            delivery_id=str(claimed.id),
            endpoint_id=str(claimed.endpoint_id),
            type=claimed.type,
            status=outcome.status_code,
            error=outcome.error,
            milliseconds=outcome.duration_ms,
        )


async def _send(claimed: Claimed, courier: Courier, sealer: Sealer, now: datetime) -> Outcome:
    try:
        valid = _valid_secrets(claimed, sealer, now)
    except InvalidToken:
        log.error("webhook_sealed_with_another_key", endpoint_id=str(claimed.endpoint_id))  # noqa: TRY400  # no more to say
        return Outcome(None, 0, "unsendable")
    headers = signed_headers(valid, message_id=claimed.id, sent_at=SystemClock().now(), body=claimed.body)
    return await courier.post(claimed.url, body=claimed.body, headers=headers)


def _valid_secrets(claimed: Claimed, sealer: Sealer, now: datetime) -> list[SecretStr]:
    valid = [sealer.open(claimed.secret_sealed)]
    previous, until = claimed.previous_secret_sealed, claimed.previous_secret_until
    if previous is not None and until is not None and now < until:
        valid.append(sealer.open(previous))
    return valid
