"""The stream's quick ways against the plain one: each code from the list, each line from `csv_format.lines`."""

from datetime import timedelta
from uuid import UUID

import pytest
from codes_api.codes import csv_format, export
from codes_api.codes.alphabet import shown
from codes_api.codes.csv_format import CsvLine
from codes_api.codes.expire import expire_codes
from codes_api.codes.export_pages import read_rows
from codes_api.codes.join_link import join_link
from codes_api.codes.pages import Reading
from codes_api.codes.redeem import redeem
from codes_api.codes.search import CodeFilters, codes_after
from codes_api.codes.status import CodeStatus
from codes_api.memberships.periods import period_end
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.codes_api.export.test_export import TEMPLATE, streamed
from tests.support.codes_world import NOW, World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ALL = 10_000
MADE_AT = NOW - 2 * DAY
PLANS = [
    ("month", 1, '=HYPERLINK("http://x","y")', "USD"),
    ("day", 3, "a,b;c\r\nd", "JPY"),
    ("lifetime", 1, "\tünï 漢字 \U0001f600", "KWD"),
    ("year", 9000, "0123-4567-89AB-CDEF", "EUR"),
]
EXPIRIES = [None, -DAY, -HOUR, 99 * DAY + timedelta(microseconds=5)]
"""From now: never, swept, expired and not swept, later."""


async def plainly(world: World, filters: CodeFilters, bot: str | None, *, oldest_first: bool) -> str:
    """C10, code by code."""
    async with world.database.transaction() as session:
        found = await codes_after(
            session, **world.place, filters=filters, limit=ALL, after=None, now=NOW, oldest_first=oldest_first
        )
    return csv_format.header() + csv_format.lines(
        CsvLine(
            code=shown(code.code),
            plan_name=code.plan_name,
            join_link=join_link(TEMPLATE, bot, code.code),
            expires_at=code.expires_at,
            price=code.price_amount,
            currency=code.price_currency,
            started_on=code.created_at,
            ends_on=period_end(code.created_at, code.interval_unit, code.interval_count)
            if code.membership_id is None
            else code.membership_ends_at,
        )
        for code in found
    )


async def stock(world: World) -> tuple[list[UUID], list[UUID]]:
    """Plans, and batches of every kind, with codes that everything happened to."""
    plans, batches = [], []
    for number, (unit, count, name, currency) in enumerate(PLANS):
        plans.append(await world.plan(unit, count, name=name, price_currency=currency, price_amount=10**number))
        made_at = MADE_AT - timedelta(microseconds=number % 2)
        for expires_in in EXPIRIES:
            for imported in (False, True):
                batches.append(await world.batch(plans[-1], 8, expires_in=expires_in, imported=imported, generated_at=made_at))
                codes = await world.codes_of(batches[-1])
                # One ends as it would have ended anyway.
                for member, (code, later) in enumerate(zip(codes[:3], (0 * HOUR, HOUR, 2 * HOUR), strict=True)):
                    telegram_id = 10 * len(batches) + member
                    await redeem(world.database, **world.place, typed=code, telegram_id=telegram_id, now=made_at + later)
                await world.rows("UPDATE access_codes SET revoked_at = :now WHERE code = :code", now=NOW, code=codes[4])
                if imported and expires_in is not None:  # those that never expire stay as if they were ours
                    for form, code in ((f"-OLD.{codes[1]}", codes[1]), (f"{codes[5]}LONG" * 3, codes[5])):
                        await world.rows("UPDATE access_codes SET code = :form WHERE code = :code", form=form, code=code)
    async with world.database.transaction() as session:
        await expire_codes(session, now=NOW - DAY)
    await world.rows("UPDATE memberships SET ends_at = ends_at + interval '7 microseconds' WHERE telegram_id % 20 = 1")
    await world.rows("UPDATE memberships SET ends_at = NULL WHERE telegram_id % 40 = 2")
    return plans, batches


async def test_every_line_is_what_it_is_code_by_code(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plans, batches = await stock(world)
    every = CodeFilters()
    wishes = [
        *(CodeFilters(status=status) for status in CodeStatus),
        *(CodeFilters(plan_id=plan) for plan in plans),
        *(CodeFilters(batch_id=batch) for batch in batches[:8]),
        CodeFilters(expires_after=NOW - 2 * DAY, expires_before=NOW, plan_id=plans[1]),
        CodeFilters(q="-old"),
        CodeFilters(q="7"),
    ]
    for bot in (None, "club_bot"):
        if bot is not None:
            await world.bot(bot)
        for size, asked in ((ALL, [every]), (7, [every]), (50, wishes)):
            monkeypatch.setattr(export, "PAGE", size)
            for filters in asked:
                for oldest_first in (False, True):
                    expected = await plainly(world, filters, bot, oldest_first=oldest_first)
                    assert await streamed(world, filters, oldest_first=oldest_first) == expected, (filters, size)
                    assert expected != csv_format.header()


async def test_pieces_are_cut_anywhere_between_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await stock(world)
    whole = await streamed(world, CodeFilters())
    for size in (1, 2000):
        monkeypatch.setattr(export, "PIECE", size)
        assert await streamed(world, CodeFilters()) == whole


async def test_a_page_reads_its_own_batches_and_memberships_only(world: World) -> None:
    """However many the project has beside those of the page; PostgreSQL is left to choose."""
    plan = await world.plan()
    for number in range(3):
        batch = await world.batch(plan, 1000)
        for code in (await world.codes_of(batch))[:2]:
            await redeem(world.database, **world.place, typed=code, telegram_id=number, now=NOW)
    columns = "plan_id, quantity, expiry_preset, included, overage, fee_amount, fee_currency, status, requested_at, generated_at"
    await world.rows(
        f"INSERT INTO batches (account_id, project_id, id, {columns}, delivery, progressed_at)"
        f" SELECT account_id, project_id, gen_random_uuid(), {columns}, delivery, progressed_at"
        " FROM batches, generate_series(1, 1000)"
    )
    columns = "plan_id, code, starts_at, ends_at, status, closed_at"
    await world.rows(
        f"INSERT INTO memberships (account_id, project_id, id, telegram_id, {columns})"
        " SELECT account_id, project_id, gen_random_uuid(), n, plan_id, code, starts_at, ends_at, 'ended', ends_at"
        " FROM memberships, generate_series(1, 1000) n"
    )
    await world.rows("ANALYZE access_codes, batches, memberships")

    async def read(session: AsyncSession) -> int:
        query = (
            "SELECT sum(seq_tup_read + idx_tup_fetch)::int FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('batches', 'memberships')"
        )
        return int((await session.execute(text(query))).scalar_one())

    for oldest_first in (False, True):
        reading = Reading(**world.place, filters=CodeFilters(), now=NOW, after=None, limit=ALL, oldest_first=oldest_first)
        async with world.database.transaction() as session:
            before = await read(session)
            page = await read_rows(session, reading)
            assert await read(session) - before == 3 + 3
        assert [rows.quantity for rows in page] == [1000] * 3
        assert [len(rows.ends) for rows in page] == [2] * 3
