"""`python -m memberpass_local.telegram --host 127.0.0.1 --port 8004 [--state DIR]`.

SIGTERM and Ctrl-C stop it within two seconds. The environment variables of `settings.py` say the same and more.
"""

import argparse
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI
from shared.logging import configure_logging
from shared.web import KEEP_ALIVE_S

from memberpass_local.telegram.app import create_app, stop_waiting
from memberpass_local.telegram.settings import TelegramSettings


class _Server(uvicorn.Server):
    """Ends long polls and open pages first, so that stopping does not wait for them."""

    def __init__(self, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._app = app

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        stop_waiting(self._app)
        super().handle_exit(sig, frame)


def main() -> None:
    """Run the sandbox Telegram until it is told to stop."""
    settings = _settings()
    configure_logging("telegram")
    app = create_app(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    _Server(app, config).run()


def _settings() -> TelegramSettings:
    parser = argparse.ArgumentParser(prog="python -m memberpass_local.telegram", description="The sandbox Telegram.")
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep bots and chats here over a restart")
    parser.add_argument("--clock-file", type=Path, metavar="FILE", help="the local stack's shared clock")
    given = parser.parse_args()
    named = {"host": given.host, "port": given.port, "state_dir": given.state, "clock_file": given.clock_file}
    return TelegramSettings(**{name: value for name, value in named.items() if value is not None})


if __name__ == "__main__":
    main()
