"""The form of an invariant."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    """Something that must hold for every row. `sql` gives how many rows were looked at and how many break it."""

    name: str
    sql: str
