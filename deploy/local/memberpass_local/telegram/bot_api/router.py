"""`/bot{token}/{method}` and `/file/bot{token}/{path}`."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request
from shared.contracts.base import Json
from starlette.responses import Response

from memberpass_local.telegram.bot_api.arguments import read_arguments
from memberpass_local.telegram.bot_api.methods import run_method
from memberpass_local.telegram.errors import BotApiError
from memberpass_local.telegram.models import Bot
from memberpass_local.telegram.sandbox import Sandbox, sandbox_of

router = APIRouter(include_in_schema=False)
SandboxDep = Annotated[Sandbox, Depends(sandbox_of)]


@router.api_route("/bot{token}/{method}", methods=["GET", "POST"])
async def call_method(token: str, method: str, request: Request, sandbox: SandboxDep) -> Response:
    """Call a method of the Bot API."""
    try:
        bot = _bot(sandbox, token)
        answer = await run_method(sandbox, bot, method, await read_arguments(request))
    except BotApiError as error:
        return _json(error.code, error.body(), error.retry_after)
    return _json(200, answer.body())


@router.get("/file/bot{token}/{path:path}")
async def download(token: str, path: str, sandbox: SandboxDep) -> Response:
    """A file's bytes, by the path that getFile answered."""
    try:
        bot = _bot(sandbox, token)
    except BotApiError as error:
        return _json(error.code, error.body())
    file = next((file for file in sandbox.world.files.values() if file.path == path and file.bot_id == bot.id), None)
    if file is None:
        return _json(404, BotApiError(404, "Not Found").body())
    return Response(await sandbox.files.read(file.path), media_type="application/octet-stream")


def _bot(sandbox: Sandbox, token: str) -> Bot:
    bot = sandbox.world.bot_by_token(token)
    if bot is None:
        raise BotApiError.unauthorized()
    return bot


def _json(status: int, body: Json, retry_after: int | None = None) -> Response:
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return Response(orjson.dumps(body), status_code=status, media_type="application/json", headers=headers)
