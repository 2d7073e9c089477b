"""`python -m jobs` works until SIGTERM or Ctrl-C; `python -m jobs --check` asks whether a worker is alive (exit 0 or 1)."""

import asyncio
import signal
import sys

import uvloop
from redis.exceptions import RedisError
from shared.logging import configure_logging
from shared.settings import read_settings

from jobs.main import alive, run
from jobs.settings import Settings


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await run(settings, stop)


async def _check(settings: Settings) -> bool:
    try:
        return await alive(settings)
    except (RedisError, OSError):
        return False


def main() -> None:
    """Read the settings and do what the arguments say."""
    settings = read_settings(Settings)
    if sys.argv[1:] == ["--check"]:
        raise SystemExit(0 if uvloop.run(_check(settings)) else 1)
    configure_logging("jobs", settings.log_level)
    uvloop.run(_work(settings))


if __name__ == "__main__":
    main()
