"""A creator whose renewal was declined, and ways to let time pass in order."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.billing_api.running import Billing, Creator, Json, ok

TICK = timedelta(milliseconds=1)


@dataclass
class Arrears:
    """`since`: the moment of the first failed charge."""

    billing: Billing
    creator: Creator
    invoice_id: str
    since: datetime

    async def until(self, moment: datetime) -> None:
        """Let time pass as an advance does: through every due moment, in order."""
        billing = self.billing
        while (due := (await billing.internal.next_due()).next_due_at) is not None and due <= moment:
            if due > billing.clock.now():
                billing.clock.move_to(due)
            await billing.run_due()
        if moment > billing.clock.now():
            billing.clock.move_to(moment)

    async def day(self, days: float) -> None:
        await self.until(self.since + timedelta(days=days))

    async def invoice(self) -> Json:
        shown: Json = await self.creator.get(f"/v1/invoices/{self.invoice_id}")
        return shown

    async def kinds(self) -> list[str]:
        return [attempt["kind"] for attempt in (await self.invoice())["attempts"]]

    async def standing(self) -> str:
        standing: str = (await self.creator.get("/v1/account"))["standing"]
        return standing

    async def history(self) -> list[str]:
        """Oldest first."""
        return [step["after"] for step in (await self.creator.get("/v1/account/standing-history", limit=100))["data"]][::-1]

    async def told(self) -> list[str]:
        """What the events say, in order."""
        rows = await self.billing.rows("SELECT payload FROM outbox WHERE type = 'account.standing_changed' ORDER BY id")
        return [payload["to"] for (payload,) in rows]

    async def versions_grow(self) -> None:
        rows = await self.billing.rows("SELECT payload FROM outbox WHERE type = 'account.entitlements_changed' ORDER BY id")
        versions = [payload["version"] for (payload,) in rows]
        assert versions == sorted(set(versions))

    async def pay(self, *, card: str | None = None, key: str | None = None) -> Json:
        answer = await self.creator.post(
            f"/v1/invoices/{self.invoice_id}/pay", None if card is None else {"payment_method_id": card}, key=key
        )
        paid: Json = ok(answer)
        return paid


async def in_arrears(billing: Billing, card: str = "pm_card_declineAfterFirst") -> Arrears:
    """On starter_monthly; the first renewal is declined."""
    creator = await billing.subscribed("starter_monthly", card)
    end = datetime.fromisoformat((await creator.get("/v1/subscription"))["current_period_end"])
    billing.clock.move_to(end)
    await billing.run_due()
    invoice = (await creator.invoices())[-1]
    return Arrears(billing, creator, invoice["id"], datetime.fromisoformat(invoice["overdue_since"]))
