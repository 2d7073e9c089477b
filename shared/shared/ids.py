"""Identifiers: UUID version 7 (RFC 9562), so that primary keys sort by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh UUID version 7, in wall time (ids order rows; they are never read as business time)."""
    return uuid7()
