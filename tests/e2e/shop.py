"""A creator who is ready to generate: account, card, bot, linked chat, one plan. Each test makes its own."""

from collections import Counter
from dataclasses import dataclass

from memberpass_local.demo.chapters.batches import CODE
from memberpass_local.demo.checks import eventually
from memberpass_local.demo.people import Chat, Json, Rest
from memberpass_local.demo.world import CREATOR, World

FREE_CODES = 5
CENTS = 1000
FEE_PERCENT = 10  # the free plan's


@dataclass
class Shop:
    """What a test needs of its creator."""

    billing: Rest
    codes: Rest
    project: str
    plan: str
    chat: Chat

    async def request(self, quantity: int) -> Json:
        """A batch, with whatever fee it costs."""
        wanted: Json = {"plan_id": self.plan, "quantity": quantity}
        quote = await self.codes.call("POST", f"{self.project}/batches/quote", wanted)
        body = wanted | {"expiry": {"preset": "no_expiry"}, "consent": True, "accept_fee": quote["fee"]}
        return await self.codes.call("POST", f"{self.project}/batches", body)

    async def batch(self, batch_id: str) -> Json:
        """How far a batch is."""
        return await self.codes.call("GET", f"{self.project}/batches/{batch_id}")

    async def delivered(self, batch_id: str) -> Json:
        """Wait until a batch is out; services may be down for a moment meanwhile."""

        async def look() -> Json | None:
            answer = await self.codes.send("GET", f"{self.project}/batches/{batch_id}")
            batch: Json = answer.json()
            return batch if answer.is_success and batch["delivery"] == "delivered" else None

        return await eventually("the batch is delivered", look, patience=60, every=0.1)

    async def sent_codes(self) -> Counter[str]:
        """How often each code stands in the creator's chat."""
        counted: Counter[str] = Counter()
        for message in await self.chat.messages():
            if message["from_bot"]:
                counted.update(set(CODE.findall(message["text"])))
        return counted

    async def listed_codes(self) -> set[str]:
        """Every code that exists, by the API."""
        found: set[str] = set()
        cursor = ""
        while True:
            page = await self.codes.call("GET", f"{self.project}/codes?limit=100{cursor}")
            found |= {row["code"] for row in page["data"]}
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"


async def open_shop(world: World) -> Shop:
    """A creator on the free plan with a good card."""
    opened = await world.billing().call("POST", "/v1/accounts", {"email": f"e2e{world.suffix}@example.com", "name": "E2E"})
    billing, codes = world.billing(opened["api_key"]), world.codes(opened["api_key"])
    await billing.call("POST", "/v1/payment-methods", {"token": "pm_card_visa"})
    project = f"/v1/projects/{(await codes.call('POST', '/v1/projects', {'name': 'E2E'}))['id']}"
    bot = await world.new_bot(f"e2e{world.suffix}_bot")
    connected = await codes.call("PUT", f"{project}/bot", {"token": bot["token"]})
    chat = world.chat(CREATOR, bot["username"])
    await chat.ask(f"/start {connected['owner_link'].partition('?start=')[2]}", "the bot knows its creator")
    await codes.call("PUT", f"{project}/payment-methods/access-codes", {"enabled": True})
    plan = {"name": "Club", "price": {"amount": CENTS, "currency": "USD"}, "interval": {"unit": "month", "count": 1}}
    plan_id = (await codes.call("POST", f"{project}/plans", plan | {"access_codes_only": False}))["id"]
    return Shop(billing, codes, project, plan_id, chat)


async def some_sent(shop: Shop) -> None:
    """Wait until delivery is under way: some messages are out, not all."""

    async def look() -> bool | None:
        return True if await shop.sent_codes() else None

    await eventually("the first message", look, every=0.02)
