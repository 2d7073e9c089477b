"""What a batch's sheet says: its codes that can be redeemed, in their order."""

from datetime import datetime
from uuid import UUID

from shared.contracts.quota import MAX_BATCH
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.codes.alphabet import shown
from codes_api.codes.batch_errors import BotNotConnectedError
from codes_api.codes.batches import get_batch
from codes_api.codes.join_link import bot_link
from codes_api.codes.search import CodeFilters, FoundCode, codes_after
from codes_api.codes.sheet_errors import NothingToPrintError
from codes_api.codes.sheet_layout import Card, Paper, Sheet
from codes_api.codes.status import CodeStatus
from codes_api.memberships.periods import period_in_words
from codes_api.projects.find import get_project_with_bot


async def sheet_of_batch(
    session: AsyncSession,
    *,
    account_id: UUID,
    project_id: UUID,
    batch_id: UUID,
    paper: Paper,
    join_link_template: str,
    now: datetime,
) -> Sheet:
    """The sheet, to be drawn when the transaction has ended.

    Raises:
        NotFoundError: the account has no such project, or the project no such batch.
        BotNotConnectedError: there is no bot that the links could lead to.
        NothingToPrintError: every code is redeemed, expired or revoked, or none is generated yet.
    """
    found = await get_project_with_bot(session, account_id=account_id, project_id=project_id)
    await get_batch(session, account_id=account_id, project_id=project_id, batch_id=batch_id, now=now)
    if found.bot is None:
        raise BotNotConnectedError
    codes = await _redeemable(session, account_id=account_id, project_id=project_id, batch_id=batch_id, now=now)
    if not codes:
        raise NothingToPrintError
    bot = found.bot.username
    return Sheet(
        project_name=found.project.name,
        plan_name=codes[0].plan_name,
        plan_period=period_in_words(codes[0].interval_unit, codes[0].interval_count),
        bot=bot,
        cards=[Card(shown(one.code), bot_link(join_link_template, bot, one.code), one.expires_at) for one in codes],
        paper=paper,
    )


async def _redeemable(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, batch_id: UUID, now: datetime
) -> list[FoundCode]:
    filters = CodeFilters(batch_id=batch_id, status=CodeStatus.UNREDEEMED)
    place = {"account_id": account_id, "project_id": project_id}
    found = await codes_after(session, **place, filters=filters, limit=MAX_BATCH, after=None, now=now, oldest_first=True)
    return list(found)
