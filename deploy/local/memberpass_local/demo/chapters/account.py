"""A creator opens an account and subscribes."""

from memberpass_local.demo.checks import must, must_equal
from memberpass_local.demo.world import World

STARTER_CENTS = 3900
STARTER_CODES = 200


async def open_account(world: World) -> None:
    """An account, an API key, a sandbox card, starter_monthly."""
    tell = world.teller
    tell.chapter("1. A creator arrives", "Ada runs a cooking community. She opens an account over REST and picks a plan.")

    with tell.step("Ada opens an account") as step:
        body = {"email": f"ada{world.suffix}@example.com", "name": "Ada's Kitchen"}
        opened = await world.billing().call("POST", "/v1/accounts", body)
        world["key"] = opened["api_key"]
        must(opened["api_key"].startswith("mp_"), "an API key begins with mp_")
        must_equal("a new account's plan", opened["account"]["plan"], "free")
        step.note(f"plan {opened['account']['plan']}, API key mp_...{opened['api_key'][-4:]}")

    billing = world.billing(world["key"])
    with tell.step("She adds a card") as step:
        card = await billing.call("POST", "/v1/payment-methods", {"token": "pm_card_visa"})
        step.note(f"payment method {card['id'][:8]}...")

    with tell.step("She looks at what starter_monthly would cost") as step:
        preview = await billing.call("POST", "/v1/subscription/preview", {"plan": "starter_monthly"})
        must_equal("the preview", (preview["kind"], preview["amount_due"]["amount"]), ("subscribe", STARTER_CENTS))
        step.note(f"{preview['amount_due']['amount'] / 100:.2f} {preview['amount_due']['currency']} now")

    with tell.step("She subscribes; the card is charged before anything changes") as step:
        changed = await billing.call("POST", "/v1/subscription/change", {"plan": "starter_monthly"})
        must_equal("the subscription", changed["subscription"]["plan"], "starter_monthly")
        must_equal(
            "the invoice", (changed["invoice"]["status"], changed["invoice"]["amount_due"]["amount"]), ("paid", STARTER_CENTS)
        )
        step.note(f"invoice {changed['invoice']['number']} is paid")

    with tell.step("Her quota for this cycle") as step:
        codes = (await billing.call("GET", "/v1/usage"))["codes"]
        must_equal("codes", codes, {"included": STARTER_CODES, "used": 0, "remaining": STARTER_CODES})
        step.note(f"{codes['remaining']} codes are free")
