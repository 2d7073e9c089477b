"""A batch of 3: three messages, one forwardable code each."""

import re
import time
from http import HTTPStatus

from memberpass_local.demo.checks import eventually, must, must_equal
from memberpass_local.demo.people import Json, Rest
from memberpass_local.demo.world import CREATOR, World

CODE = re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}\b")
SMALL = 3


async def small_batch(world: World) -> None:
    """Ask for three codes and watch them arrive."""
    tell = world.teller
    tell.chapter("3. Three codes for friends", "Small batches come as single messages, so that each can be forwarded.")
    codes = world.codes(world["key"])
    chat = world.chat(CREATOR)
    before = len(await chat.messages())

    with tell.step("Without the consent tick nothing is generated"):
        body = request(world["lifetime"], SMALL, {"preset": "1_year"}, consent=False)
        await codes.refused(
            "POST", f"{world['project']}/batches", body, status=HTTPStatus.UNPROCESSABLE_ENTITY, code="consent_required"
        )

    with tell.step("Ada asks for 3 lifetime codes; a background job takes over") as step:
        began = time.monotonic()
        batch = await codes.call(
            "POST", f"{world['project']}/batches", request(world["lifetime"], SMALL, {"preset": "1_year"}, label="Friends")
        )
        must(batch["status"] in {"queued", "generating", "ready"}, f"a fresh batch is {batch['status']}")
        world["small"] = batch["id"]
        await until(codes, world, batch["id"], "status", "ready")
        step.note(f"202, then ready after {(time.monotonic() - began) * 1000:.0f} ms")

    with tell.step("Three messages arrive in her chat, one code each") as step:
        await until(codes, world, batch["id"], "delivery", "delivered")
        arrived = [message for message in (await chat.messages())[before:] if message["from_bot"]]
        must_equal("messages", len(arrived), SMALL)
        found = [CODE.findall(message["text"]) for message in arrived]
        must(all(len(set(values)) == 1 for values in found), f"each message holds one code: {found}")
        world["small_codes"] = [values[0] for values in found]
        must_equal("different codes", len(set(world["small_codes"])), SMALL)
        step.note("each can be forwarded as it is")
    tell.bubble(f"@{world['bot']} to Ada", arrived[0]["text"], arrived[0]["buttons"])


def request(plan: str, quantity: int, expiry: Json, *, label: str = "", consent: bool = True, fee: Json | None = None) -> Json:
    """The body of a request for a batch."""
    body: Json = {"plan_id": plan, "quantity": quantity, "expiry": expiry, "consent": consent}
    if label:
        body["label"] = label
    if fee is not None:
        body["accept_fee"] = fee
    return body


async def until(codes: Rest, world: World, batch_id: str, field: str, value: str) -> Json:
    """Watch a batch until a field has come this far; seldom enough to stay under the rate limit of a key."""

    async def look() -> Json | None:
        batch = await codes.call("GET", f"{world['project']}/batches/{batch_id}")
        must(batch["status"] != "failed", "the batch failed")
        return batch if batch[field] == value else None

    return await eventually(f"the batch's {field} becomes {value}", look, every=0.02 if field == "status" else 0.2)
