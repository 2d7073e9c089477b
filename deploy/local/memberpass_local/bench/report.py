"""What was measured: a table for a person, a JSON file for the README's table."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from memberpass_local.bench.work import Work


def as_json(size: str, works: Sequence[Work]) -> dict[str, Any]:
    """All figures, and what they were measured on."""
    return {
        "size": size,
        "measured_on": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine(),
        "works": [w.as_json() for w in works],
    }


def machine() -> dict[str, Any]:
    """What a reader needs to know before comparing: the ratios carry over to other machines, the rates do not."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpus": os.cpu_count(),
        "cpu": _cpu(),
        "memory_gb": round(memory / 2**30),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def show(console: Console, works: Sequence[Work]) -> None:
    """States, and does not judge: a figure depends on the machine, its ratio to the floor hardly."""
    table = Table(show_lines=True)
    for column in ("work", "here", "floor", "ratio", "aim"):
        table.add_column(column)
    for work in works:
        mark = "" if work.reached else "\n[yellow]not reached in this run[/yellow]"
        table.add_row(work.name, work.ours, f"{work.floor}:\n{work.bare}", f"{work.ratio:.2f}", f"{work.aim}{mark}")
    console.print(table)


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
