"""Time passes: the sweep takes what expired, and the quota is free again."""

from datetime import timedelta

from memberpass_local.demo.checks import must, must_equal
from memberpass_local.demo.clock import let_time_pass
from memberpass_local.demo.people import Json
from memberpass_local.demo.world import BEN, ZOE, World

LARGE = 200


async def let_codes_expire(world: World) -> None:
    """A day and a minute later."""
    tell = world.teller
    tell.chapter("6. A day later", "The campaign's codes were good for one day. The sandbox clock jumps past it.")
    codes, billing = world.codes(world["key"]), world.billing(world["key"])
    project = world["project"]

    with tell.step("The clock moves a day and a minute; what falls due on the way is done") as step:
        before, now = await let_time_pass(world, timedelta(days=1, minutes=1))
        step.note(f"{before:%d %b %H:%M} → {now:%d %b %H:%M} UTC")

    with tell.step("The sweep deleted the 199 unredeemed codes; the redeemed one stays") as step:
        batch = await codes.call("GET", f"{project}/batches/{world['large']}")
        must_equal("the batch", batch["counts"], {"unredeemed": 0, "redeemed": 1, "expired": LARGE - 1, "revoked": 0})
        step.note("199 expired, 1 redeemed")

    with tell.step("Their quota is free again; the fee stays, fees are never refunded") as step:
        usage = await billing.call("GET", "/v1/usage")
        must_equal("codes", usage["codes"], {"included": 200, "used": 4, "remaining": 196})
        must_equal("pending fees", usage["pending_fees"]["amount"], 90)
        step.note("196 of 200 free")

    with tell.step("A member who comes too late is told when the code ended"):
        late = await world.chat(ZOE).ask(world["large_codes"][1], "the bot says that the code has expired", _speaks_of_expiry)
    tell.bubble(f"@{world['bot']} to Zoe", late["text"], late["buttons"])

    rows = []
    with tell.step("Ada's list shows it all, by its filters"):
        for query, count in (
            ("status=expired", 100),
            (f"status=redeemed&batch_id={world['large']}", 1),
            (f"status=unredeemed&plan_id={world['lifetime']}", 2),
            ("status=revoked", 0),
            (f"q={world['large_codes'][0].replace('-', '')}", 1),
        ):
            data = (await codes.call("GET", f"{project}/codes?limit=100&{query}"))["data"]
            must_equal(f"codes with {query}", len(data), count)
            rows.append([query.split("&")[0], f"{len(data)}{' and more' if len(data) == 100 else ''}"])  # noqa: PLR2004
    tell.table("GET .../codes", ["Filter", "Codes"], rows)

    with tell.step("Each code has its history"):
        detail = await codes.call("GET", f"{project}/codes/{world['large_codes'][0]}")
        must_equal("the status", (detail["status"], detail["redeemed_by"]), ("redeemed", BEN))
        tried = await codes.call("GET", f"{project}/codes/{world['small_codes'][0]}")
        must("refused" in str(tried["timeline"]), "Zoe's refused try stands in the code's timeline")
    events = [[event["at"][:19].replace("T", " "), str(event.get("type") or event.get("event"))] for event in tried["timeline"]]
    tell.table("Timeline of the code that Mia redeemed and Zoe tried", ["When (UTC)", "What"], events)


def _speaks_of_expiry(message: Json) -> bool:
    return "expired" in message["text"].lower()
