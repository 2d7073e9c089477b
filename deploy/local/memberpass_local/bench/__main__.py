"""`python -m memberpass_local.bench [--out FILE] [--only codes|billing]`, with SIZE=small|full. Exit code 1 only if
something was wrong, never because it was slow."""

import argparse
import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import asyncpg
import httpx
from rich.console import Console

from memberpass_local.bench.billing.measure import measure_on_own_servers, works_of
from memberpass_local.bench.plan import PLANS
from memberpass_local.bench.report import as_json, show
from memberpass_local.bench.work import Work
from memberpass_local.bench.works import measure_all
from memberpass_local.demo.checks import StoryError
from memberpass_local.ports import free_base
from memberpass_local.problems import StackError
from memberpass_local.settings import DEFAULT_HOME
from memberpass_local.stack import LocalStack

RESULTS = "bench.json"
CODES, BILLING = "codes", "billing"
UNTHROTTLED = {"RATE_LIMIT_PER_MINUTE": "10000000"}
"""A million codes in batches is more than one key may ask for in a minute. All else is as `make run` has it."""


async def measure(console: Console, home: Path, port_base: int, size: str, only: str | None) -> list[Work]:
    """Codes against a stack of their own, then billing alone; or one of the two.

    Raises:
        StackError: the stack did not come up.
        StoryError: what was measured was not right.
    """
    works: list[Work] = []
    with console.status("bringing up servers") as status:

        def tell(what: str) -> None:
            status.update(f"{what} ...")

        if only != BILLING:
            async with LocalStack(home=home, port_base=port_base, environ={**os.environ, **UNTHROTTLED}) as stack:
                async for work in measure_all(stack, PLANS[size], tell):
                    works.append(work)
                    console.print(f"[dim]{work.name}: {work.ours}[/dim]")
        if only != CODES:
            works += works_of(await measure_on_own_servers(size, tell=tell))
    return works


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    home = Path(os.environ.get("MEMBERPASS_HOME") or DEFAULT_HOME)
    parser.add_argument("--out", type=Path, default=home / RESULTS, help="where the figures go as JSON")
    parser.add_argument("--only", choices=[CODES, BILLING], help="measure one of the two")
    asked = parser.parse_args()
    out: Path = asked.out
    size = os.environ.get("SIZE") or "small"
    console = Console(width=None if sys.stdout.isatty() else 130)
    if size not in PLANS:
        console.print(f"SIZE must be one of {', '.join(PLANS)}, not {size!r}.")
        return 1
    own = home / f"bench-{os.getpid()}"
    given = os.environ.get("MEMBERPASS_PORT_BASE")
    try:
        works = asyncio.run(measure(console, own, int(given) if given else free_base(8800), size, asked.only))
    except (StoryError, StackError, httpx.HTTPError, OSError, asyncpg.PostgresError) as error:
        console.print(f"[bold red]The benchmark broke off:[/bold red] {error}")
        console.print(f"Logs: {own / 'logs'}")
        return 1
    shutil.rmtree(own, ignore_errors=True)
    show(console, works)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(as_json(size, works), indent=2) + "\n", encoding="utf-8")
    console.print(f"[dim]{out}[/dim]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
