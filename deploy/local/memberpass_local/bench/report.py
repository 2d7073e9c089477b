"""What was measured, as tables for a person and as JSON for a file."""

import os
import platform
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from memberpass_local.bench.generation import Generation
from memberpass_local.bench.plan import BATCH, CONNECTIONS
from memberpass_local.bench.redemption import Redemption, Round

READY_AIM_MS = 150
REDEMPTION_AIM = 0.5


def as_json(size: str, generation: Generation, redemption: Redemption) -> dict[str, Any]:
    """All figures. Times in milliseconds unless their name says otherwise."""
    return {
        "size": size,
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "generation": {
            "codes": BATCH,
            "ready_ms": _spread(generation.ready_ms),
            "accepted_ms": _spread(generation.accepted_ms),
            "copy_ms": _spread(generation.copy_ms),
            "times_the_copy": round(generation.ratio, 1),
            "aim_ready_ms": READY_AIM_MS,
        },
        "redemption": {
            "connections": CONNECTIONS,
            "redemptions_a_round": redemption.redemptions,
            "memberpass": _side(redemption, redemption.memberpass),
            "bare": _side(redemption, redemption.bare),
            "ratio": round(redemption.ratio, 3),
            "aim_ratio": REDEMPTION_AIM,
        },
    }


def show(console: Console, generation: Generation, redemption: Redemption) -> None:
    """Two tables. They state, they do not judge: a figure depends on the machine, its ratio to the floor hardly."""
    table = Table(title=f"{BATCH:,} codes ({len(generation.ready_ms)} batches)", title_justify="left", title_style="bold")
    for column in ("", "median", "fastest", "slowest"):
        table.add_column(column, justify="right" if column else "left")
    _milliseconds(table, "202 to ready, as its creator sees it", generation.ready_ms)
    _milliseconds(table, "request to 202", generation.accepted_ms)
    _milliseconds(table, "floor: a bare COPY of the same rows", generation.copy_ms)
    console.print(table)
    console.print(f"Aim: {READY_AIM_MS} ms. The whole way takes {generation.ratio:.1f} times the COPY alone.\n")

    table = Table(title=f"Redemptions over HTTP, {CONNECTIONS} connections", title_justify="left", title_style="bold")
    for column in ("", "a second", "p50 ms", "p99 ms", "events handled after"):
        table.add_column(column, justify="right" if column else "left")
    _side_row(table, "MemberPass", redemption, redemption.memberpass)
    _side_row(table, "floor: bare FastAPI and asyncpg, one UPDATE", redemption, redemption.bare)
    console.print(table)
    rounds = len(redemption.bare)
    console.print(
        f"Aim: {REDEMPTION_AIM:.2f} of the floor. It is [bold]{redemption.ratio:.2f}[/bold]; medians of {rounds} rounds of "
        f"{redemption.redemptions:,}, each code redeemed exactly once by the member who sent it."
    )


def _milliseconds(table: Table, what: str, figures: list[float]) -> None:
    table.add_row(what, *(f"{figure:,.1f} ms" for figure in (median(figures), min(figures), max(figures))))


def _side_row(table: Table, what: str, redemption: Redemption, rounds: list[Round]) -> None:
    table.add_row(
        what,
        f"{median(redemption.per_second(rounds)):,.0f}",
        f"{median(one.result.p50_ms for one in rounds):.1f}",
        f"{median(one.result.p99_ms for one in rounds):.1f}",
        f"{median(one.events_after_s for one in rounds):.2f} s",
    )


def _side(redemption: Redemption, rounds: list[Round]) -> dict[str, Any]:
    return {
        "per_second": _spread(redemption.per_second(rounds)),
        "p50_ms": round(median(one.result.p50_ms for one in rounds), 2),
        "p99_ms": round(median(one.result.p99_ms for one in rounds), 2),
        "events_after_s": round(median(one.events_after_s for one in rounds), 2),
    }


def _spread(figures: list[float]) -> dict[str, float]:
    return {"median": round(median(figures), 1), "min": round(min(figures), 1), "max": round(max(figures), 1)}
