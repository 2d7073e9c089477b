"""`python -m memberpass_local.bench [--out FILE]`, with SIZE=small|full. Exit code 1 only if something was wrong, never
because it was slow."""

import argparse
import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import asyncpg
import httpx
from redis.asyncio import Redis
from rich.console import Console

from memberpass_local.bench.creator import make_creator
from memberpass_local.bench.generation import Generation, measure_generation
from memberpass_local.bench.plan import PLANS, Plan
from memberpass_local.bench.redemption import Redemption, Target, bare_handler, measure_redemption, redemptions_path
from memberpass_local.bench.report import as_json, show
from memberpass_local.demo.checks import StoryError
from memberpass_local.ports import free_base
from memberpass_local.problems import StackError
from memberpass_local.settings import DEFAULT_HOME
from memberpass_local.stack import LocalStack

RESULTS = "bench.json"
UNTHROTTLED = {"RATE_LIMIT_PER_MINUTE": "10000000"}
"""Watching a batch as closely as this is more than one key may do otherwise. All else is as `make run` has it."""


async def measure(console: Console, home: Path, port_base: int, plan: Plan) -> tuple[Generation, Redemption]:
    """Everything, against a stack of its own.

    Raises:
        StackError: the stack did not come up.
        StoryError: what was measured was not right.
    """
    environ = {**os.environ, **UNTHROTTLED}
    with console.status("Bringing up a stack ..."):
        stack = await LocalStack(home=home, port_base=port_base, environ=environ).__aenter__()
    try:
        urls = stack.urls
        database = await asyncpg.connect(urls.codes_database_url)
        async with httpx.AsyncClient(timeout=30) as http, Redis.from_url(urls.redis_url) as redis:
            creator = await make_creator(http, urls)
            with console.status(f"{plan.batches} batches ..."):
                generation = await measure_generation(creator, database, plan.batches)
            token = stack.env["SERVICE_TOKEN"]
            memberpass = Target(urls.codes_api, redemptions_path(creator), {"Authorization": f"Bearer {token}"})
            with console.status(f"{plan.rounds} rounds of {plan.redemptions:,} redemptions, here and there ..."):
                async with bare_handler(urls.codes_database_url) as bare:
                    redemption = await measure_redemption(creator, database, redis, plan, memberpass=memberpass, bare=bare)
        await database.close()
    finally:
        await stack.__aexit__(*sys.exc_info())
    return generation, redemption


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    home = Path(os.environ.get("MEMBERPASS_HOME") or DEFAULT_HOME)
    parser.add_argument("--out", type=Path, default=home / RESULTS, help="where the figures go as JSON")
    out: Path = parser.parse_args().out
    size = os.environ.get("SIZE") or "small"
    console = Console(width=None if sys.stdout.isatty() else 110)
    if size not in PLANS:
        console.print(f"SIZE must be one of {', '.join(PLANS)}, not {size!r}.")
        return 1
    own = home / f"bench-{os.getpid()}"
    given = os.environ.get("MEMBERPASS_PORT_BASE")
    try:
        generation, redemption = asyncio.run(measure(console, own, int(given) if given else free_base(8800), PLANS[size]))
    except (StoryError, StackError, httpx.HTTPError, OSError, asyncpg.PostgresError) as error:
        console.print(f"[bold red]The benchmark broke off:[/bold red] {error}")
        console.print(f"Logs: {own / 'logs'}")
        return 1
    shutil.rmtree(own, ignore_errors=True)
    show(console, generation, redemption)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(as_json(size, generation, redemption), indent=2) + "\n", encoding="utf-8")
    console.print(f"[dim]{out}[/dim]")
    return 0


if __name__ == "__main__":
    sys.exit(main())
