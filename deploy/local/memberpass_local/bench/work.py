"""What a measurement gives: one line of the table, and all figures behind it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Work:
    """One work beside its floor.

    Args:
        name: what is done.
        floor: what it is held against.
        ours, bare: the figure of each, with its unit.
        ratio: of the two, as the aim speaks of it.
        aim: in words.
        reached: whether the figure is what the aim wants. Stated, never judged: the exit code does not know it.
        figures: everything else that was measured, for the JSON file.
    """

    name: str
    floor: str
    ours: str
    bare: str
    ratio: float
    aim: str
    reached: bool
    figures: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """For the results file."""
        return {
            "work": self.name,
            "floor": self.floor,
            "ours": self.ours,
            "bare": self.bare,
            "ratio": round(self.ratio, 3),
            "aim": self.aim,
            "reached": self.reached,
            "figures": self.figures,
        }


def spread(figures: Sequence[float]) -> dict[str, float]:
    """The median and the ends."""
    return {"median": round(median(figures), 2), "min": round(min(figures), 2), "max": round(max(figures), 2)}


def per_second(rate: float, what: str) -> str:
    """A rate for people."""
    return f"{rate:,.0f} {what}/s"
