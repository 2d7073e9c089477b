"""/v1/usage."""

from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from shared.contracts.pages import Page
from shared.problems import problem_responses

from billing_api.api.deps import READ_PROBLEMS, CreatorDep, NowDep, PageDep, SessionDep, StateDep
from billing_api.api.paging import id_cursor, page_of
from billing_api.api.schemas.usage import UsageItemOut, UsageOut, show_item, show_usage
from billing_api.usage.items import list_usage_items
from billing_api.usage.summary import usage_summary

router = APIRouter(prefix="/v1/usage", tags=["Usage"])


class ItemStatus(StrEnum):
    """Whether a fee waits for an invoice."""

    PENDING = "pending"
    INVOICED = "invoiced"


@router.get("", summary="Show usage and pending fees", responses=problem_responses(*READ_PROBLEMS))
async def get_usage(creator: CreatorDep, state: StateDep, session: SessionDep, now: NowDep) -> UsageOut:
    """The running cycle: codes, fees that wait for the next invoice, projects, lifetime memberships."""
    counted = await state.codes.account_usage(creator.account_id)
    return show_usage(await usage_summary(session, account_id=creator.account_id, now=now), counted)


@router.get("/items", summary="List usage fees", responses=problem_responses(*READ_PROBLEMS))
async def get_items(
    creator: CreatorDep,
    session: SessionDep,
    page: PageDep,
    status: Annotated[ItemStatus | None, Query(description="Only those that wait for an invoice, or only the others.")] = None,
) -> Page[UsageItemOut]:
    """The fees of batches beyond the quota and of sales, newest first. What is `pending` adds up to `pending_fees`."""
    items = await list_usage_items(
        session,
        account_id=creator.account_id,
        pending=None if status is None else status is ItemStatus.PENDING,
        before=id_cursor(page.cursor),
        limit=page.limit + 1,
    )
    return page_of(items, page.limit, show=show_item, key=lambda item: item.id)
