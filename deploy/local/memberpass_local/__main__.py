"""`python -m memberpass_local run | clean`, with MEMBERPASS_HOME and MEMBERPASS_PORT_BASE from the environment."""

import argparse
import asyncio
import os
import sys

from rich.console import Console

from memberpass_local.clean import clean
from memberpass_local.problems import StackError
from memberpass_local.run import run_in_terminal
from memberpass_local.settings import StackSettings


def main() -> int:
    """The exit code: 0, or 1 with a sentence on stderr."""
    parser = argparse.ArgumentParser(prog="memberpass_local", description="The local stack of MemberPass.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="bring everything up on loopback and stay (Ctrl-C stops it)")
    commands.add_parser("clean", help="stop what runs on MEMBERPASS_HOME and delete its data")
    arguments = parser.parse_args()
    try:
        if arguments.command == "run":
            asyncio.run(run_in_terminal(Console()))
        else:
            clean(StackSettings.read(os.environ).home)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
