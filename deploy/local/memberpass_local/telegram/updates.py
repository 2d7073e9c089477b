"""The updates that wait for a bot, and who waits for them."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from shared.contracts.base import Json

# Told to a bot only if it asked for them by name (Bot API, getUpdates).
ON_REQUEST_ONLY = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(frozen=True, slots=True)
class Update:
    """One update: `kind` is the field that holds the payload (`message`, `callback_query`, ...)."""

    update_id: int
    kind: str
    payload: Json

    def to_wire(self) -> Json:
        """The Bot API `Update` object."""
        return {"update_id": self.update_id, self.kind: self.payload}


class Poll:
    """One getUpdates call that waits. It ends with updates, with a conflict, or with nothing."""

    def __init__(self) -> None:
        self.conflict: str | None = None
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Something came."""
        self._rung.set()

    def end(self, conflict: str | None) -> None:
        """Stop waiting: because of another call (`conflict` says which), or because the sandbox stops (None)."""
        self.conflict = conflict
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return as soon as something came, after `seconds` at the latest."""
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return


class UpdateQueue:
    """A bot's updates that it has not confirmed yet, in order. Ids grow by one."""

    def __init__(self, next_id: int) -> None:
        self.next_id = next_id
        self.pending: deque[Update] = deque()
        self._poll: Poll | None = None
        self._listener: Callable[[], None] | None = None

    def push(self, update: Update) -> None:
        """Put an update at the end and wake who waits."""
        self.pending.append(update)
        self.next_id = update.update_id + 1
        if self._poll is not None:
            self._poll.ring()
        if self._listener is not None:
            self._listener()

    def forget_before(self, update_id: int) -> None:
        """Drop what the bot has confirmed: every update with a smaller id."""
        while self.pending and self.pending[0].update_id < update_id:
            self.pending.popleft()

    def begin_poll(self, conflict: str) -> Poll:
        """A new getUpdates call; the one before it, if it still waits, ends with `conflict`."""
        self.end_poll(conflict)
        self._poll = Poll()
        return self._poll

    def end_poll(self, conflict: str | None) -> None:
        """End the call that waits, if one does."""
        if self._poll is not None:
            self._poll.end(conflict)
            self._poll = None

    def finish_poll(self, poll: Poll) -> None:
        """The call has its answer."""
        if self._poll is poll:
            self._poll = None

    def listen(self, listener: Callable[[], None] | None) -> None:
        """Call `listener` at each new update (the webhook courier)."""
        self._listener = listener
