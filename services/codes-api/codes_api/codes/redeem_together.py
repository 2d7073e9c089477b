"""Redemptions that are asked for at the same moment go in one statement and one commit (docs/adr/0011).

One statement of an account is under way at a time. What is asked for meanwhile gathers, and goes together as soon as it is done:
the busier an account, the larger its sets. What comes alone goes alone, at once. Accounts don't wait for each other and are
never in one set.

A set redeems only what is plain (`redeem_statement.py`). All others, and everybody in a set that failed, are asked for one by
one, each by its own request, as if there were no sets: only that decides that something can't be redeemed.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Final, Literal
from uuid import UUID

from asyncpg import InterfaceError, PostgresError, Record
from shared.db import DATABASE_OUTAGE, Database
from shared.logging import get_logger

from codes_api.codes.redeem_claim import Asked, claim_asked, claim_one, claim_set
from codes_api.codes.redeem_statement import REDEEM_SET
from codes_api.codes.refuse import Attempt

log = get_logger(__name__)

MOST: Final = 64
"""Redemptions in one statement. With more of them hardly anything is saved."""
PATIENCE_S: Final = 0.05
"""A statement that takes longer waits for somebody; what gathers behind it then goes without it."""


class _Set(Enum):
    LEFT_OUT = "left out"
    """It was not redeemed with the set, which says nothing yet."""


_Answer = Record | Literal[_Set.LEFT_OUT] | None


@dataclass(frozen=True)
class _Waiting:
    """A request that waits until its answer is there, or is gone."""

    asked: Asked
    answer: "asyncio.Future[_Answer]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def tell(self, answer: _Answer) -> None:
        """Answer, if nobody did."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: Exception) -> None:
        """Answer with an error."""
        if not self.answer.done():
            self.answer.set_exception(error)


@dataclass(eq=False)
class _Lane:
    """What is asked of one account."""

    account_id: UUID
    waiting: deque[_Waiting] = field(default_factory=deque)
    under_way: "asyncio.Task[None] | None" = None

    def next(self) -> tuple[list[_Waiting], list[_Waiting]]:
        """The next set; and those that can't be in it, because their code or their member is: they go after it, and one by
        one, because hardly anything but a refusal is left for them."""
        together: list[_Waiting] = []
        after: list[_Waiting] = []
        seen: set[tuple[UUID, str | int | None]] = set()
        while self.waiting and len(together) + len(after) < MOST:
            one = self.waiting.popleft()
            if one.answer.done():  # nobody waits any more
                continue
            attempt = one.asked.attempt
            names = {(attempt.project_id, attempt.code), (attempt.project_id, attempt.telegram_id)}
            (together if seen.isdisjoint(names) else after).append(one)
            seen |= names
        return together, after


class Together:
    """Sends the redemptions of all requests of this process. One a process.

    Args:
        statement: tests pass a set statement with a part taken out.
    """

    def __init__(self, database: Database, *, statement: str = REDEEM_SET) -> None:
        self._database = database
        self._statement = statement
        self._lanes: dict[UUID, _Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def claim(self, attempt: Attempt) -> Record | None:
        """Redeem the attempt's code; a `Claim`. A request that is cancelled leaves the others alone, and its code is redeemed or
        not: asked again, it gives the same (C6).

        Raises:
            What the single statement raises.
        """
        lane = self._lanes.get(attempt.account_id)
        if lane is None:
            lane = self._lanes[attempt.account_id] = _Lane(attempt.account_id)
        waiting = _Waiting(Asked(attempt))
        lane.waiting.append(waiting)
        # Not right now: requests that came in the same moment run before that, and go along.
        asyncio.get_running_loop().call_soon(self._go_on, lane)
        answer = await waiting.answer
        return await claim_one(self._database, attempt) if answer is _Set.LEFT_OUT else answer

    async def close(self) -> None:
        """Send nothing together any more; whoever still waits goes alone."""
        for lane in self._lanes.values():
            while lane.waiting:
                lane.waiting.popleft().tell(_Set.LEFT_OUT)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _go_on(self, lane: _Lane) -> None:
        if lane.under_way is not None:
            return
        together, after = lane.next()
        if not together:
            # Whoever asks next opens another. One that was kept for long by a slow statement is closed already.
            if self._lanes.get(lane.account_id) is lane:
                del self._lanes[lane.account_id]
            return
        task = lane.under_way = asyncio.create_task(self._send(together, after))
        self._tasks.add(task)
        slow = asyncio.get_running_loop().call_later(PATIENCE_S, self._leave, lane, task)
        task.add_done_callback(partial(self._done, lane, slow))

    def _leave(self, lane: _Lane, task: "asyncio.Task[None]") -> None:
        if lane.under_way is task:
            lane.under_way = None
            self._go_on(lane)

    def _done(self, lane: _Lane, slow: asyncio.TimerHandle, task: "asyncio.Task[None]") -> None:
        slow.cancel()
        self._tasks.discard(task)
        self._leave(lane, task)

    async def _send(self, together: Sequence[_Waiting], after: Sequence[_Waiting]) -> None:
        try:
            if len(together) == 1:
                await self._send_one(together[0])
            else:
                await self._send_set(together)
        finally:
            for one in (*together, *after):
                one.tell(_Set.LEFT_OUT)

    async def _send_one(self, one: _Waiting) -> None:
        try:
            one.tell(await claim_asked(self._database, one.asked))
        except Exception as error:  # noqa: BLE001  # whatever it is, the request that waits must hear of it
            one.fail(error)

    async def _send_set(self, together: Sequence[_Waiting]) -> None:
        try:
            rows = await claim_set(self._database, [one.asked for one in together], statement=self._statement)
        except (PostgresError, InterfaceError, OSError) as error:
            if DATABASE_OUTAGE.is_away(error):
                for one in together:
                    one.fail(error)
            else:
                log.warning("redemptions_go_one_by_one", error=type(error).__name__, number=len(together))
            return
        for one in together:
            one.tell(rows.get(one.asked.new_id, _Set.LEFT_OUT))
