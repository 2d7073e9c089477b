"""What a sheet of cards says, and where its cards stand: millimetres from the top left corner. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

COLUMNS: Final = 2
ROWS: Final = 4
CARDS_A_PAGE: Final = COLUMNS * ROWS
PAGE_MARGIN: Final = 10.0
"""Printers leave out the edge of the paper."""


class Paper(StrEnum):
    """What the sheet is printed on."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height."""
        return (210.0, 297.0) if self is Paper.A4 else (215.9, 279.4)


@dataclass(frozen=True)
class Card:
    """One code. `code` as people read it; `expires_at` None: never."""

    code: str
    join_link: str
    expires_at: datetime | None


@dataclass(frozen=True)
class Sheet:
    """What all its cards have in common. `plan_period` for people: "1 month", "lifetime"; `bot` without the @."""

    project_name: str
    plan_name: str
    plan_period: str
    bot: str
    cards: Sequence[Card]
    paper: Paper = Paper.A4


@dataclass(frozen=True)
class Place:
    """A card's place on its page."""

    x: float
    y: float
    width: float
    height: float


def places(paper: Paper) -> list[Place]:
    """The places of a page, row by row."""
    width, height = _card(paper)
    return [
        Place(PAGE_MARGIN + column * width, PAGE_MARGIN + row * height, width, height)
        for row in range(ROWS)
        for column in range(COLUMNS)
    ]


def cut_lines(paper: Paper) -> Iterator[tuple[float, float, float, float]]:
    """Every line to cut along, from edge to edge of the paper: x1, y1, x2, y2."""
    page_width, page_height = paper.size
    width, height = _card(paper)
    for column in range(COLUMNS + 1):
        x = PAGE_MARGIN + column * width
        yield x, 0, x, page_height
    for row in range(ROWS + 1):
        y = PAGE_MARGIN + row * height
        yield 0, y, page_width, y


def _card(paper: Paper) -> tuple[float, float]:
    page_width, page_height = paper.size
    return (page_width - 2 * PAGE_MARGIN) / COLUMNS, (page_height - 2 * PAGE_MARGIN) / ROWS
