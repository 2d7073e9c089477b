"""What a service has already taken in from others: a key per account, remembered in the transaction of its effect."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, MetaData, String, Table, Uuid
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.db import UtcDateTime


def inbox_table(metadata: MetaData) -> Table:
    """The keys of events and calls that have had their effect."""
    return Table(
        "inbox",
        metadata,
        Column("account_id", Uuid, primary_key=True),
        Column("key", String(200), primary_key=True),
        Column("received_at", UtcDateTime, nullable=False),
    )


async def first_time(session: AsyncSession, inbox: Table, *, account_id: UUID, key: str, now: datetime) -> bool:
    """Whether this key comes for the first time. A second caller waits for the first one's transaction to end."""
    remembered = await session.execute(
        insert(inbox).values(account_id=account_id, key=key, received_at=now).on_conflict_do_nothing().returning(inbox.c.key)
    )
    return remembered.first() is not None
