"""Random months of random accounts, on the real app and the real database, held against `rules.md` after each step.

HYPOTHESIS_EXAMPLES=300 searches for longer. A failing life is printed as it was; with HYPOTHESIS_SHRINK=1 the shortest one like
it is looked for, which takes minutes.
"""

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.billing_api.months import life as acts
from tests.billing_api.months import usage
from tests.billing_api.months.bank import Fault, StillClock
from tests.billing_api.months.model import CATALOG, TICK, Plan, months_after
from tests.billing_api.months.observe import check_sums, observe
from tests.billing_api.months.world import Life, World, world_running

EXAMPLES = int(os.environ.get("HYPOTHESIS_EXAMPLES", "4"))
STEPS = 20
PHASES = [Phase.explicit, Phase.reuse, Phase.generate, *([Phase.shrink] if os.environ.get("HYPOTHESIS_SHRINK") else [])]
pytestmark = pytest.mark.timeout(max(180, EXAMPLES * 60))
CARDS = ("pm_card_visa", "pm_card_chargeDeclined", "pm_card_declineAfterFirst", "pm_card_outage")
FIRST_CARDS = (*CARDS[:1] * 2, *CARDS[2:3] * 3, *CARDS)
"""Most lives begin with a paid plan, and many of them come to owe something."""
STARTS = (
    datetime(2027, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2028, 2, 29, 12, tzinfo=UTC),
    datetime(2027, 2, 28, tzinfo=UTC),
    datetime(2027, 12, 31, 8, 30, tzinfo=UTC),
    datetime(2027, 6, 15, 10, tzinfo=UTC),
)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=5)
any_one = st.integers(0, 5)
spans = st.one_of(
    st.timedeltas(TICK, timedelta(hours=2)),
    st.timedeltas(timedelta(hours=1), timedelta(days=5)),
    st.integers(1, 40).map(lambda days: timedelta(days=days)),
)
moments_of_sales = spans | st.timedeltas(-SKEW, TICK)
custom_plans = st.builds(
    Plan,
    code=st.just(""),
    tier=st.integers(0, 3),
    months=st.sampled_from([1, 12]),
    price=st.sampled_from([0, 1, 999, 3_900, 50_001, 1_000_000]),
    included=st.sampled_from([0, 7, None]),
    fee_rate=st.sampled_from([Fraction(0), Fraction(25, 1000), Fraction(1)]),
)


Deed = Callable[..., Coroutine[Any, Any, None]]
DEEDS: dict[Deed, dict[str, st.SearchStrategy[Any]]] = {
    acts.change_plan: {"index": any_one},
    acts.add_card: {"token": st.sampled_from(CARDS)},
    acts.make_default: {"index": any_one},
    acts.remove_card: {"index": any_one},
    acts.next_charge: {"fault": st.sampled_from(Fault)},
    acts.count_projects: {"number": st.sampled_from([0, 3, 4, 11, 30])},
    acts.cancel: {},
    acts.resume: {},
    acts.pay: {"index": any_one, "card": st.none() | any_one},
    acts.settle: {"index": any_one},
    usage.generate: {"quantity": st.integers(1, 12) | st.integers(1, 1000), "price": st.integers(0, 20_000)},
    usage.confirm: {"index": any_one},
    usage.release: {"index": any_one},
    usage.expire: {"index": any_one, "quantity": st.integers(1, 12)},
    usage.sell: {"amount": st.integers(1, 10**6), "ago": moments_of_sales, "via": st.sampled_from(["paypal", "stripe_connect"])},
}
"""What somebody may do, and with what."""
OFTEN = {acts.change_plan: 6, usage.generate: 3, usage.confirm: 2, acts.settle: 2, acts.pay: 2, acts.add_card: 2}
WEIGHED = [deed for deed in DEEDS for _ in range(OFTEN.get(deed, 1))]
WAYS = ("period", "period", "span", "months", "standing", "standing", "late")


class Months(RuleBasedStateMachine):
    """Each rule is somebody's act; the acts themselves check what comes of them."""

    runner: asyncio.Runner
    world: World

    def __init__(self) -> None:
        super().__init__()
        self.lives: list[Life] = []
        self.touched: list[Life] = []
        self.acted_at = NEVER

    def run(self, act: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(act)

    def who(self, index: int) -> Life:
        """Whose turn it is to act. No two acts fall on the same moment, but each may on that of what fell due."""
        life = self.lives[index % len(self.lives)]
        self.touched = [life]
        if self.world.clock.now() == self.acted_at:
            self.run(self.world.tick())
        self.acted_at = self.world.clock.now()
        return life

    @initialize(start=st.sampled_from(STARTS), token=st.sampled_from(FIRST_CARDS), plan=st.integers(1, 5), custom=custom_plans)
    def first(self, start: datetime, token: str, plan: int, custom: Plan) -> None:
        self.run(self.world.begin(start))
        self.another(token=token, plan=plan, custom=custom)

    @precondition(lambda self: len(self.lives) < 2)
    @rule(token=st.sampled_from(FIRST_CARDS), plan=st.integers(1, 5), custom=custom_plans)
    def another(self, token: str, plan: int, custom: Plan) -> None:
        creator = self.run(self.world.billing.open_account())
        self.lives.append(Life.beginning(creator, {plan.code: plan for plan in CATALOG}, self.world.clock.now()))
        self.run(acts.add_card(self.world, self.lives[-1], token))
        self.run(acts.make_plan(self.lives[-1], custom))
        self.run(acts.change_plan(self.world, self.who(-1), plan))

    @rule(index=any_one, data=st.data())
    def act(self, index: int, data: st.DataObject) -> None:
        life = self.who(index)
        deed = data.draw(st.sampled_from(self._possible(life)))
        given = {name: data.draw(values, label=name) for name, values in DEEDS[deed].items()}
        self.run(deed(self.world, life, **given))

    def _possible(self, life: Life) -> list[Deed]:
        """Often what matters most, and only what is more than nothing now."""
        useless: set[Deed] = set()
        useless |= {acts.settle} if life.overdue_since is None else set()
        useless |= {acts.pay} if not life.seen else set()
        useless |= {usage.confirm, usage.release, usage.expire} if not life.quota.batches else set()
        useless |= {acts.resume} if not life.running.cancelled else {acts.cancel}
        return [deed for deed in WEIGHED if deed not in useless]

    @rule(index=any_one, how=st.sampled_from(WAYS), data=st.data())
    def time_passes(self, index: int, how: str, data: st.DataObject) -> None:
        now, life = self.world.clock.now(), self.lives[index % len(self.lives)]
        early = data.draw(st.sampled_from([timedelta(), TICK]), label="early")
        if how == "months":
            to = months_after(now, data.draw(st.integers(1, 3)))
        elif how == "period":
            to = life.running.end - early
        elif how == "standing" and life.overdue_since is not None:
            to = life.overdue_since + timedelta(days=data.draw(st.sampled_from([29, 30, 60, 90]))) - early
        else:
            to = now + data.draw(spans)
        self.touched = self.lives
        if how == "late":
            self.world.clock.move_to(to)
            self.world.behind = self.world.ever_behind = True
        elif to > now:
            self.run(self.world.jump(to))

    @invariant()
    def everything_holds(self) -> None:
        self.run(self._look())

    async def _look(self) -> None:
        for life in self.touched:
            if self.world.behind:
                books = await self.world.read(life)
                check_sums(self.world, life, books)
                life.standing, life.subscribing = books.standing, books.subscribing
            else:
                await observe(self.world, life)
        await self.world.audit()
        self.touched = []


def test_random_months(billing_database_url: str, redis_url: str, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        opened = AsyncExitStack()
        world = runner.run(
            opened.enter_async_context(world_running(billing_database_url, redis_url, StillClock(tmp_path / "clock")))
        )

        class Here(Months):
            pass

        Here.runner, Here.world = runner, world
        wanted = settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            report_multiple_bugs=False,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        )
        try:
            run_state_machine_as_test(Here, settings=wanted)
        finally:
            runner.run(opened.aclose())
