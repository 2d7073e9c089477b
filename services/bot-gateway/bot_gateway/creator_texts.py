"""What creators read: linking their chat, their codes, notices. HTML parse mode, as in `texts.py`."""

from typing import Any

from shared.contracts.batches import DeliverableCode, DeliveryClaim
from shared.contracts.bots import ConnectedBot, NoticeKind, OwnerChatLinked
from shared.contracts.statistics import CodeStatistics

from bot_gateway.people import moment, name
from bot_gateway.texts import BRANDING

OWNER_LINK_UNKNOWN = (
    "<b>This link doesn't work any more</b>\n\n"
    "A link for creators works once. Connect the bot again in MemberPass to get a fresh one."
)


def linked(answer: OwnerChatLinked) -> str:
    """The creator opened their link: what happens next."""
    waiting = {
        0: "When you generate access codes, they arrive right here.",
        1: "One batch of access codes is waiting for you and arrives in a moment.",
    }.get(answer.waiting_batches, f"{answer.waiting_batches} batches of access codes are waiting for you and arrive in a moment.")
    return (
        f"<b>This chat is linked to {name(answer.project_name)}</b>\n\n{waiting}\n\n"
        "Fewer than 25 codes come as single messages that you can forward, larger batches as one CSV file. "
        "Send /stats to see what became of them."
    )


def code_message(claim: DeliveryClaim, code: DeliverableCode) -> str:
    """One code as a message that can be forwarded as it is (`rules.md` T2)."""
    period = claim.plan_period
    parts = [
        f"<b>{name(claim.plan_name)}</b>\n"
        + ("Lifetime membership" if period == "lifetime" else f"Membership for {name(period)}"),
        f"Access code (tap to copy):\n<code>{name(code.code)}</code>",
        f"Open this link to use it:\n{name(code.join_link, 512)}",
    ]
    if claim.expires_at is not None:
        parts.append(f"Use it before {moment(claim.expires_at)}.")
    if claim.branded:
        parts.append(BRANDING)
    return "\n\n".join(parts)


def document_caption(claim: DeliveryClaim) -> str:
    """What stands under the CSV: plan, quantity, label, expiry. Below Telegram's 1024 characters."""
    lines = [f"<b>{claim.quantity} access codes</b>", f"Plan: {name(claim.plan_name)} ({name(claim.plan_period)})"]
    if claim.label:
        lines.append(f"Label: {name(claim.label, 120)}")
    lines.append("No expiry" if claim.expires_at is None else f"Use before {moment(claim.expires_at)}")
    if claim.branded:
        lines += ["", BRANDING]
    return "\n".join(lines)


def statistics(data: CodeStatistics) -> str:
    """What became of a project's codes; also the caption of its picture, below Telegram's 1024 characters."""
    project = name(data.project_name)
    if not data.generated:
        return (
            f"<b>{project}</b>\n\nNo codes yet. As soon as your first codes are generated, you will see here what became of them."
        )
    lines = [
        f"<b>{project}: {data.redeemed:,} of {data.generated:,} codes redeemed</b>",
        "",
        f"Unredeemed: {data.unredeemed:,}",
        f"Expired: {data.expired:,}",
        f"Revoked: {data.revoked:,}",
        f"Redeemed in the last {len(data.redemptions_per_day)} days: {sum(day.redeemed for day in data.redemptions_per_day):,}",
    ]
    if data.last_redeemed_at is not None:
        lines.append(f"Last redemption: {moment(data.last_redeemed_at)}")
    return "\n".join(lines)


_OF_ACCOUNT = {
    NoticeKind.ACCOUNT_OVERDUE: (
        "<b>{project}: a payment failed</b>\n\n"
        "An invoice of your MemberPass account could not be charged. Everything keeps working for 30 days, and we try again "
        "by ourselves. Check your payment method, or pay the open invoice now."
    ),
    NoticeKind.ACCOUNT_LOCKED: (
        "<b>{project}: your account is locked</b>\n\n"
        "An invoice has been overdue for 30 days. No codes can be generated or redeemed until everything open is paid. "
        "Running memberships go on. Pay to unlock your account at once."
    ),
    NoticeKind.ACCOUNT_SUSPENDED: (
        "<b>{project}: your account is suspended</b>\n\n"
        "An invoice has been overdue for 60 days. All running memberships are cancelled for good. "
        "Pay everything open to use your account again."
    ),
    NoticeKind.ACCOUNT_RECOVERED: (
        "<b>{project}: everything is paid</b>\n\nThank you. Your account is active and works without restrictions."
    ),
    NoticeKind.ACCOUNT_DELETION: (
        "<b>{project}: your account may be deleted</b>\n\n"
        "An invoice has been overdue for 90 days. From now on your account can be deleted with all its data, "
        "and that can't be undone. Pay everything open to keep it."
    ),
}
"""About the account, told by whichever bot knows the creator's chat (`rules.md` D5)."""


def notice(kind: NoticeKind, connected: ConnectedBot, params: dict[str, Any]) -> str:
    """What a creator is told about their project. Of `params` only counts are shown."""
    project = name(connected.project_name)
    if kind is NoticeKind.LIFETIME_LIMIT_REACHED:
        limit = params.get("limit")
        of = f" ({limit})" if isinstance(limit, int) else ""
        return (
            f"<b>{project}: lifetime limit reached</b>\n\n"
            f"A member could not redeem a lifetime code, because your plan's limit of lifetime memberships{of} is reached. "
            "The code stays good. Upgrade your plan and ask the member to try again."
        )
    if kind is NoticeKind.MANY_WRONG_GUESSES:
        return (
            f"<b>{project}: many wrong codes</b>\n\n"
            "Somebody seems to be guessing access codes. Guesses are slowed down; good codes keep working. "
            "You don't have to do anything."
        )
    if kind is NoticeKind.WEBHOOK_DISABLED:
        return (
            f"<b>{project}: a webhook is switched off</b>\n\n"
            "Your server has not accepted what we sent it, so we stopped trying. The webhook's list of deliveries shows why. "
            "When your server works again, switch the webhook on and have the missed deliveries sent again."
        )
    if kind is NoticeKind.CHAT_RIGHTS_MISSING:
        return (
            f"<b>{project}: your bot lacks a right</b>\n\n"
            "It could not invite or remove a member in one of your private chats; the list of your chats in MemberPass shows "
            "which. Make the bot an administrator there who may invite users and ban users, and name the chat again."
        )
    if kind in _OF_ACCOUNT:
        return _OF_ACCOUNT[kind].format(project=project)
    return (
        f"<b>{project}: a batch of codes failed</b>\n\n"
        "No codes were generated and nothing is charged. Please try again; if it happens once more, write to us."
    )
