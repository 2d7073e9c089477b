"""Due work that fails stands back, so that nobody else's waits for it."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.due.models import DueBackoff
from billing_api.due.next import DueItem

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(days=1)
_MOST_DOUBLINGS: Final = 11


async def stand_back(session: AsyncSession, item: DueItem, *, now: datetime) -> int:
    """Have an item that failed wait: a minute of domain time, twice as long each time, a day at most.

    Returns:
        How often it has failed in a row.
    """
    key = {"account_id": item.account_id, "kind": item.kind, "item_id": item.item_id}
    fresh = insert(DueBackoff).values(**key, failures=1, until=now + FIRST_WAIT)
    again = fresh.on_conflict_do_update(index_elements=list(key), set_={"failures": DueBackoff.failures + 1}).returning(
        DueBackoff.failures
    )
    failures = int((await session.execute(again)).scalar_one())
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, _MOST_DOUBLINGS))
    row = await session.get_one(DueBackoff, (item.account_id, item.kind, item.item_id), populate_existing=True)
    row.until = now + wait
    await session.flush()
    return failures


async def come_back(session: AsyncSession, item: DueItem) -> None:
    """It went well: from now on it is due like any other."""
    await session.execute(
        delete(DueBackoff).where(
            DueBackoff.account_id == item.account_id, DueBackoff.kind == item.kind, DueBackoff.item_id == item.item_id
        )
    )


async def count_standing_back(session: AsyncSession) -> int:
    """How many items wait because they failed."""
    return int(await session.scalar(func.count(DueBackoff.account_id)) or 0)
