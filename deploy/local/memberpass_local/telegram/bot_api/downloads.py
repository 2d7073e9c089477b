"""getFile."""

from memberpass_local.telegram.bot_api.call import Answer, Call
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.wire import file_of

_MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024


async def get_file(call: Call) -> Answer:
    """Where a file of 20 MB at most can be fetched: `/file/bot{token}/{file_path}`."""
    file_id = call.arguments.text("file_id")
    if not file_id:
        raise BotApiError.bad_request("file_id not specified")
    file = call.sandbox.world.files.get(file_id)
    if file is None or file.bot_id != call.bot.id:
        raise BotApiError.bad_request("wrong file_id or the file is temporarily unavailable")
    if file.size > _MAX_DOWNLOAD_BYTES:
        raise BotApiError.bad_request("file is too big")
    return Answer(file_of(file))
