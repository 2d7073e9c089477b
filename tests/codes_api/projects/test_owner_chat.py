"""The owner link: works once, for one chat; waiting batches start by themselves (`rules.md` T2)."""

import pytest
from shared.contracts.bots import LinkOwnerChat
from shared.errors import RemoteProblem
from sqlalchemy import text

from tests.support.codes_api import Codes


async def _requested(codes: Codes) -> list[str]:
    async with codes.state.database.transaction() as session:
        query = "SELECT payload->>'batch_id' FROM outbox WHERE type = 'batch.delivery_requested' ORDER BY id"
        return list((await session.execute(text(query))).scalars())


async def test_waiting_batches_are_asked_for_once(codes: Codes) -> None:
    shop = await codes.shop(linked=None)
    first, second = await shop.ready(1), await shop.ready(1)
    unbilled = await shop.order(1)
    await codes.internal.generate(unbilled)
    await shop.order(1)  # not generated

    assert await shop.link_chat(777) == 2
    assert await _requested(codes) == [str(first.batch_id), str(second.batch_id)]
    assert (await shop.creator.get(shop.path))["bot"]["owner_chat_linked"] is True
    assert (await codes.internal.bot(1001)).owner_chat_id == 777

    assert await shop.link_chat(777) == 2  # tapped twice
    assert len(await _requested(codes)) == 2


async def test_the_link_works_for_one_chat_only(codes: Codes) -> None:
    shop = await codes.shop(linked=777)
    for token, chat in ((shop.link_token, 778), ("wrong", 777), ("wrong", 778)):
        link = LinkOwnerChat(link_token=token, chat_id=chat)
        with pytest.raises(RemoteProblem) as refused:
            await codes.internal.link_owner_chat(shop.creator.account_id, shop.project_id, link)
        assert (refused.value.problem_status, refused.value.problem_code) == (404, "owner_link_unknown")
    assert (await codes.internal.bot(1001)).owner_chat_id == 777


async def test_a_link_of_another_project(codes: Codes) -> None:
    shop, neighbour = await codes.shop(linked=None), await codes.shop(bot_id=2002, linked=None)
    link = LinkOwnerChat(link_token=neighbour.link_token, chat_id=1)
    with pytest.raises(RemoteProblem) as refused:
        await codes.internal.link_owner_chat(shop.creator.account_id, shop.project_id, link)
    assert refused.value.problem_code == "owner_link_unknown"


async def test_a_fresh_link_moves_the_chat(codes: Codes) -> None:
    shop = await codes.shop(linked=777)
    token = next(iter(codes.gateway.bots))
    shop.link_token = (await shop.creator.put(f"{shop.path}/bot", {"token": token}))["owner_link"].partition("owner_")[2]
    await shop.link_chat(888)
    assert (await codes.internal.bot(1001)).owner_chat_id == 888
