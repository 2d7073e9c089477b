"""Whatever is asked for at the same moment: what comes of it is what comes of it one after the other, in some order."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from codes_api.codes.redeem import redeem
from codes_api.codes.redeem_claim import Claim
from codes_api.codes.redeem_together import Together
from codes_api.memberships.periods import period_end
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from shared.contracts.redemptions import Redemption
from shared.errors import AppError

from tests.support.codes_world import NOW, World

MEMBERS, CODES = 4, 10
UNITS = ("month", "day", "lifetime")
LONG_AGO = NOW - timedelta(days=400)

Asked = tuple[int, int]
"""A code and a member, by their numbers."""


@dataclass(frozen=True)
class Scene:
    """What there is before (`codes`: plan and state of each), and what is asked for at the same moment."""

    codes: list[tuple[int, str]]
    members: list[tuple[int, int, bool]]
    """Who is, or was, a member of which plan: member, plan, whether it still runs."""
    limit: int | None
    asked: list[Asked]


scenes = st.builds(
    Scene,
    codes=st.lists(
        st.tuples(
            st.integers(0, len(UNITS) - 1),
            st.sampled_from(["good", "good", "good", "good", "expired", "revoked", "elsewhere", "swept"]),
        ),
        min_size=CODES,
        max_size=CODES,
    ),
    members=st.lists(
        st.tuples(st.integers(0, MEMBERS - 1), st.integers(0, len(UNITS) - 1), st.booleans()),
        max_size=4,
        unique_by=lambda m: m[:2],
    ),
    limit=st.none() | st.integers(0, 3),
    asked=st.lists(st.tuples(st.integers(0, CODES - 1), st.integers(0, MEMBERS - 1)), min_size=2, max_size=24),
)


class Played:
    """A scene on a stage of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.plans: list[UUID] = []
        self.codes: list[str] = []

    async def set_up(self, scene: Scene) -> "Played":
        """Write what there is before."""
        world = self.world
        await world.webhook()
        elsewhere = await world.another()
        self.plans = [await world.plan(unit) for unit in UNITS]
        theirs = await elsewhere.plan()
        for member, plan, running in scene.members:
            code = await world.code(self.plans[plan])
            await self._redeem(code, member, NOW if running or UNITS[plan] == "lifetime" else LONG_AGO)
        for plan, state in scene.codes:
            if state == "elsewhere":
                code = await elsewhere.code(theirs)
            else:
                code = await world.code(self.plans[plan], expires_in=timedelta(0) if state == "expired" else None)
            if state == "revoked":
                await world.rows("UPDATE access_codes SET revoked_at = :now WHERE code = :code", now=NOW, code=code)
            if state == "swept":
                await world.rows("DELETE FROM access_codes WHERE code = :code", code=code)
            self.codes.append(code)
        await world.rows("UPDATE tenants SET lifetime_limit = :limit WHERE account_id = :account", limit=scene.limit)
        return self

    async def ask(self, asked: Asked, claim: Claim | None = None) -> tuple[Any, ...]:
        """What a member is told: the refusal, or everything about the membership but its id."""
        code, member = asked
        try:
            given = await self._redeem(self.codes[code], member, NOW, claim)
        except AppError as error:
            return (error.problem_code,)
        view = given.membership
        plan = self.plans.index(view.plan.id)
        return given.repeated, given.extended, plan, view.plan.period, view.status, view.starts_at, view.ends_at

    async def left(self) -> dict[str, Any]:
        """What is in the database, by numbers instead of ids. A membership whose time is over is `ended`, marked or not: a
        redemption may have marked it, only to find that the code was gone meanwhile."""
        world = self.world
        memberships = await world.rows(
            "SELECT id, telegram_id, plan_id, CASE WHEN ends_at <= :now THEN 'ended' ELSE status END, periods, starts_at, ends_at"
            " FROM memberships WHERE account_id = :account",
            now=NOW,
        )
        who = {row[0]: (row[1], self.plans.index(row[2]), *row[3:]) for row in memberships}
        codes = await world.rows(
            "SELECT code, redeemed_by, redeemed_at, membership_id FROM access_codes WHERE account_id = :account"
        )
        number = {code: place for place, code in enumerate(self.codes)}
        events = await world.events("access_code.redeemed")
        refused = await world.rows("SELECT telegram_id, code, reason FROM refused_attempts WHERE account_id = :account")
        return {
            "memberships": sorted(who.values(), key=repr),
            "codes": sorted(
                ((number[code], by, at, who.get(membership)) for code, by, at, membership in codes if code in number), key=repr
            ),
            "events": sorted((who[UUID(event["membership_id"])][:2], event["periods"]) for event in events),
            "refused": sorted((member, number[code], reason) for member, code, reason in refused),
            "places": await world.one("SELECT lifetime_used FROM tenants WHERE account_id = :account"),
        }

    async def _redeem(self, code: str, member: int, now: datetime, claim: Claim | None = None) -> Redemption:
        return await redeem(self.world.database, **self.world.place, typed=code, telegram_id=member, now=now, claim=claim)


def in_order(asked: Asked, told: tuple[Any, ...]) -> tuple[Any, ...]:
    """Where it stands in the order that explains everything: redemptions first, of each member by how far they extended."""
    redeemed = len(told) > 1 and not told[0]
    end = told[-1] if redeemed and told[-1] is not None else datetime.max.replace(tzinfo=UTC)
    return not redeemed, told[1] if redeemed else False, end, asked


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(scenes)
@example(Scene([(0, "good")] * CODES, [(0, 0, True), (1, 0, False)], None, [(n, n % 3) for n in range(9)] + [(0, 0), (0, 3)]))
@example(Scene([(2, "good")] * CODES, [(0, 2, True)], 2, [(n, n % 4) for n in range(8)]))
async def test_at_once_is_as_one_after_the_other(world: World, scene: Scene) -> None:
    at_once, in_turn = [await Played(await world.another()).set_up(scene) for _ in range(2)]
    together = Together(world.database)
    told = await asyncio.gather(*(at_once.ask(asked, together.claim) for asked in scene.asked))
    await together.close()
    order = sorted(range(len(told)), key=lambda n: in_order(scene.asked[n], told[n]))
    for n in order:
        assert await in_turn.ask(scene.asked[n]) == told[n]
    left = await at_once.left()
    assert left == await in_turn.left()
    for _, plan, _, periods, starts_at, ends_at in left["memberships"]:
        assert ends_at == period_end(starts_at, UNITS[plan], 1, periods)
