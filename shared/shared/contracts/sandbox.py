"""The sandbox clock (only with SANDBOX=1)."""

from enum import StrEnum

from shared.contracts.base import UtcDatetime, WireModel


class ClockStatus(StrEnum):
    """`advancing`: work that falls due on the way is still being run."""

    READY = "ready"
    ADVANCING = "advancing"


class SandboxTime(WireModel):
    """The shared clock. `target` is where an advance is going."""

    now: UtcDatetime
    status: ClockStatus
    target: UtcDatetime | None = None


class MoveClock(WireModel):
    """jobs moves the clock one step towards the target; `finished` ends the advance."""

    to: UtcDatetime
    finished: bool = False
