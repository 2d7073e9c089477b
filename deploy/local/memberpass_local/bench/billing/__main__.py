"""`python -m memberpass_local.bench.billing [--out FILE]`, with SIZE=small|full. Exit code 1 only if something was wrong,
never because it was slow."""

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

import asyncpg
import httpx
from rich.console import Console

from memberpass_local.bench.billing.measure import BillingFigures, measure_on_own_servers, works_of
from memberpass_local.bench.billing.plan import PLANS
from memberpass_local.bench.report import as_json, show
from memberpass_local.demo.checks import StoryError
from memberpass_local.problems import StackError
from memberpass_local.settings import DEFAULT_HOME

RESULTS = "bench-billing.json"


async def measure(console: Console, size: str) -> BillingFigures:
    """All of it, telling how far it is."""
    with console.status("starting") as status:
        return await measure_on_own_servers(size, tell=lambda what: status.update(f"{what} ..."))


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m memberpass_local.bench.billing", description=__doc__)
    home = Path(os.environ.get("MEMBERPASS_HOME") or DEFAULT_HOME)
    parser.add_argument("--out", type=Path, default=home / RESULTS, help="where the figures go as JSON")
    out: Path = parser.parse_args().out
    size = os.environ.get("SIZE") or "small"
    console = Console(width=None if sys.stdout.isatty() else 130)
    if size not in PLANS:
        console.print(f"SIZE must be one of {', '.join(PLANS)}, not {size!r}.")
        return 1
    try:
        figures = asyncio.run(measure(console, size))
    except (StoryError, StackError, httpx.HTTPError, OSError, asyncpg.PostgresError) as error:
        console.print(f"[bold red]The benchmark broke off:[/bold red] {error!r}")
        return 1
    works = works_of(figures)
    show(console, works)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(as_json(size, works), indent=2) + "\n", encoding="utf-8")
    console.print(f"[dim]{out}[/dim]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
