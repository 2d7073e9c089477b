"""The declarative base of database `billing`, and the tables every service with a database has."""

from shared.db import new_metadata
from shared.idempotency import idempotency_table
from shared.inbox import inbox_table
from shared.outbox import outbox_table
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """All tables of billing-api."""

    metadata = new_metadata()


outbox = outbox_table(Base.metadata)
inbox = inbox_table(Base.metadata)
idempotency_keys = idempotency_table(Base.metadata)
