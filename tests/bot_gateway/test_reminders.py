"""A member is reminded before their membership ends (rules.md T5)."""

from datetime import UTC, datetime, timedelta

import pytest
from shared.contracts.accounts import Branding
from shared.contracts.bots import RemindMember
from shared.errors import DependencyUnavailableError

from tests.bot_gateway.house import House
from tests.support.codes_stand_in import GoodCode, plan

MEMBER = 501
CODE = "ABCDEFGHJKMNPQRS"
ENDS = datetime(2026, 8, 3, 10, tzinfo=UTC)


async def member(house: House) -> RemindMember:
    """Somebody who has redeemed a code; the reminder of the end that it gave."""
    good = house.codes.good[CODE] = GoodCode(plan("Gold"), ends_at=ENDS)
    await house.person(MEMBER).say(CODE)
    return RemindMember(
        account_id=house.codes.account_id, project_id=house.codes.project_id, membership_id=good.membership_id, ends_at=ENDS
    )


async def test_they_read_what_ends_and_when(webhook: House) -> None:
    reminder = await member(webhook)
    await webhook.client.remind_member(reminder)
    [_, told] = await webhook.sent(MEMBER)
    assert told.startswith("Northwind: your membership ends soon")
    assert "Gold membership is active until 3 August 2026, 10:00 UTC" in told
    assert "Powered by" not in told


async def test_the_plans_branding_is_under_it(webhook: House) -> None:
    reminder = await member(webhook)
    webhook.codes.connect(bot_id=webhook.bot_id, token=webhook.token, username=webhook.username, branding=Branding.EVERYWHERE)
    await webhook.client.remind_member(reminder)
    assert "Powered by MemberPass" in (await webhook.sent(MEMBER))[-1]


async def test_nothing_is_said_of_an_end_that_has_moved_or_a_bot_that_is_gone(webhook: House) -> None:
    reminder = await member(webhook)
    webhook.codes.good[CODE].ends_at = ENDS + timedelta(days=31)
    await webhook.client.remind_member(reminder)
    del webhook.codes.good[CODE]
    await webhook.client.remind_member(reminder)
    webhook.codes.bots.clear()
    await webhook.client.remind_member(reminder)
    assert len(await webhook.sent(MEMBER)) == 1


async def test_who_has_blocked_the_bot_is_no_error(webhook: House) -> None:
    reminder = await member(webhook)
    await webhook.telegram.put(f"/sandbox/chats/{webhook.username}/{MEMBER}/block", json={"blocked": True})
    await webhook.client.remind_member(reminder)
    assert len(await webhook.sent(MEMBER)) == 1


async def test_telegram_away_asks_to_come_again(webhook: House) -> None:
    reminder = await member(webhook)
    await webhook.fail_next(method="sendMessage", status=502)
    with pytest.raises(DependencyUnavailableError):
        await webhook.client.remind_member(reminder)
    await webhook.client.remind_member(reminder)
    assert len(await webhook.sent(MEMBER)) == 2
