"""Members redeem: by link, by typing, and with codes that can't work."""

from memberpass_local.demo.chapters.batches import request, until
from memberpass_local.demo.checks import must, must_equal
from memberpass_local.demo.people import Json
from memberpass_local.demo.world import BEN, MIA, ZOE, World


async def members_redeem(world: World) -> None:
    """Mia taps a link, Ben types, Zoe has no luck."""
    tell = world.teller
    tell.chapter("5. Members come in", "Mia taps a forwarded link, Ben types his code, Zoe tries three that cannot work.")
    await _mia_taps_a_link(world)
    await _ben_types(world)
    await _zoe_is_refused(world)

    codes = world.codes(world["key"])
    with tell.step("Ada sees who came in") as step:
        listed = (await codes.call("GET", f"{world['project']}/memberships"))["data"]
        must_equal("members", sorted(member["telegram_id"] for member in listed), [MIA, BEN])
        step.note(f"{len(listed)} memberships")
    rows = [[str(m["telegram_id"]), m["status"], m["starts_at"][:10], (m["ends_at"] or "lifetime")[:10]] for m in listed]
    tell.table("Memberships", ["Telegram id", "Status", "From", "Until"], rows)


async def _mia_taps_a_link(world: World) -> None:
    tell, chat = world.teller, world.chat(MIA)
    code = world["small_codes"][0]
    with tell.step("Mia opens the join link: the bot shows the plan and one button"):
        offer = await chat.ask(f"/start code_{code}", "the bot shows the plan", _has_confirm)
        must("Kitchen Forever" in offer["text"], "the plan's name stands in the offer")
    tell.bubble(f"@{world['bot']} to Mia", offer["text"], offer["buttons"])
    with tell.step("She confirms and has a lifetime membership"):
        await chat.press(offer, "redeem:")
        done = await chat.edited(offer, "the bot welcomes Mia", lambda m: not _has_confirm(m) and "Kitchen Forever" in m["text"])
    tell.bubble(f"@{world['bot']} to Mia", done["text"], done["buttons"])
    with tell.step("The link under the welcome lets her into the private group, and nobody after her"):
        links = [str(button["url"]) for row in done["buttons"] for button in row if button.get("url")]
        must_equal("links into the group", len(links), 1)
        must(await world.joins(MIA, links[0]), "Mia's link lets her in")
        must(not await world.joins(ZOE, links[0]), "a link works once")


async def _ben_types(world: World) -> None:
    tell, chat = world.teller, world.chat(BEN)
    typed = world["large_codes"][0].lower().replace("-", " ")
    with tell.step("Ben opens the bot and presses 'Redeem a code'"):
        start = await chat.ask("/start", "the bot shows the plans", lambda m: bool(m["buttons"]))
        must("Kitchen Club" in start["text"] and "Kitchen Forever" in start["text"], "both plans stand in the list")
    tell.bubble(f"@{world['bot']} to Ben", start["text"], start["buttons"])
    with tell.step("The bot asks for the code; he types it in lower case, with spaces"):
        button = next(b for row in start["buttons"] for b in row if "redeem" in b["text"].lower())
        await chat.press(start, button["callback_data"])
        prompt = await chat.edited(start, "the bot asks for the code", lambda m: "redeem a code" not in m["text"].lower())
    tell.bubble(f"@{world['bot']} to Ben", prompt["text"], prompt["buttons"])
    tell.said("Ben", typed)
    with tell.step("The bot understands it, and he has a month") as step:
        done = await chat.ask(typed, "the bot welcomes Ben", lambda m: "Kitchen Club" in m["text"])
        listed = await world.codes(world["key"]).call("GET", f"{world['project']}/memberships?telegram_id={BEN}")
        must(listed["data"][0]["ends_at"] is not None, "a monthly membership ends")
        step.note(f"until {listed['data'][0]['ends_at'][:10]}")
    tell.bubble(f"@{world['bot']} to Ben", done["text"], done["buttons"])


async def _zoe_is_refused(world: World) -> None:
    tell, chat = world.teller, world.chat(ZOE)
    foreign = await _code_of_another_creator(world)
    used = world["small_codes"][0]
    mistyped = used[:-1] + next(symbol for symbol in "AB" if symbol != used[-1])
    rows = []
    with tell.step("Zoe tries a used code, a mistyped one and one of another project") as step:
        for what, typed in (("a used code", used), ("a mistyped code", mistyped), ("another project's code", foreign)):
            answer = await chat.ask(typed, f"the bot answers {what}", lambda m: not _has_confirm(m))
            must("traceback" not in answer["text"].lower(), "an answer for people")
            rows.append([what, " ".join(answer["text"].replace("\n\n", ". ").split())])
        must_equal("three different answers", len({answer for _, answer in rows}), len(rows))
        none = await world.codes(world["key"]).call("GET", f"{world['project']}/memberships?telegram_id={ZOE}")
        must_equal("Zoe's memberships", none["data"], [])
        step.note("nothing was changed")
    tell.table("What the bot told her", ["She typed", "The bot's answer"], rows)


async def _code_of_another_creator(world: World) -> str:
    """A good code, but of somebody else's project: for Ada's bot it is simply unknown."""
    opened = await world.billing().call("POST", "/v1/accounts", {"email": f"kim{world.suffix}@example.com", "name": "Kim"})
    codes = world.codes(opened["api_key"])
    bot = await world.new_bot(f"kim{world.suffix}_bot")
    project = f"/v1/projects/{(await codes.call('POST', '/v1/projects', {'name': 'Chess with Kim'}))['id']}"
    await codes.call("PUT", f"{project}/bot", {"token": bot["token"]})
    await codes.call("PUT", f"{project}/payment-methods/access-codes", {"enabled": True})
    plan = {"name": "Chess", "price": {"amount": 500, "currency": "USD"}, "interval": {"unit": "month", "count": 1}}
    plan_id = (await codes.call("POST", f"{project}/plans", {**plan, "access_codes_only": True}))["id"]
    batch = await codes.call("POST", f"{project}/batches", request(plan_id, 1, {"preset": "no_expiry"}))
    kim = World(world.urls, world.http, world.teller, world.suffix, {"project": project})
    await until(codes, kim, batch["id"], "status", "ready")
    listed = await codes.call("GET", f"{project}/codes")
    code: str = listed["data"][0]["code"]
    return code


def _has_confirm(message: Json) -> bool:
    return any(str(b.get("callback_data", "")).startswith("redeem:") for row in message["buttons"] for b in row)
