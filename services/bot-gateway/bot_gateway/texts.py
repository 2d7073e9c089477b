"""Every sentence the bot says. HTML parse mode; whatever comes from outside goes through `people`.

The refusals of a code are in `refusals.py`, what creators read in `creator_texts.py`.
"""

from collections.abc import Sequence
from datetime import datetime

from shared.contracts.redemptions import CodePreview, MembershipView, MemberView, PlanSummary, Redemption

from bot_gateway.people import moment, money, name

MAX_PLANS = 20
MAX_MEMBERSHIPS = 10
"""Together at most 30 lines of a cut name and a price or date: below Telegram's 4096 characters."""

BUTTON_REDEEM = "Redeem a code"
BUTTON_MEMBERSHIPS = "My memberships"
BUTTON_CONFIRM = "Confirm"
BUTTON_AGAIN = "Try again"
BUTTON_ANOTHER = "Enter another code"
BUTTON_BACK = "Back"
BUTTON_JOIN = "Get my invite links"
BUTTON_PLANS = "See the memberships"

COMMANDS = (
    ("start", "Memberships and prices"),
    ("redeem", "Redeem an access code"),
    ("status", "My memberships"),
    ("help", "How this works"),
)

BRANDING = "<i>Powered by MemberPass</i>"

ASK = (
    "<b>Send me your access code</b>\n\n"
    "It has 16 letters and digits, like <code>XXXX-XXXX-XXXX-XXXX</code>. "
    "Capitals, spaces and dashes don't matter."
)
HELP = (
    "<b>How this works</b>\n\n"
    "Got an access code? Just send it here, or open the link that came with it.\n\n"
    "/start - memberships and prices\n"
    "/redeem - redeem an access code\n"
    "/status - your memberships\n"
    "/help - this page\n\n"
    "If a code doesn't work, write to the person who gave it to you: they can look it up."
)
HINT = (
    "I didn't understand that. If it is an access code: it has 16 letters and digits, like <code>XXXX-XXXX-XXXX-XXXX</code>. "
    "Send just the code.\n\n/start shows the memberships, /help how this works."
)
TEXT_ONLY = "I can only read text. Send your access code as a message, or /help to see what I can do."
WAYS = "<b>Your way in</b>\n\nEach link works once and for one day. Don't pass it on: whoever opens it takes your place."
ALL_IN = "<b>You are in already</b>\n\nThere is nothing left to join."
NO_WAY = "I couldn't make all of your invite links right now. Please try again in a moment."
NOTHING_TO_JOIN = "There is nothing to join without a running membership. Got an access code? Send it here."
AWAY = "I can't reach the membership service right now. <b>Nothing was lost or changed</b>: please try again in a moment."
BROKEN = "Something went wrong on our side, sorry. It was recorded. Please try again in a moment."


def start(project: str, view: MemberView) -> str:
    """What `/start` shows (`rules.md` T1)."""
    parts = [f"<b>{name(project)}</b>", _plans(view.plans)]
    if view.memberships:
        parts.append(f"<b>Your memberships</b>\n{_memberships(view.memberships)}")
    parts.append(f"Have an access code? Tap <b>{BUTTON_REDEEM}</b> or simply send it here.")
    return "\n\n".join(parts)


def status(view: MemberView) -> str:
    """What `/status` shows."""
    if not view.memberships:
        return "<b>Your memberships</b>\n\nYou have none yet. Got an access code? Send it here."
    return f"<b>Your memberships</b>\n\n{_memberships(view.memberships)}"


def preview(found: CodePreview) -> str:
    """What a good code would give, above the confirm button; or that this member should better keep it."""
    if found.already_lifetime:
        return (
            f"<b>You are a lifetime member of {name(found.plan.name)} already</b>\n\n"
            "This code would give you nothing more. It stays good: you can pass it on to somebody else."
        )
    parts = [f"<b>{name(found.plan.name)}</b>\n{_what(found.plan)}"]
    if found.extends_until is not None:
        parts.append(f"You are a member until {moment(found.extends_until)}. This code extends your membership from then on.")
    if found.expires_at is not None:
        parts.append(f"The code can be used until {moment(found.expires_at)}.")
    parts.append(f"Tap <b>{BUTTON_CONFIRM}</b> to use your code now.")
    return "\n\n".join(parts)


def redeemed(result: Redemption) -> str:
    """What redeeming gave; a repetition says so and gives nothing new (`rules.md` C6)."""
    membership = result.membership
    plan = name(membership.plan.name)
    if result.repeated:
        return f"<b>You have used this code already</b>\n\nIt gave you {plan}: {_span(membership)}."
    if result.extended:
        return f"<b>Your {plan} membership is extended</b>\n\nIt is now {_span(membership)}."
    return f"<b>Welcome to {plan}!</b>\n\nYour membership is {_span(membership)}."


def ended(plan_name: str, *, chats: int) -> str:
    """A membership is over, and the member was removed from so many chats."""
    removed = f" You were removed from {'the private chat' if chats == 1 else 'the private chats'}." if chats else ""
    return (
        f"<b>Your {name(plan_name)} membership has ended</b>\n\n"
        f"Thank you for having been with us.{removed} You can come back whenever you like: with a new access code."
    )


def ends_soon(plan_name: str, ends_at: datetime) -> str:
    """The reminder before the end."""
    return (
        f"<b>Your {name(plan_name)} membership ends soon</b>\n\n"
        f"It is active until {moment(ends_at)}. Redeem another access code before then and it goes on without a break."
    )


def price(plan: PlanSummary) -> str:
    """A plan's price with its period: "$9.00 for 1 month", "$99.00, lifetime". Not escaped."""
    return f"{money(plan.price)}, lifetime" if plan.lifetime else f"{money(plan.price)} for {plan.period}"


def _what(plan: PlanSummary) -> str:
    return "Lifetime membership" if plan.lifetime else f"Membership for {name(plan.period)}"


def _plans(plans: Sequence[PlanSummary]) -> str:
    if not plans:
        return "There are no memberships on offer at the moment."
    lines = [f"\N{BULLET} {name(plan.name)}: {name(price(plan))}" for plan in plans[:MAX_PLANS]]
    return "\n".join(["<b>Memberships</b>", *lines, *_more(len(plans) - MAX_PLANS)])


def _memberships(memberships: Sequence[MembershipView]) -> str:
    lines = [f"\N{BULLET} {name(one.plan.name)}: {_span(one)}" for one in memberships[:MAX_MEMBERSHIPS]]
    return "\n".join([*lines, *_more(len(memberships) - MAX_MEMBERSHIPS)])


def _more(left_out: int) -> list[str]:
    return [f"... and {left_out} more"] if left_out > 0 else []


def _span(membership: MembershipView) -> str:
    if membership.status != "active":
        return name(membership.status)
    return "active for life" if membership.ends_at is None else f"active until {moment(membership.ends_at)}"
