"""Keyset paging over ids of UUID version 7: newest first, the cursor is the last id that was shown."""

from collections.abc import Callable, Sequence
from typing import TypeVar, TypeVarTuple
from uuid import UUID

from shared.contracts.pages import InvalidCursorError, decode_cursor, encode_cursor
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import InstrumentedAttribute

Columns = TypeVarTuple("Columns")
R = TypeVar("R")


def newest_first(
    query: Select[*Columns], key: InstrumentedAttribute[UUID], *, limit: int, cursor: str | None
) -> Select[*Columns]:
    """The query for one page and one row more, which tells whether there is a next page.

    Raises:
        InvalidCursorError: the cursor was not made by `cut`.
    """
    if cursor is not None:
        query = query.where(_before(key, cursor))
    return query.order_by(key.desc()).limit(limit + 1)


def cut(rows: Sequence[R], *, limit: int, id_of: Callable[[R], UUID]) -> tuple[Sequence[R], str | None]:
    """What `newest_first` gave, without the row too many, and the cursor of the next page (None on the last)."""
    if len(rows) <= limit:
        return rows, None
    shown = rows[:limit]
    return shown, encode_cursor(str(id_of(shown[-1])))


def _before(key: InstrumentedAttribute[UUID], cursor: str) -> ColumnElement[bool]:
    (last,) = decode_cursor(cursor, str)
    try:
        return key < UUID(str(last))
    except ValueError as error:
        raise InvalidCursorError from error
