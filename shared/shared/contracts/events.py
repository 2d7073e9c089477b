"""Events: what happened, said through the outbox, carried by arq, keyed by the event's id.

Payloads hold ids and counts only: no codes, no tokens, no personal data (arq and the logs see them).
"""

from enum import StrEnum
from uuid import UUID

from shared.contracts.base import Json, UtcDatetime, WireModel


class EventType(StrEnum):
    """Every event there is. The owner of each is the service that stages it."""

    # codes-api
    BATCH_REQUESTED = "batch.requested"
    """payload: batch_id"""
    BATCH_GENERATED = "batch.generated"
    """payload: batch_id; tell_only: whoever had the codes generated has them billed and delivered, and only the creator's
    servers are to be told. Staged in the transaction that writes the codes: of an import always, of a generated batch if there
    is an endpoint to tell."""
    BATCH_FAILED = "batch.failed"
    """payload: batch_id. The reservation is to be released."""
    DELIVERY_REQUESTED = "batch.delivery_requested"
    """payload: batch_id. Staged when a creator links their chat and batches wait for it."""
    BATCHES_EXPIRED = "batches.expired"
    """payload: batches (a list of batch_id and quantity). Staged by the sweep, one for many batches of an account: their quota is
    to be freed."""
    CODES_EXPIRED = "access_codes.expired"
    """payload: batch_id, quantity. Staged by the sweep beside the other, one a batch, if there is an endpoint to tell."""
    CODE_REDEEMED = "access_code.redeemed"
    """payload: project_id, batch_id, position (the code's in its batch), membership_id, periods (how many the membership
    lasts from then on; more than one: it was extended)"""
    MEMBERSHIP_ENDED = "membership.ended"
    """payload: project_id, membership_id. Its time was over, or it was cancelled; the row says which."""
    MEMBERSHIP_ENDING = "membership.ending"
    """payload: project_id, membership_id, ends_at. The member is to be reminded, once for each end (`rules.md` T5)."""
    BOT_CONNECTED = "bot.connected"
    """payload: bot_id"""
    BOT_DISCONNECTED = "bot.disconnected"
    """payload: bot_id"""
    CREATOR_NOTICE = "creator.notice_requested"
    """payload: project_id, kind (a NoticeKind), params. The bot tells the creator once."""

    # billing-api
    ENTITLEMENTS_CHANGED = "account.entitlements_changed"
    """payload: version"""
    ACCOUNT_STANDING_CHANGED = "account.standing_changed"
    """payload: from, to (a Standing each), since (the moment from which it holds). One for each step, in order; the creator is
    told once, and codes-api ends or erases what the standing demands (`rules.md` D3, D5)."""
    PAYMENT_REQUESTED = "invoice.payment_requested"
    """payload: empty. Somebody at the API waits for a charge: due work does it now, not at its next round."""
    CLOCK_ADVANCE_REQUESTED = "sandbox.clock_advance_requested"
    """payload: empty. Sandbox only."""


class Event(WireModel):
    """The envelope that travels. `request_id` follows a request from Telegram to the last job it caused."""

    id: UUID
    type: EventType
    account_id: UUID
    occurred_at: UtcDatetime
    request_id: str | None
    payload: Json


ON_EVENT = "on_event"
"""The arq task that takes an `Event` (as JSON) and runs what jobs has registered for its type."""

QUEUE = "memberpass:jobs"
"""The arq queue that relays put events on and the worker takes them from."""
