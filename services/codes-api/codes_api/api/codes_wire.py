"""Access codes on the wire."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query
from pydantic import Field
from shared.contracts.base import UtcDatetime, WireModel

from codes_api.api.batches import BatchOut
from codes_api.api.fields import Id
from codes_api.codes.alphabet import shown
from codes_api.codes.join_link import join_link
from codes_api.codes.search import CodeFilters, FoundCode
from codes_api.codes.status import CodeStatus
from codes_api.codes.timeline import Happening, TimelineEntry

TypedCode = Annotated[
    str, Path(description="In any form: case, spaces and dashes don't matter.", examples=["7KQ2-M9XD-40TR-BW6N"])
]


class CodeOut(WireModel):
    """An access code."""

    code: str = Field(examples=["7KQ2-M9XD-40TR-BW6N"])
    status: CodeStatus = Field(description="`expired` from the instant of its expiry on.")
    plan_id: Id
    plan_name: str = Field(examples=["Monthly"])
    batch_id: Id
    label: str | None = Field(description="The batch's.", examples=["Spring giveaway"])
    join_link: str | None = Field(
        description="Opens your bot with the code applied; null while no bot is connected, and for an imported code "
        "that no link can hold.",
        examples=["https://t.me/club_bot?start=code_7KQ2-M9XD-40TR-BW6N"],
    )
    created_at: UtcDatetime
    expires_at: UtcDatetime | None = Field(description="From this moment on it can't be redeemed; null: it always can.")
    redeemed_at: UtcDatetime | None
    redeemed_by: int | None = Field(description="The member's Telegram id.", examples=[700100200])
    membership_id: Id | None = Field(description="What it gave.")
    revoked_at: UtcDatetime | None


class TimelineOut(WireModel):
    """Something that happened to the code."""

    at: UtcDatetime
    event: Happening
    telegram_id: int | None = Field(description="Who redeemed it or was refused.", examples=[700100200])
    reason: str | None = Field(description="Why it was refused.", examples=["code_already_redeemed"])


class CodeDetail(CodeOut):
    """An access code with its history."""

    timeline: list[TimelineOut] = Field(description="Oldest first; of the refused tries the newest 100.")


class BatchRevoked(BatchOut):
    """A batch whose codes were taken back, as it is now."""

    revoked: int = Field(description="Codes that were revoked by this request; `counts` has all.", examples=[180])


def _filters(
    status: Annotated[CodeStatus | None, Query(description="What the code is at the moment.")] = None,
    plan_id: Annotated[UUID | None, Query(description="Of this plan.")] = None,
    batch_id: Annotated[UUID | None, Query(description="Of this batch.")] = None,
    expires_after: Annotated[
        UtcDatetime | None, Query(description="Expires at this moment or later.", examples=["2026-12-01T00:00:00Z"])
    ] = None,
    expires_before: Annotated[
        UtcDatetime | None, Query(description="Expires before this moment.", examples=["2027-01-01T00:00:00Z"])
    ] = None,
    q: Annotated[
        str | None,
        Query(max_length=200, description="A whole code in any form, how it begins, or its last group.", examples=["BW6N"]),
    ] = None,
) -> CodeFilters:
    return CodeFilters(
        status=status, plan_id=plan_id, batch_id=batch_id, expires_after=expires_after, expires_before=expires_before, q=q
    )


Filters = Annotated[CodeFilters, Depends(_filters)]


def code_out(found: FoundCode, *, bot: str | None, template: str, now: datetime) -> CodeOut:
    """A code on the wire."""
    return CodeOut(
        code=shown(found.code),
        status=found.status_at(now),
        plan_id=found.plan_id,
        plan_name=found.plan_name,
        batch_id=found.batch_id,
        label=found.label,
        join_link=join_link(template, bot, found.code),
        created_at=found.created_at,
        expires_at=found.expires_at,
        redeemed_at=found.redeemed_at,
        redeemed_by=found.redeemed_by,
        membership_id=found.membership_id,
        revoked_at=found.revoked_at,
    )


def code_detail(found: FoundCode, timeline: list[TimelineEntry], *, bot: str | None, template: str, now: datetime) -> CodeDetail:
    """A code with its history on the wire."""
    told = [TimelineOut.model_validate(entry) for entry in timeline]
    return CodeDetail(**code_out(found, bot=bot, template=template, now=now).model_dump(), timeline=told)
