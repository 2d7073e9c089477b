"""A creator with everything that batches and redemptions need, made over the public API."""

import secrets
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import httpx

from memberpass_local.demo.people import Rest
from memberpass_local.stack_file import StackFile

_PRICE = {"amount": 100, "currency": "USD"}
_UNLIMITED = {"projects": None, "lifetime_memberships": None, "codes": None}


@dataclass(frozen=True)
class Creator:
    """Who asks for batches. The owner's chat is not linked, so that nothing is delivered while something is measured."""

    codes: Rest
    telegram: Rest
    key: str
    account_id: UUID
    project_id: UUID
    plan_id: UUID

    def batch_request(self, quantity: int) -> dict[str, Any]:
        """The body of a request for a batch. It costs no fee: the account's plan includes any number of codes."""
        return {"plan_id": str(self.plan_id), "quantity": quantity, "expiry": {"preset": "1_year"}, "consent": True}

    @property
    def path(self) -> str:
        """The project's."""
        return f"/v1/projects/{self.project_id}"

    @property
    def place(self) -> tuple[UUID, UUID]:
        """The account and the project."""
        return self.account_id, self.project_id

    async def another_project(self, name: str) -> "Creator":
        """The same account in a further project, with a bot, access codes switched on and a monthly plan."""
        project = await self.codes.call("POST", "/v1/projects", {"name": name})
        path = f"/v1/projects/{project['id']}"
        bot = await self.telegram.call("POST", "/sandbox/bots", {"username": f"bench{secrets.token_hex(4)}_bot"})
        await self.codes.call("PUT", f"{path}/bot", {"token": bot["token"]})
        await self.codes.call("PUT", f"{path}/payment-methods/access-codes", {"enabled": True})
        monthly = {"name": "Monthly", "price": _PRICE, "interval": {"unit": "month", "count": 1}, "access_codes_only": False}
        plan = await self.codes.call("POST", f"{path}/plans", monthly)
        return replace(self, project_id=UUID(project["id"]), plan_id=UUID(plan["id"]))


async def make_creator(http: httpx.AsyncClient, urls: StackFile) -> Creator:
    """An account with a card and a plan without limits, and its first project."""
    name = f"bench{secrets.token_hex(4)}"
    opened = await Rest(http, urls.billing_api).call("POST", "/v1/accounts", {"email": f"{name}@example.com", "name": "Bench"})
    account, key = opened["account"]["id"], opened["api_key"]
    billing, codes = Rest(http, urls.billing_api, key), Rest(http, urls.codes_api, key)
    terms = {"account_id": account, "code": name, "name": "Bench", "tier": 3, "interval": "year", "price": _PRICE}
    operator = Rest(http, urls.billing_api, urls.operator_key)
    await operator.call("POST", "/v1/operator/plans", {**terms, "limits": _UNLIMITED, "fee_rate": "0.01"})
    await billing.call("POST", "/v1/payment-methods", {"token": "pm_card_visa"})
    await billing.call("POST", "/v1/subscription/change", {"plan": name})
    nowhere = UUID(int=0)
    account_only = Creator(codes, Rest(http, urls.telegram), key, UUID(account), project_id=nowhere, plan_id=nowhere)
    return await account_only.another_project("Bench")
