"""A claimed delivery as bot-gateway gets it. Pure."""

from shared.contracts.accounts import Branding
from shared.contracts.batches import DeliverableCode, DeliveryClaim, DeliveryMethod

from codes_api.codes.alphabet import shown
from codes_api.codes.delivery import Claimed
from codes_api.codes.join_link import bot_link
from codes_api.memberships.periods import period_in_words


def claim_on_wire(claimed: Claimed, *, branding: Branding, lease_seconds: int, join_link_template: str) -> DeliveryClaim:
    """The codes as people read them with their join links; none for a document, which is fetched as a CSV."""
    batch, plan = claimed.batch, claimed.plan
    codes = claimed.codes if claimed.method is DeliveryMethod.MESSAGES else []
    return DeliveryClaim(
        lease=claimed.lease,
        lease_seconds=lease_seconds,
        bot_id=claimed.bot.bot_id,
        chat_id=claimed.chat_id,
        method=claimed.method,
        plan_name=plan.name,
        plan_period=period_in_words(plan.interval_unit, plan.interval_count),
        label=batch.label,
        expires_at=batch.expires_at,
        quantity=batch.quantity,
        file_name=f"access-codes-{batch.requested_at:%Y-%m-%d}-{str(batch.id)[-8:]}.csv",
        codes=[
            DeliverableCode(
                position=position,
                code=shown(code),
                join_link=bot_link(join_link_template, claimed.bot.username, code),
            )
            for position, code in codes
        ],
        branded=branding is Branding.EVERYWHERE,
    )
