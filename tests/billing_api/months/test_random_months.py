"""Random months of random accounts, on the real app and the real database, held against `rules.md` after each step.

HYPOTHESIS_EXAMPLES=300 searches for longer. A failing life is printed as it was; with HYPOTHESIS_SHRINK=1 the shortest one like
it is looked for, which takes minutes.
"""

import asyncio
import os
from collections.abc import Coroutine
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
            self.world.clock.advance(TICK)
        self.acted_at = self.world.clock.now()
        return life

    @initialize(start=st.sampled_from(STARTS), token=st.sampled_from(FIRST_CARDS), plan=st.integers(0, 5), custom=custom_plans)
    def first(self, start: datetime, token: str, plan: int, custom: Plan) -> None:
        self.run(self.world.begin(start))
        self.another(token=token, plan=plan, custom=custom)

    @precondition(lambda self: len(self.lives) < 2)
    @rule(token=st.sampled_from(FIRST_CARDS), plan=st.integers(0, 5), custom=custom_plans)
    def another(self, token: str, plan: int, custom: Plan) -> None:
        creator = self.run(self.world.billing.open_account())
        self.lives.append(Life.beginning(creator, {plan.code: plan for plan in CATALOG}, self.world.clock.now()))
        self.run(acts.add_card(self.lives[-1], token))
        self.run(acts.make_plan(self.lives[-1], custom))
        self.run(acts.change_plan(self.world, self.who(-1), plan))

    # Cards
    @rule(index=any_one, token=st.sampled_from(CARDS))
    def add_card(self, index: int, token: str) -> None:
        self.run(acts.add_card(self.who(index), token))

    @rule(index=any_one, card=any_one)
    def make_default(self, index: int, card: int) -> None:
        self.run(acts.make_default(self.who(index), card))

    @rule(index=any_one, card=any_one)
    def remove_card(self, index: int, card: int) -> None:
        self.run(acts.remove_card(self.world, self.who(index), card))

    @rule(fault=st.sampled_from(Fault))
    def next_charge_goes_wrong(self, fault: Fault) -> None:
        self.world.bank.fault = fault

    # The plan
    @rule(index=any_one, plan=any_one)
    def change_plan(self, index: int, plan: int) -> None:
        self.run(acts.change_plan(self.world, self.who(index), plan))

    @rule(index=any_one)
    def cancel(self, index: int) -> None:
        self.run(acts.cancel(self.world, self.who(index)))

    @precondition(lambda self: any(life.running.cancelled for life in self.lives))
    @rule(index=any_one)
    def resume(self, index: int) -> None:
        self.run(acts.resume(self.world, self.who(index)))

    @rule(projects=st.sampled_from([0, 3, 4, 11, 30]))
    def count_projects(self, projects: int) -> None:
        self.world.billing.codes.projects = projects

    # Invoices
    @precondition(lambda self: any(life.seen for life in self.lives))
    @rule(index=any_one, invoice=any_one, card=st.none() | any_one)
    def pay(self, index: int, invoice: int, card: int | None) -> None:
        self.run(acts.pay(self.world, self.who(index), invoice, card))

    @precondition(lambda self: any(life.overdue_since for life in self.lives))
    @rule(index=any_one, invoice=any_one)
    def settle(self, index: int, invoice: int) -> None:
        self.run(acts.settle(self.world, self.who(index), invoice))

    # Codes and sales
    @rule(index=any_one, quantity=st.one_of(st.integers(1, 12), st.integers(1, 1000)), price=st.integers(0, 20_000))
    def generate(self, index: int, quantity: int, price: int) -> None:
        self.run(acts.generate(self.world, self.who(index), quantity, price))

    @precondition(lambda self: any(life.quota.batches for life in self.lives))
    @rule(index=any_one, batch=any_one)
    def confirm(self, index: int, batch: int) -> None:
        self.run(acts.confirm(self.who(index), batch))

    @precondition(lambda self: any(life.quota.batches for life in self.lives))
    @rule(index=any_one, batch=any_one)
    def release(self, index: int, batch: int) -> None:
        self.run(acts.release(self.who(index), batch))

    @precondition(lambda self: any(life.quota.batches for life in self.lives))
    @rule(index=any_one, batch=any_one, quantity=st.integers(1, 12))
    def expire(self, index: int, batch: int, quantity: int) -> None:
        self.run(acts.expire(self.who(index), batch, quantity))

    @rule(
        index=any_one,
        amount=st.integers(1, 10**6),
        ago=spans | st.timedeltas(-SKEW, TICK),
        via=st.sampled_from(["paypal", "stripe_connect"]),
    )
    def sell(self, index: int, amount: int, ago: timedelta, via: str) -> None:
        self.run(acts.sell(self.world, self.who(index), amount, ago, via))

    # Time
    @rule(span=spans)
    def time_passes(self, span: timedelta) -> None:
        self._to(self.world.clock.now() + span)

    @rule(months=st.integers(1, 3))
    def months_pass(self, months: int) -> None:
        self._to(months_after(self.world.clock.now(), months))

    @rule(index=any_one, early=st.sampled_from([timedelta(), TICK]))
    def until_the_period_ends(self, index: int, early: timedelta) -> None:
        self._to(self.who(index).running.end - early)

    @precondition(lambda self: any(life.overdue_since for life in self.lives))
    @rule(index=any_one, days=st.sampled_from([29, 30, 60, 90]), early=st.sampled_from([timedelta(), TICK]))
    def until_a_step_of_standing(self, index: int, days: int, early: timedelta) -> None:
        since = self.who(index).overdue_since
        if since is not None:
            self._to(since + timedelta(days=days) - early)

    def _to(self, moment: datetime) -> None:
        if moment > self.world.clock.now():
            self.run(self.world.jump(moment))
            self.touched = self.lives

    @rule(span=spans)
    def time_passes_without_due_work(self, span: timedelta) -> None:
        self.world.clock.move_to(self.world.clock.now() + span)
        self.world.behind = self.world.ever_behind = True
        self.touched = self.lives

    @invariant()
    def everything_holds(self) -> None:
        self.run(self._look())

    async def _look(self) -> None:
        for life in self.touched:
            if self.world.behind:
                check_sums(self.world, life, await self.world.read(life))
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
