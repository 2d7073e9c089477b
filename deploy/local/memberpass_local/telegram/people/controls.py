"""/sandbox/settings, /sandbox/events, /sandbox/files: what tests turn, what the chat page listens to, what people download."""

from typing import Annotated

from fastapi import APIRouter, Path
from shared.errors import NotFoundError
from starlette.responses import Response, StreamingResponse

from memberpass_local.telegram.people.deps import SandboxDep
from memberpass_local.telegram.people.forms import SettingsCard, SettingsForm
from memberpass_local.telegram.sandbox import Sandbox

router = APIRouter(prefix="/sandbox", tags=["Sandbox"])


@router.get("/settings")
async def show_settings(sandbox: SandboxDep) -> SettingsCard:
    """The limits in force and the failures that are still to come."""
    return _card(sandbox)


@router.post("/settings")
async def change_settings(form: SettingsForm, sandbox: SandboxDep) -> SettingsCard:
    """Change limits and pauses, or make the next calls fail. Holds until the process ends."""
    if form.limits is not None:
        sandbox.limits.pace = form.limits
    if form.fail_next is not None:
        sandbox.limits.failures = [failure for failure in form.fail_next if failure.times > 0]
    pauses = sandbox.courier.pauses
    pauses.first = form.webhook_first_pause_seconds or pauses.first
    pauses.longest = form.webhook_longest_pause_seconds or pauses.longest
    return _card(sandbox)


@router.get("/events", include_in_schema=False)
async def events(sandbox: SandboxDep) -> StreamingResponse:
    """What happens, as server-sent events, for the chat page."""
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(sandbox.hub.stream(), media_type="text/event-stream", headers=headers)


@router.get("/files/{file_id}/{name}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
async def download(file_id: str, name: Annotated[str, Path(description="as shown")], sandbox: SandboxDep) -> Response:
    """A file that a bot has sent."""
    file = sandbox.world.files.get(file_id)
    if file is None or file.name != name:
        raise NotFoundError("There is no such file.")
    # Never shown inside the page's origin: a bot's HTML must not become a page of this server.
    kind = "inline" if file.kind == "photo" else "attachment"
    headers = {"Content-Disposition": kind, "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return Response(await sandbox.files.read(file.path), media_type=file.mime_type, headers=headers)


def _card(sandbox: Sandbox) -> SettingsCard:
    return SettingsCard(
        limits=sandbox.limits.pace,
        fail_next=sandbox.limits.failures,
        webhook_first_pause_seconds=sandbox.courier.pauses.first,
        webhook_longest_pause_seconds=sandbox.courier.pauses.longest,
    )
