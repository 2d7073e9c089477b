"""Time in the story: the sandbox clock, moved by the operator."""

from datetime import datetime, timedelta

from memberpass_local.demo.checks import eventually, must
from memberpass_local.demo.world import World


async def let_time_pass(world: World, span: timedelta) -> tuple[datetime, datetime]:
    """Move the clock, wait until everything that fell due on the way is done; the moments before and after.

    Raises:
        StoryError: it did not get there.
    """
    operator = world.billing(world.urls.operator_key)
    before = datetime.fromisoformat((await operator.call("GET", "/v1/sandbox/clock"))["now"])
    await operator.call("POST", "/v1/sandbox/clock", {"seconds": round(span.total_seconds())})

    async def look() -> datetime | None:
        time = await operator.call("GET", "/v1/sandbox/clock")
        return datetime.fromisoformat(time["now"]) if time["status"] == "ready" else None

    now = await eventually("the clock stands again", look, patience=60, every=0.1)
    must(now - before >= span, "the clock did not get as far as it was told")
    return before, now
