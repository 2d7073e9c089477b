"""A creator with everything that batches and redemptions need, made over the public API."""

import secrets
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from memberpass_local.demo.people import Rest
from memberpass_local.stack_file import StackFile

PLAN = "growth_yearly"
_PRICE = {"amount": 100, "currency": "USD"}


@dataclass(frozen=True)
class Creator:
    """Who asks for batches. The owner's chat is not linked, so that nothing is delivered while something is measured."""

    codes: Rest
    account_id: UUID
    project_id: UUID
    plan_id: UUID

    async def batch_request(self, quantity: int) -> dict[str, Any]:
        """The body of a request for a batch, with whatever fee it costs by now accepted."""
        wanted = {"plan_id": str(self.plan_id), "quantity": quantity}
        quote = await self.codes.call("POST", f"{self.path}/batches/quote", wanted)
        return {**wanted, "expiry": {"preset": "1_year"}, "consent": True, "accept_fee": quote["fee"]}

    @property
    def path(self) -> str:
        """The project's."""
        return f"/v1/projects/{self.project_id}"


async def make_creator(http: httpx.AsyncClient, urls: StackFile) -> Creator:
    """An account with a card and a large plan, a project with a bot, access codes switched on, a monthly plan."""
    name = f"bench{secrets.token_hex(4)}"
    opened = await Rest(http, urls.billing_api).call("POST", "/v1/accounts", {"email": f"{name}@example.com", "name": "Bench"})
    billing, codes = Rest(http, urls.billing_api, opened["api_key"]), Rest(http, urls.codes_api, opened["api_key"])
    await billing.call("POST", "/v1/payment-methods", {"token": "pm_card_visa"})
    await billing.call("POST", "/v1/subscription/change", {"plan": PLAN})
    project = await codes.call("POST", "/v1/projects", {"name": "Bench"})
    path = f"/v1/projects/{project['id']}"
    bot = await Rest(http, urls.telegram).call("POST", "/sandbox/bots", {"username": f"{name}_bot"})
    await codes.call("PUT", f"{path}/bot", {"token": bot["token"]})
    await codes.call("PUT", f"{path}/payment-methods/access-codes", {"enabled": True})
    monthly = {"name": "Bench", "price": _PRICE, "interval": {"unit": "month", "count": 1}, "access_codes_only": False}
    plan = await codes.call("POST", f"{path}/plans", monthly)
    return Creator(codes, UUID(opened["account"]["id"]), UUID(project["id"]), UUID(plan["id"]))
