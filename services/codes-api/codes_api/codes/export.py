"""Export codes as CSV (`rules.md` C10, C11): a project's by any filters, or a batch's.

Read in pages by key, each in a short transaction of its own: memory stays flat, and a slow reader at the other end holds
neither a connection nor a snapshot. Every code is in it once, as it was when its page was read.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.quota import MAX_BATCH
from shared.db import Database
from shared.errors import NotFoundError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes import csv_format
from codes_api.codes.alphabet import shown
from codes_api.codes.csv_format import CsvLine
from codes_api.codes.export_pages import BatchRows, read_rows, written
from codes_api.codes.join_link import join_link
from codes_api.codes.models import Batch
from codes_api.codes.pages import Reading
from codes_api.codes.search import CodeFilters, FoundCode, codes_after
from codes_api.codes.status import CodeStatus
from codes_api.memberships.periods import period_end
from codes_api.projects.find import get_bot

PAGE: Final = 20_000
"""Codes that are read at a time: some ten milliseconds of PostgreSQL's. Fewer would be dearer each, because the query costs
as much as thousands of codes; more would be felt, in memory and by others, where a batch has but one code."""
PIECE: Final = 64 * 1024
"""Bytes that are sent at least at a time. After each, others get their turn: a batch's lines, 150 kB at most or so, are
written in a millisecond, those of as many bytes of one-code batches in some ten."""
_OF_NO_USE: Final = (CodeStatus.REVOKED, CodeStatus.EXPIRED)


def csv_file_name(day: datetime, batch_id: UUID | None = None) -> str:
    """A name that is safe everywhere, such as access-codes-2026-07-01.csv; a batch's ends in a piece of its id."""
    return f"access-codes-{day:%Y-%m-%d}{f'-{str(batch_id)[-8:]}' if batch_id is not None else ''}.csv"


async def stream_csv(
    database: Database,
    *,
    account_id: UUID,
    project_id: UUID,
    filters: CodeFilters,
    join_link_template: str,
    now: datetime,
    oldest_first: bool = False,
) -> AsyncIterator[bytes]:
    """The CSV piece by piece, in the order of the list or, with `oldest_first`, of the codes' making."""
    async with database.transaction() as session:
        bot = await get_bot(session, account_id=account_id, project_id=project_id)
    username = bot.username if bot is not None else None
    yield csv_format.header().encode()
    reading = Reading(account_id, project_id, filters, now, after=None, limit=PAGE, oldest_first=oldest_first)
    async with aclosing(_pages(database, reading)) as pages:
        async for page in pages:
            for piece in _pieces(page, username, join_link_template):
                yield piece
                await asyncio.sleep(0)


def _pieces(page: Iterable[BatchRows], bot: str | None, template: str) -> Iterator[bytes]:
    piece = bytearray()
    for rows in page:
        piece += written(rows, bot, template)
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


async def _pages(database: Database, reading: Reading) -> AsyncGenerator[list[BatchRows], None]:
    """Page after page. While one is written and sent, PostgreSQL is already at the next; never more than two are held."""

    async def read(reading: Reading) -> list[BatchRows]:
        async with database.transaction() as session:
            return await read_rows(session, reading)

    upcoming = asyncio.create_task(read(reading))
    try:
        while True:
            page = await upcoming
            last = sum(rows.quantity for rows in page) < PAGE
            if not last:
                reading = replace(reading, after=page[-1].last)
                upcoming = asyncio.create_task(read(reading))
            yield page
            if last:
                return
    finally:
        # The reader went away, or a page could not be read.
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)


async def batch_csv(session: AsyncSession, *, account_id: UUID, batch_id: UUID, join_link_template: str, now: datetime) -> str:
    """A batch's CSV as a whole, in the order of its codes: for the bot, which sends it as a document. Codes that were
    revoked or have expired are not in it, as no message would be sent for them.

    Raises:
        NotFoundError: the account has no such batch.
    """
    query = select(Batch.project_id).where(Batch.account_id == account_id, Batch.id == batch_id)
    project_id = (await session.execute(query)).scalar_one_or_none()
    if project_id is None:
        raise NotFoundError("There is no such batch.")
    bot = await get_bot(session, account_id=account_id, project_id=project_id)
    found = await codes_after(
        session,
        account_id=account_id,
        project_id=project_id,
        filters=CodeFilters(batch_id=batch_id),
        limit=MAX_BATCH,
        after=None,
        now=now,
        oldest_first=True,
    )
    username = bot.username if bot is not None else None
    usable = [code for code in found if code.status_at(now) not in _OF_NO_USE]
    return csv_format.header() + csv_format.lines(_lines(usable, username, join_link_template))


def _lines(found: Iterable[FoundCode], bot: str | None, template: str) -> Iterable[CsvLine]:
    for code in found:
        yield CsvLine(
            code=shown(code.code),
            plan_name=code.plan_name,
            join_link=join_link(template, bot, code.code),
            expires_at=code.expires_at,
            price=code.price_amount,
            currency=code.price_currency,
            started_on=code.created_at,
            ends_on=_ends_on(code),
        )


def _ends_on(code: FoundCode) -> datetime | None:
    """The membership's end if the code is redeemed; else what it would be, had it been redeemed when it was made."""
    if code.membership_id is not None:
        return code.membership_ends_at
    return period_end(code.created_at, code.interval_unit, code.interval_count)
