"""billing-api confirmed a batch's reservation: its fee is a usage item now (`rules.md` Q4), and it may be delivered."""

from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.batches import BatchStatus
from shared.db import Database

from codes_api.codes.errors import BatchNotReadyError
from codes_api.codes.lock_batch import lock_batch

# Parameters: $1 account, $2 batch, $3 now. Of an import the creator has the codes: there is nothing to bring them.
_BILLED: Final = """
UPDATE batches b
SET billed_at = $3::timestamptz,
    progressed_at = clock_timestamp(),
    delivered = CASE WHEN imported THEN quantity ELSE delivered END,
    delivery = CASE WHEN imported THEN 'delivered' ELSE delivery END,
    delivered_at = CASE WHEN imported THEN $3::timestamptz ELSE delivered_at END
WHERE b.account_id = $1::uuid AND b.id = $2::uuid AND b.status = 'ready' AND b.billed_at IS NULL
RETURNING b.id
"""


async def mark_billed(database: Database, *, account_id: UUID, batch_id: UUID, now: datetime) -> None:
    """Remember it, in one statement; a second time changes nothing.

    Raises:
        NotFoundError: the account has no such batch.
        BatchNotReadyError: its codes do not exist.
    """
    if await database.fetch_row(_BILLED, account_id, batch_id, now) is not None:
        return
    async with database.transaction() as session:
        batch = await lock_batch(session, account_id=account_id, batch_id=batch_id)
        if batch.status != BatchStatus.READY:
            raise BatchNotReadyError
