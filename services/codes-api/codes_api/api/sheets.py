"""/v1/projects/{p}/batches/{b}/sheet.pdf: codes to print and hand out."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from shared.drawing.beside import draw
from shared.drawing.pdf_response import PdfResponse, pdf_docs
from shared.errors import NotFoundError
from shared.idempotency import IdempotentRoute

from codes_api.api.deps import CreatorDep, NowDep, StateDep
from codes_api.api.docs import read_problems
from codes_api.api.fields import BatchId, ProjectId
from codes_api.codes.batch_errors import BotNotConnectedError
from codes_api.codes.sheet_errors import NothingToPrintError
from codes_api.codes.sheet_layout import Paper, Sheet
from codes_api.codes.sheet_of_batch import sheet_of_batch

router = APIRouter(prefix="/v1/projects/{project_id}/batches/{batch_id}", tags=["Batches"], route_class=IdempotentRoute)


@router.get(
    "/sheet.pdf",
    summary="Print a batch",
    response_class=PdfResponse,
    responses={
        **pdf_docs("Eight cards a page, with lines to cut along."),
        **read_problems(NotFoundError, BotNotConnectedError, NothingToPrintError),
    },
)
async def sheet(
    project_id: ProjectId,
    batch_id: BatchId,
    asker: CreatorDep,
    state: StateDep,
    now: NowDep,
    paper: Annotated[Paper, Query(description="What you print on.", examples=["a4"])] = Paper.A4,
) -> PdfResponse:
    """A card for each code that can still be redeemed: the plan, the code, a QR of its join link, its expiry. For offline
    sales; 1,000 codes take some seconds. `rate_limited` also while four of your drawings are not done yet."""
    async with state.database.transaction() as session:
        content = await sheet_of_batch(
            session,
            account_id=asker.account_id,
            project_id=project_id,
            batch_id=batch_id,
            paper=paper,
            join_link_template=state.settings.join_link_template,
            now=now,
        )
    pdf = await draw(asker.account_id, lambda: _draw(content, now))
    return PdfResponse.named(f"access-codes-{now:%Y-%m-%d}-{str(batch_id)[-8:]}.pdf", pdf)


def _draw(content: Sheet, now: datetime) -> bytes:
    from codes_api.codes.sheet import draw_sheet  # noqa: PLC0415  # loads for a second what most processes never need

    return draw_sheet(content, now=now)
