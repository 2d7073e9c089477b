"""Between bot-gateway and codes-api: a member looks at a code, redeems it, asks for their memberships."""

from uuid import UUID

from pydantic import Field

from shared.contracts.base import TelegramId, UtcDatetime, WireModel
from shared.money import Money

MAX_TYPED = 512
"""Longer messages are no code; Telegram allows 4096 characters."""


class TypedCode(WireModel):
    """What a member typed or tapped, as it came: any case, spaces, dashes, or a `code_...` payload."""

    text: str = Field(min_length=1, max_length=MAX_TYPED)
    telegram_id: TelegramId


class KnownCode(WireModel):
    """Whether a text that nobody asked for is an imported code of the project, live or not."""

    known: bool


class PlanSummary(WireModel):
    """A membership plan as a member sees it. `period` is for people: "1 month", "3 weeks", "lifetime"."""

    id: UUID
    name: str
    price: Money
    period: str
    lifetime: bool


class CodePreview(WireModel):
    """What a good code would give. `code`: its canonical form of 16 symbols, or an imported code as it is stored.

    `extends_until`: the end of the running membership it would extend (M2); `repeated`: this member has redeemed it
    already (C6); `already_lifetime`: they are a lifetime member of the plan, so that this code would give them nothing more.
    """

    code: str
    plan: PlanSummary
    expires_at: UtcDatetime | None
    extends_until: UtcDatetime | None
    repeated: bool = False
    already_lifetime: bool = False


class MembershipView(WireModel):
    """A membership as its member sees it. `ends_at` null: lifetime."""

    id: UUID
    plan: PlanSummary
    status: str
    starts_at: UtcDatetime
    ends_at: UtcDatetime | None


class Redemption(WireModel):
    """What redeeming gave. `repeated`: this member had redeemed this code before (C6). `extended`: M2."""

    membership: MembershipView
    repeated: bool
    extended: bool


class MemberView(WireModel):
    """What `/start` shows: the plans on offer (M3 leaves some out) and the member's own running memberships."""

    plans: list[PlanSummary]
    memberships: list[MembershipView]
