"""A charge that is about to be made, by a request or by due work, and what must be true of it after a kill."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

import httpx

from tests.billing_api.kills.victim import Victim
from tests.billing_api.running import Billing, Creator, ok

KEY = "one-request"


@dataclass
class Scene:
    """`by_request`: a first subscription; else a renewal, by due work."""

    billing: Billing
    creator: Creator
    by_request: bool

    @property
    def paid_before(self) -> int:
        return 0 if self.by_request else 1

    async def begin(self, victim: Victim) -> asyncio.Task[httpx.Response | None]:
        """Have the process make the charge."""
        return asyncio.create_task(self._ask(victim))

    async def _ask(self, victim: Victim) -> httpx.Response | None:
        try:
            if self.by_request:
                headers = {**self.creator.headers, "Idempotency-Key": KEY}
                return await victim.http.post("/v1/subscription/change", headers=headers, json={"plan": "starter_monthly"})
            while (ran := await victim.run_due()).json()["done"]:
                pass
        except httpx.TransportError:
            return None
        return ran

    async def again(self) -> None:
        """The creator's client asks again, as it must after an answer that never came."""
        ok(await self.creator.change("starter_monthly", key=KEY))

    async def due_work(self) -> None:
        await self.billing.run_due()

    async def a_minute_passes(self) -> None:
        """Real time in which a dead process's leases run out, without waiting for it."""
        await self.billing.forget_leases()
        await self.billing.rows("UPDATE idempotency_keys SET locked_until = clock_timestamp() - interval '1 second'")

    async def must_be_charged_once(self) -> None:
        invoices = await self.creator.invoices()
        assert [one["status"] for one in invoices] == ["paid"] * (self.paid_before + 1)
        succeeded = [[attempt["status"] for attempt in one["attempts"]] for one in invoices]
        assert succeeded == [["succeeded"]] * (self.paid_before + 1)
        subscription = await self.creator.get("/v1/subscription")
        assert subscription["plan"] == "starter_monthly"
        assert datetime.fromisoformat(subscription["current_period_end"]) > self.billing.clock.now()
        assert await self.creator.balance() == 0
        await self.billing.check_audit()


async def scene_of(billing: Billing, *, by_request: bool) -> Scene:
    creator = await billing.open_account()
    await creator.add_card()
    if not by_request:
        ok(await creator.change("starter_monthly"))
        end = (await creator.get("/v1/subscription"))["current_period_end"]
        billing.clock.move_to(datetime.fromisoformat(end))
    return Scene(billing, creator, by_request)
