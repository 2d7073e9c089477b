"""Keyset pages of lists whose rows are ordered by an id or a number, newest first."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from shared.contracts.pages import InvalidCursorError, Page, decode_cursor, encode_cursor

R = TypeVar("R")
T = TypeVar("T")


def id_cursor(cursor: str | None) -> UUID | None:
    """The id that a page goes on after.

    Raises:
        InvalidCursorError: it is no cursor of such a list.
    """
    if cursor is None:
        return None
    (key,) = decode_cursor(cursor, str)
    try:
        return UUID(str(key))
    except ValueError as error:
        raise InvalidCursorError from error


def number_cursor(cursor: str | None) -> int | None:
    """The number that a page goes on before.

    Raises:
        InvalidCursorError: it is no cursor of such a list.
    """
    if cursor is None:
        return None
    (key,) = decode_cursor(cursor, int)
    number = int(key)
    if not 0 <= number < 2**31:
        raise InvalidCursorError
    return number


def page_of(rows: Sequence[R], limit: int, *, show: Callable[[R], T], key: Callable[[R], UUID | int]) -> Page[T]:
    """A page out of up to `limit + 1` rows: the one too many tells that there are more."""
    kept = rows[:limit]
    more = len(rows) > limit
    last = key(kept[-1]) if more else None
    cursor = None if last is None else encode_cursor(last if isinstance(last, int) else str(last))
    return Page[T](data=[show(row) for row in kept], next_cursor=cursor)


def slice_of(rows: Sequence[R], *, limit: int, cursor: str | None, show: Callable[[R], T], key: Callable[[R], str]) -> Page[T]:
    """A page out of a list that is short enough to be read whole; the cursor names the last row of the page before.

    Raises:
        InvalidCursorError: there is no such row.
    """
    rest = rows
    if cursor is not None:
        (last,) = decode_cursor(cursor, str)
        names = [key(row) for row in rows]
        if last not in names:
            raise InvalidCursorError
        rest = rows[names.index(str(last)) + 1 :]
    more = len(rest) > limit
    return Page[T](data=[show(row) for row in rest[:limit]], next_cursor=encode_cursor(key(rest[limit - 1])) if more else None)
