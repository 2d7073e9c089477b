"""/v1/projects/{p}/codes: find, export, revoke; and what a batch has of that."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from shared.contracts.base import WireModel
from shared.contracts.pages import InvalidCursorError, Page
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute

from codes_api.api.batches import batch_out
from codes_api.api.codes_wire import BatchRevoked, CodeDetail, CodeOut, Filters, TypedCode, code_detail, code_out
from codes_api.api.deps import CreatorDep, NowDep, SessionDep, StateDep
from codes_api.api.docs import post_problems, read_problems, write_problems
from codes_api.api.fields import DEFAULT_LIMIT, BatchId, Cursor, Limit, ProjectId
from codes_api.codes import csv_format
from codes_api.codes.batches import get_batch
from codes_api.codes.errors import BatchNotReadyError, CodeAlreadyRedeemedError, CodeExpiredError
from codes_api.codes.export import csv_file_name, stream_csv
from codes_api.codes.revoke import revoke_batch, revoke_code
from codes_api.codes.search import CodeFilters, list_codes
from codes_api.codes.timeline import code_with_timeline
from codes_api.projects.find import get_project, get_project_with_bot

router = APIRouter(prefix="/v1/projects/{project_id}", tags=["Access codes"], route_class=IdempotentRoute)

_EXAMPLE = (
    ",".join(csv_format.HEADER)
    + "\r\n7KQ2-M9XD-40TR-BW6N,Monthly,https://t.me/club_bot?start=code_7KQ2-M9XD-40TR-BW6N,"
    + "2026-12-31T10:00:00Z,19.99,USD,2026-12-01T10:00:00Z,2027-01-01T10:00:00Z\r\n"
)
_CSV: Mapping[int | str, dict[str, Any]] = {
    int(HTTPStatus.OK): {
        "description": "Eight columns a code; RFC 4180, UTF-8; streamed.",
        "content": {"text/csv": {"schema": {"type": "string"}, "example": _EXAMPLE}},
    }
}


class NothingToSay(WireModel):
    """An empty object."""


class CsvResponse(StreamingResponse):
    """A CSV that is written while it is sent."""

    media_type = csv_format.MEDIA_TYPE


@router.get("/codes", summary="Find codes", responses=read_problems(NotFoundError, InvalidCursorError))
async def list_(
    project_id: ProjectId,
    asker: CreatorDep,
    filters: Filters,
    state: StateDep,
    session: SessionDep,
    now: NowDep,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Page[CodeOut]:
    """By any filters together, newest first. Codes that expired and were deleted are still found, for 400 days."""
    account_id, template = asker.account_id, state.settings.join_link_template
    place = await get_project_with_bot(session, account_id=account_id, project_id=project_id)
    found, next_cursor = await list_codes(
        session, account_id=account_id, project_id=project_id, filters=filters, limit=limit, cursor=cursor, now=now
    )
    bot = place.bot.username if place.bot is not None else None
    return Page[CodeOut](data=[code_out(code, bot=bot, template=template, now=now) for code in found], next_cursor=next_cursor)


@router.get(
    "/codes.csv",
    summary="Export codes",
    response_class=CsvResponse,
    responses={**_CSV, **read_problems(NotFoundError)},
)
async def export(
    project_id: ProjectId, asker: CreatorDep, filters: Filters, state: StateDep, session: SessionDep, now: NowDep
) -> CsvResponse:
    """What the same filters find, all of it, newest first."""
    await get_project(session, account_id=asker.account_id, project_id=project_id)
    stream = stream_csv(
        state.database,
        account_id=asker.account_id,
        project_id=project_id,
        filters=filters,
        join_link_template=state.settings.join_link_template,
        now=now,
    )
    return CsvResponse(stream, headers=_download(csv_file_name(now)))


@router.get("/codes/{code}", summary="Look at a code", responses=read_problems(NotFoundError))
async def read(
    project_id: ProjectId, code: TypedCode, asker: CreatorDep, state: StateDep, session: SessionDep, now: NowDep
) -> CodeDetail:
    """Where it stands and what happened to it: the answer to "why doesn't my code work"."""
    account_id, template = asker.account_id, state.settings.join_link_template
    place = await get_project_with_bot(session, account_id=account_id, project_id=project_id)
    found, timeline = await code_with_timeline(session, account_id=account_id, project_id=project_id, typed=code, now=now)
    bot = place.bot.username if place.bot is not None else None
    return code_detail(found, timeline, bot=bot, template=template, now=now)


@router.delete("/codes/{code}", summary="Revoke a code", responses=write_problems(CodeAlreadyRedeemedError, CodeExpiredError))
async def revoke(
    project_id: ProjectId, code: TypedCode, asker: CreatorDep, state: StateDep, session: SessionDep, now: NowDep
) -> CodeDetail:
    """It can't be redeemed any more and stays in the history. Frees no quota. Twice changes nothing more."""
    await revoke_code(session, account_id=asker.account_id, project_id=project_id, typed=code, now=now)
    return await read(project_id, code, asker, state, session, now)


@router.get(
    "/batches/{batch_id}/codes.csv",
    tags=["Batches"],
    summary="Export a batch",
    response_class=CsvResponse,
    responses={**_CSV, **read_problems(NotFoundError)},
)
async def export_batch(
    project_id: ProjectId, batch_id: BatchId, asker: CreatorDep, state: StateDep, session: SessionDep, now: NowDep
) -> CsvResponse:
    """Every code of the batch, in their order."""
    counted = await get_batch(session, account_id=asker.account_id, project_id=project_id, batch_id=batch_id, now=now)
    stream = stream_csv(
        state.database,
        account_id=asker.account_id,
        project_id=project_id,
        filters=CodeFilters(batch_id=batch_id),
        join_link_template=state.settings.join_link_template,
        now=now,
        oldest_first=True,
    )
    return CsvResponse(stream, headers=_download(csv_file_name(counted.batch.requested_at, batch_id)))


@router.post(
    "/batches/{batch_id}/revoke",
    tags=["Batches"],
    summary="Revoke a batch's codes",
    responses=post_problems(BatchNotReadyError),
)
async def revoke_all(
    project_id: ProjectId,
    batch_id: BatchId,
    asker: CreatorDep,
    session: SessionDep,
    now: NowDep,
    body: NothingToSay | None = None,  # noqa: ARG001  # a body is welcome, and checked to be empty
) -> BatchRevoked:
    """Every code of it that could still be redeemed. Redeemed ones, and their memberships, stay."""
    place = {"account_id": asker.account_id, "project_id": project_id, "batch_id": batch_id}
    revoked = await revoke_batch(session, **place, now=now)
    return BatchRevoked(**batch_out(await get_batch(session, **place, now=now)).model_dump(), revoked=revoked)


def _download(file_name: str) -> dict[str, str]:
    # Our own letters, digits and dashes only: nothing in it needs quoting.
    return {"Content-Disposition": f'attachment; filename="{file_name}"'}
