"""`python -m memberpass_local.demo`: exit code 0 if every step went as it must, else 1 with the reason."""

import asyncio
import os
import secrets
import sys
from pathlib import Path

import httpx
from rich.console import Console

from memberpass_local.clean import clean
from memberpass_local.demo.chapters import CHAPTERS
from memberpass_local.demo.checks import StoryError
from memberpass_local.demo.teller import Teller
from memberpass_local.demo.world import World
from memberpass_local.home import Home
from memberpass_local.ports import free_base
from memberpass_local.problems import StackError
from memberpass_local.settings import DEFAULT_HOME
from memberpass_local.stack import LocalStack


async def play(console: Console, home: Path, port_base: int) -> None:
    """Bring a stack up, tell the story, take the stack down.

    Raises:
        StackError: the stack did not come up.
        StoryError: a step did not go as it must.
    """
    teller = Teller(console)
    console.print("[bold]MemberPass[/bold], from the creator's request to the member's subscription. Every step is checked.")
    with console.status("Bringing up PostgreSQL, Redis, four services and the sandbox Telegram ..."):
        stack = await LocalStack(home=home, port_base=port_base).__aenter__()
    try:
        console.print(f"[green]The stack is up[/green] [dim]after {teller.seconds:.1f} s, ports from {port_base + 1}[/dim]")
        async with httpx.AsyncClient(timeout=30) as http:
            world = World(stack.urls, http, teller, secrets.token_hex(3))
            for chapter in CHAPTERS:
                await chapter(world)
    finally:
        await stack.__aexit__(*sys.exc_info())
    console.print()
    console.print(f"[bold green]All {teller.steps} steps went as they must[/bold green] in {teller.seconds:.1f} s.")
    console.print("[dim]`make run` keeps a stack up; its chat page and API docs are there to play with.[/dim]")


def main() -> int:
    """The exit code. A stack that told its story is deleted; one that did not is kept for its logs."""
    console = Console(width=None if sys.stdout.isatty() else 100)
    home = Path(os.environ.get("MEMBERPASS_HOME") or DEFAULT_HOME) / f"demo-{os.getpid()}"
    try:
        given = os.environ.get("MEMBERPASS_PORT_BASE")
        asyncio.run(play(console, home, int(given) if given else free_base(8700)))
    except (StoryError, StackError, httpx.HTTPError) as error:
        console.print(f"[bold red]The story broke off:[/bold red] {error}")
        console.print(f"Logs: {home / 'logs'}")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 1
    clean(Home.at(home))
    return 0


if __name__ == "__main__":
    sys.exit(main())
