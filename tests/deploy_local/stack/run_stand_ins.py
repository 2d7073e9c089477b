"""`python -m memberpass_local run` with stand-ins for the services: for tests that need a supervisor to kill."""

import argparse
import asyncio
import sys

from memberpass_local import spawn
from memberpass_local.problems import StackError
from memberpass_local.run import run_in_terminal
from memberpass_local.spawn import ProcessSpec
from memberpass_local.wiring import Wiring
from rich.console import Console

from tests.support.stand_ins import no_migrations, stand_in, stand_ins


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stubborn", action="store_true", help="one service ignores SIGTERM")
    parser.add_argument("--without-parent-death-signal", action="store_true", help="as on macOS")
    told = parser.parse_args()
    if told.without_parent_death_signal:
        spawn._LIBC = None

    def processes(wiring: Wiring) -> list[ProcessSpec]:
        specs = stand_ins(wiring)
        return [stand_in(wiring, "codes-api", "--stubborn"), *specs[1:]] if told.stubborn else specs

    try:
        asyncio.run(run_in_terminal(Console(), processes=processes, migrations=no_migrations))
    except StackError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
