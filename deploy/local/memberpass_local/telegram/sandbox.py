"""The parts of one running sandbox, and how the two faces get at them."""

import asyncio
from dataclasses import dataclass, field

from fastapi import Request
from shared.clock import Clock

from memberpass_local.telegram.files import FileStore
from memberpass_local.telegram.hub import Hub
from memberpass_local.telegram.limits import Limits
from memberpass_local.telegram.settings import TelegramSettings
from memberpass_local.telegram.webhooks import Courier
from memberpass_local.telegram.world import World


@dataclass(slots=True)
class Sandbox:
    """Everything a handler may need. `clock` dates messages; pauses and limits run on real time."""

    settings: TelegramSettings
    clock: Clock
    world: World
    files: FileStore
    hub: Hub
    limits: Limits
    courier: Courier
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def stop_waiting(self) -> None:
        """End all calls that wait (long polls, open pages, made-up hangs), so that a server that stops need not wait for them."""
        self.stopping.set()
        self.hub.close()
        self.world.end_polls()

    def unix_now(self) -> int:
        """The date of a message that is written now, in Unix seconds."""
        return int(self.clock.now().timestamp())


def sandbox_of(request: Request) -> Sandbox:
    """FastAPI dependency: the sandbox of this app."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox
