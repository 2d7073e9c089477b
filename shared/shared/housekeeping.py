"""Forgets what nobody asks for any more: old answers to Idempotency-Keys, events handed over long ago.

In real time, unlike everything that is due in the domain: the sandbox's clock may jump a year, and a client's retry must
find its answer all the same.
"""

import time
from typing import Final

from shared.clock import SystemClock
from shared.idempotency import IdempotencyKeys
from shared.outbox import Relay

EVERY_S: Final = 3600.0


class Housekeeping:
    """Runs at most once an hour a process; doing it twice is harmless.

    Args:
        keys: forgets answers older than 24 hours.
        relay: forgets events published more than a week ago.
    """

    def __init__(self, keys: IdempotencyKeys, relay: Relay) -> None:
        self._keys = keys
        self._relay = relay
        self._next = 0.0

    async def run_if_due(self) -> int:
        """How many rows were forgotten; 0 if it is not time yet."""
        if time.monotonic() < self._next:
            return 0
        self._next = time.monotonic() + EVERY_S
        return await self._keys.forget_old(SystemClock().now()) + await self._relay.forget_published()
