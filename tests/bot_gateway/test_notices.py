"""What creators are told."""

from uuid import uuid4

import pytest
from shared.contracts.bots import NoticeKind, SendNotice
from shared.errors import DependencyUnavailableError

from tests.bot_gateway.house import House

OWNER = 7


def notice(house: House, kind: NoticeKind = NoticeKind.BATCH_FAILED, **params: int | str) -> SendNotice:
    return SendNotice(account_id=house.codes.account_id, project_id=house.codes.project_id, kind=kind, params=params)


async def linked(house: House) -> None:
    await house.person(OWNER).say("/help")
    connected = house.codes.bots[house.bot_id]
    house.codes.bots[house.bot_id] = connected.model_copy(update={"owner_chat_id": OWNER, "project_name": "<North & wind>"})


@pytest.mark.parametrize("kind", list(NoticeKind))
async def test_each_kind_is_told(webhook: House, kind: NoticeKind) -> None:
    await linked(webhook)
    await webhook.client.send_notice(notice(webhook, kind, limit=20, batch_id=str(uuid4())))
    [_, told] = await webhook.sent(OWNER)
    assert told.startswith("<North & wind>: ")


async def test_without_a_chat_there_is_nobody_to_tell(webhook: House) -> None:
    await webhook.client.send_notice(notice(webhook))
    webhook.codes.bots.clear()
    await webhook.client.send_notice(notice(webhook))


async def test_telegram_away_asks_to_come_again(webhook: House) -> None:
    await linked(webhook)
    await webhook.fail_next(method="sendMessage", status=502)
    with pytest.raises(DependencyUnavailableError):
        await webhook.client.send_notice(notice(webhook))
    await webhook.client.send_notice(notice(webhook))
    assert len(await webhook.sent(OWNER)) == 2
