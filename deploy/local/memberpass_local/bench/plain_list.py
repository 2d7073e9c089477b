"""What a page of the list must hold, by the plainest query there is: no index in mind, as the filters read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

_STATUSES = {
    "unredeemed": "redeemed_at IS NULL AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $3)",
    "redeemed": "redeemed_at IS NOT NULL",
    "revoked": "revoked_at IS NOT NULL",
    "expired": "redeemed_at IS NULL AND revoked_at IS NULL AND expires_at <= $3",
}
_CODES = "SELECT code FROM access_codes WHERE account_id = $1 AND project_id = $2 AND $3::timestamptz IS NOT NULL"


@dataclass(frozen=True)
class PlainFilters:
    """The filters of the list by their names; `q` in stored symbols: a whole code, how it begins, or its last group."""

    status: str | None = None
    plan_id: UUID | None = None
    batch_id: UUID | None = None
    expires_after: datetime | None = None
    expires_before: datetime | None = None
    q: str | None = None


async def plain_page(
    database: asyncpg.Connection,
    place: tuple[UUID, UUID],
    filters: PlainFilters,
    after: tuple[UUID, int] | None,
    limit: int,
    now: datetime,
) -> list[str]:
    """The codes of the page."""
    parameters: list[Any] = [*place, now]
    where: list[str] = [f"AND {_STATUSES[filters.status]}"] if filters.status else []
    for sign, value in (
        ("plan_id = {}", filters.plan_id),
        ("batch_id = {}", filters.batch_id),
        ("expires_at >= {}", filters.expires_after),
        ("expires_at < {}", filters.expires_before),
        ("(starts_with(code, {0}) OR right(code, 4) = {0})", filters.q),
    ):
        if value is not None:
            parameters.append(value)
            where.append(f"AND {sign.format(f'${len(parameters)}')}")
    if after is not None:
        parameters += after
        where.append(f"AND (batch_id, position) < (${len(parameters) - 1}, ${len(parameters)})")
    query = f"{_CODES} {' '.join(where)} ORDER BY batch_id DESC, position DESC LIMIT {limit}"
    return [row["code"] for row in await database.fetch(query, *parameters)]
