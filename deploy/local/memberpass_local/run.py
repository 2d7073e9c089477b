"""`python -m memberpass_local run`: a stack in the terminal until Ctrl-C or SIGTERM."""

import asyncio
import contextlib
import signal
import time

from rich.console import Console
from rich.table import Table
from rich.text import Text

from memberpass_local.log_tail import LogWatch
from memberpass_local.services import ProcessTable, migration_table, service_table
from memberpass_local.stack import LocalStack

LOOK_EVERY_S = 0.25
_COLOURS = {"codes-api": "cyan", "billing-api": "magenta", "bot-gateway": "green", "jobs": "yellow", "telegram": "blue"}
_WIDTH = max(map(len, _COLOURS))


async def run_in_terminal(
    console: Console, *, processes: ProcessTable = service_table, migrations: ProcessTable = migration_table
) -> None:
    """Bring the stack up, show where it is, show warnings and errors as they come, stop it on Ctrl-C or SIGTERM.

    Args:
        console: the terminal.
        processes: what to run (`LocalStack`).
        migrations: what to run before that.

    Raises:
        StackError: it did not come up.
    """
    stop = _stop_signals()
    started = time.monotonic()
    stack = LocalStack(tell=lambda sentence: _say(console, "stack", sentence), processes=processes, migrations=migrations)
    running = asyncio.create_task(_run(stack, console, started))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({running, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if stopped.done():
        _say(console, "stack", "stopping")
        running.cancel()
    stopped.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    _say(console, "stack", "stopped")


async def _run(stack: LocalStack, console: Console, started: float) -> None:
    watch = LogWatch(stack.home, list(_COLOURS))
    async with stack:
        _show(console, stack, time.monotonic() - started)
        try:
            while True:
                await asyncio.sleep(LOOK_EVERY_S)
                _say_loud_lines(console, watch)
        finally:
            _say_loud_lines(console, watch)


def _say_loud_lines(console: Console, watch: LogWatch) -> None:
    for line in watch.new_loud_lines():
        _say(console, line.process, line.text, style="yellow" if line.level == "warning" else "red")


def _show(console: Console, stack: LocalStack, seconds: float) -> None:
    urls = stack.urls
    table = Table(title=f"MemberPass is ready ({seconds:.1f} s)", title_justify="left", show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("Codes API", f"{urls.codes_api}/docs")
    table.add_row("Billing API", f"{urls.billing_api}/docs")
    table.add_row("Bot gateway", urls.bot_gateway)
    table.add_row("Telegram" if not stack.settings.embeds_telegram else "Sandbox Telegram", urls.telegram)
    table.add_row("Addresses and keys", str(stack.home.stack_file))
    table.add_row("Logs", str(stack.home.logs))
    with contextlib.suppress(OSError):
        console.print(table)
        console.print("Warnings and errors follow here. Ctrl-C stops everything.", style="dim")


def _say(console: Console, process: str, sentence: str, *, style: str = "") -> None:
    line = Text.assemble((f"{process:<{_WIDTH}} ", _COLOURS.get(process, "bold")), (sentence, style))
    with contextlib.suppress(OSError):  # the terminal is gone: the stack goes on, the logs have it all
        console.print(line, soft_wrap=True)


def _stop_signals() -> asyncio.Event:
    """Set by Ctrl-C, SIGTERM, and a closed terminal (unless nohup says to ignore that). Repeating them changes nothing:
    stopping is under way and takes 10 seconds at most."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number is not signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    return stop
