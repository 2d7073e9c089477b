"""Lists: `{"data": [...], "next_cursor": "..." | null}` with keyset cursors that are opaque to clients."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Generic, TypeVar

from pydantic import Field

from shared.contracts.base import WireModel
from shared.errors import FieldError

T = TypeVar("T")

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Page(WireModel, Generic[T]):
    """One page of a list, newest first. `next_cursor` is null on the last one."""

    data: Sequence[T]
    next_cursor: str | None = Field(default=None, examples=["WyIyMDI2LTA3LTAxIl0"])


class InvalidCursorError(FieldError):
    """The cursor was not made by this list."""

    code = "invalid_cursor"
    title = "The cursor is not valid"

    def __init__(self) -> None:
        super().__init__("cursor", "This cursor was not given by this list; start again without one.")


def encode_cursor(*keys: str | int) -> str:
    """The last row's sort keys as an opaque URL-safe text."""
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, *kinds: type[str] | type[int]) -> tuple[str | int, ...]:
    """The sort keys back out of a cursor.

    Args:
        cursor: what `encode_cursor` made.
        kinds: the type of each key, in order.

    Raises:
        InvalidCursorError: it is no cursor, or one of another list.
    """
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        keys = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise InvalidCursorError from error
    if not isinstance(keys, list) or len(keys) != len(kinds):
        raise InvalidCursorError
    if any(type(key) is not kind for key, kind in zip(keys, kinds, strict=True)):
        raise InvalidCursorError
    return tuple(keys)
