"""Fields that several resources have."""

import unicodedata
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import AfterValidator, Field, StringConstraints
from shared.contracts.pages import DEFAULT_LIMIT, MAX_LIMIT
from shared.path_ids import KNOWN_FORM, path_id

# Control characters (Cc), line and paragraph separators: a name is one line in a chat, a CSV cell and a log.
_NOT_IN_A_NAME = {"Cc", "Zl", "Zp"}


def _one_line(value: str) -> str:
    if any(unicodedata.category(symbol) in _NOT_IN_A_NAME for symbol in value):
        msg = "must not contain control characters or line breaks"
        raise ValueError(msg)
    return value


ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_one_line)]
"""A name or a label: 1 to 100 characters after white space at both ends is cut off, on one line."""

Id = Annotated[UUID, Field(examples=["019a8f4e-5a3c-7e53-8f0b-3d1f8f3f9b10"])]
"""An id in an answer."""
ProjectId = Annotated[UUID, KNOWN_FORM, path_id("The project.")]
PlanId = Annotated[UUID, KNOWN_FORM, path_id("The membership plan.")]
BatchId = Annotated[UUID, KNOWN_FORM, path_id("The batch.")]
MembershipId = Annotated[UUID, KNOWN_FORM, path_id("The membership.")]
WebhookId = Annotated[UUID, KNOWN_FORM, path_id("The webhook.")]
DeliveryId = Annotated[UUID, KNOWN_FORM, path_id("The delivery.")]

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Rows a page.")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next_cursor` of the page before.")]

__all__ = [
    "DEFAULT_LIMIT",
    "BatchId",
    "Cursor",
    "DeliveryId",
    "Id",
    "Limit",
    "MembershipId",
    "PlanId",
    "ProjectId",
    "ShortText",
    "WebhookId",
]
