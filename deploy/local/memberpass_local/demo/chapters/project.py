"""A project, its bot, the creator's own chat, two plans."""

from http import HTTPStatus

from memberpass_local.demo.checks import must, must_equal
from memberpass_local.demo.world import CREATOR, World


async def set_up_project(world: World) -> None:
    """Everything that must be in place before codes can be generated."""
    tell = world.teller
    tell.chapter("2. A project and its bot", "Codes are redeemed in the creator's own bot, so the bot comes first.")
    codes = world.codes(world["key"])

    with tell.step("Ada makes a project"):
        project = await codes.call("POST", "/v1/projects", {"name": "Ada's Kitchen"})
        world["project"] = f"/v1/projects/{project['id']}"

    with tell.step("A mistyped bot token is refused, the field named") as step:
        bad = {"token": "123456789:" + "A" * 35}
        problem = await codes.refused(
            "PUT", f"{world['project']}/bot", bad, status=HTTPStatus.UNPROCESSABLE_ENTITY, code="bot_token_invalid"
        )
        must_equal("the field", problem["errors"][0]["field"], "token")
        step.note(problem["code"])

    with tell.step("She connects her bot; Telegram itself says whose token it is") as step:
        bot = await world.new_bot(f"ada{world.suffix}_bot")
        connected = await codes.call("PUT", f"{world['project']}/bot", {"token": bot["token"]})
        must_equal("the bot", connected["username"], bot["username"])
        world["bot"], world["owner_link"] = connected["username"], connected["owner_link"]
        step.note(f"@{connected['username']}")

    with tell.step("She opens her owner link, and the bot knows her chat"):
        payload = world["owner_link"].partition("?start=")[2]
        must(payload.startswith("owner_"), f"the owner link has a payload: {world['owner_link']}")
        answer = await world.chat(CREATOR).ask(f"/start {payload}", "the bot greets its creator")
    tell.bubble(f"@{world['bot']} to Ada", answer["text"], answer["buttons"])

    with tell.step("She names her private group; Telegram says that the bot may invite and remove there") as step:
        group = await world.new_group("Kitchen table")
        named = await codes.call("POST", f"{world['project']}/chats", {"chat_id": group})
        step.note(named["title"])

    with tell.step("She turns access codes on"):
        await codes.call("PUT", f"{world['project']}/payment-methods/access-codes", {"enabled": True})

    with tell.step("She makes a monthly plan and a lifetime plan") as step:
        plans = f"{world['project']}/plans"
        monthly = {"name": "Kitchen Club", "price": _usd(1000), "interval": {"unit": "month", "count": 1}}
        lifetime = {"name": "Kitchen Forever", "price": _usd(15000), "interval": {"unit": "lifetime", "count": 1}}
        world["monthly"] = (await codes.call("POST", plans, {**monthly, "access_codes_only": False}))["id"]
        world["lifetime"] = (await codes.call("POST", plans, {**lifetime, "access_codes_only": False}))["id"]
        step.note("Kitchen Club 10.00 USD a month, Kitchen Forever 150.00 USD")


def _usd(cents: int) -> dict[str, object]:
    return {"amount": cents, "currency": "USD"}
