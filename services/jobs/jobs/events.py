"""Which event causes which tasks. The only place where the two meet.

An event's tasks run in order, and all of them again if a later one fails: each is keyed by a business id at its owner, so
that the second time changes nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from shared.contracts.accounts import Standing
from shared.contracts.batches import BatchRef, BatchStep
from shared.contracts.bots import SendNotice
from shared.contracts.chats import MembershipRef, SendReminder
from shared.contracts.events import Event, EventType
from shared.contracts.quota import ReportExpired

from jobs.services import Services
from jobs.tasks.fan_out_webhooks import fan_out_webhooks
from jobs.tasks.generate_batch import generate_batch
from jobs.tasks.obey_standing import obey_standing, tell_standing
from jobs.tasks.put_entitlements import put_entitlements
from jobs.tasks.release_quota import release_quota
from jobs.tasks.remind_member import remind_member
from jobs.tasks.report_expired import report_expired
from jobs.tasks.run_due import run_due
from jobs.tasks.see_member_out import see_member_out
from jobs.tasks.send_notice import send_notice
from jobs.tasks.settle_batch import settle_batch
from jobs.tasks.sync_bot import sync_bot

Step = Callable[[Services, Event], Awaitable[None]]


async def run_event(services: Services, event: Event) -> None:
    """Run the tasks of an event's type in order.

    Raises:
        RemoteProblem, DependencyUnavailableError: as the owners answer.
    """
    for step in STEPS[event.type]:
        await step(services, event)


def _batch(event: Event) -> BatchRef:
    return BatchRef(account_id=event.account_id, batch_id=event.payload["batch_id"])


async def _generate(services: Services, event: Event) -> None:
    await generate_batch(services, _batch(event))


async def _settle(services: Services, event: Event) -> None:
    if not event.payload.get("tell_only", False):
        await settle_batch(services, _batch(event))


async def _release(services: Services, event: Event) -> None:
    await release_quota(services, _batch(event))


async def _request_delivery(services: Services, event: Event) -> None:
    if event.payload.get("tell_only", False):
        return
    await services.queues.request_step(_batch(event), BatchStep.DELIVER)


async def _report_expired(services: Services, event: Event) -> None:
    await report_expired(services, event.account_id, ReportExpired(event_id=event.id, **event.payload))


async def _sync_bot(services: Services, event: Event) -> None:
    await sync_bot(services, int(event.payload["bot_id"]))


async def _send_notice(services: Services, event: Event) -> None:
    await send_notice(services, SendNotice(account_id=event.account_id, **event.payload))


async def _put_entitlements(services: Services, event: Event) -> None:
    await put_entitlements(services, event.account_id)


async def _tell_standing(services: Services, event: Event) -> None:
    await tell_standing(services, event.account_id, event.id, Standing(event.payload["to"]))


async def _obey_standing(services: Services, event: Event) -> None:
    since = datetime.fromisoformat(event.payload["since"])
    await obey_standing(services, event.account_id, Standing(event.payload["to"]), since)


async def _fan_out(services: Services, event: Event) -> None:
    await fan_out_webhooks(services, event)


async def _charge(services: Services, _: Event) -> None:
    await run_due(services.owners["billing"], "billing", services.clock)


async def _see_member_out(services: Services, event: Event) -> None:
    await see_member_out(services, MembershipRef(account_id=event.account_id, **event.payload))


async def _remind_member(services: Services, event: Event) -> None:
    await remind_member(services, SendReminder(account_id=event.account_id, **event.payload))


async def _request_advance(services: Services, _: Event) -> None:
    await services.queues.request_advance()


STEPS: Mapping[EventType, tuple[Step, ...]] = {
    EventType.BATCH_REQUESTED: (_generate,),
    EventType.BATCH_GENERATED: (_settle, _request_delivery, _fan_out),
    EventType.BATCH_FAILED: (_release,),
    EventType.DELIVERY_REQUESTED: (_request_delivery,),
    EventType.BATCHES_EXPIRED: (_report_expired,),
    EventType.CODES_EXPIRED: (_fan_out,),
    EventType.CODE_REDEEMED: (_fan_out,),
    # The creator's server first: Telegram may be away for long.
    EventType.MEMBERSHIP_ENDED: (_fan_out, _see_member_out),
    EventType.MEMBERSHIP_ENDING: (_remind_member,),
    EventType.BOT_CONNECTED: (_sync_bot,),
    EventType.BOT_DISCONNECTED: (_sync_bot,),
    EventType.CREATOR_NOTICE: (_send_notice,),
    EventType.ENTITLEMENTS_CHANGED: (_put_entitlements,),
    # The snapshot first: nobody may redeem while memberships are being ended.
    EventType.ACCOUNT_STANDING_CHANGED: (_put_entitlements, _tell_standing, _obey_standing),
    EventType.PAYMENT_REQUESTED: (_charge,),
    EventType.CLOCK_ADVANCE_REQUESTED: (_request_advance,),
}
