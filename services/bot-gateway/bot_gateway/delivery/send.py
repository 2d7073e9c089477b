"""Sending a claimed batch: one message a code, or one document. Each message is reported as soon as it is out."""

from collections.abc import Awaitable, Callable

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramRetryAfter
from aiogram.types import BufferedInputFile, Message
from shared.contracts.batches import DeliveryClaim

from bot_gateway.creator_texts import code_message, document_caption
from bot_gateway.delivery.lease import Lease
from bot_gateway.telegram import was_accepted

RESTS = 5
"""429s in a row for one message, after which the delivery is given back."""


async def send_messages(bot: Bot, claim: DeliveryClaim, lease: Lease, *, max_wait_s: int) -> None:
    """The codes that are not out yet, in order, each in a message that can be forwarded by itself (`rules.md` T2).

    Raises:
        TelegramAPIError: what stopped it; what is out is reported.
        LeaseLostError, DependencyUnavailableError: from the report.
    """
    for code in claim.codes:
        text = code_message(claim, code)
        sent = await _rested(lambda text=text: bot.send_message(claim.chat_id, text), lease, max_wait_s)  # type: ignore[misc]
        await lease.report(code.position + 1, sent)
    if not claim.codes:
        await lease.report(claim.quantity, ())


async def send_document(bot: Bot, claim: DeliveryClaim, csv: bytes, lease: Lease, *, max_wait_s: int) -> None:
    """The batch as one CSV file. Raises as `send_messages` does."""

    def send() -> Awaitable[Message]:
        file = BufferedInputFile(csv, filename=claim.file_name)
        return bot.send_document(claim.chat_id, file, caption=document_caption(claim))

    await lease.report(claim.quantity, await _rested(send, lease, max_wait_s))


async def _rested(send: Callable[[], Awaitable[Message]], lease: Lease, max_wait_s: int) -> list[int]:
    for _ in range(RESTS):
        try:
            return await _message_ids(send())
        except TelegramRetryAfter as error:
            if error.retry_after > max_wait_s:
                raise
            await lease.rest(error.retry_after)
    return await _message_ids(send())


async def _message_ids(sending: Awaitable[Message]) -> list[int]:
    try:
        return [(await sending).message_id]
    except ClientDecodeError as error:
        if not was_accepted(error):
            raise
        return []
