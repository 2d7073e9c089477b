"""The forms of an invariant and of what was found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
    """Something that must hold for every row. `sql` gives how many rows were looked at and how many break it."""

    name: str
    sql: str


@dataclass(frozen=True)
class Finding:
    """One invariant, looked at now."""

    name: str
    checked: int
    violations: int
