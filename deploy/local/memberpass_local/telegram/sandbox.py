"""The parts of one running sandbox, and how the two faces get at them."""

import time
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
    started_at: float = field(default_factory=time.time)

    def unix_now(self) -> int:
        """The date of a message that is written now, in Unix seconds."""
        return int(self.clock.now().timestamp())


def sandbox_of(request: Request) -> Sandbox:
    """FastAPI dependency: the sandbox of this app."""
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox
