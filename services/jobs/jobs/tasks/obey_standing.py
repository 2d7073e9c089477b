"""An account's standing changed: its creator is told, and codes-api does what the standing demands."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from shared.contracts.accounts import EndMemberships, Standing
from shared.contracts.bots import NoticeKind, TellCreator

from jobs.services import Services

NOTICES: Final[Mapping[Standing, NoticeKind]] = {
    Standing.GRACE: NoticeKind.ACCOUNT_OVERDUE,
    Standing.LOCKED: NoticeKind.ACCOUNT_LOCKED,
    Standing.SUSPENDED: NoticeKind.ACCOUNT_SUSPENDED,
    Standing.DELETABLE: NoticeKind.ACCOUNT_DELETION,
    Standing.ACTIVE: NoticeKind.ACCOUNT_RECOVERED,
}
"""`deleted` has none: the bot that would bring it is erased with the account."""


async def tell_standing(services: Services, account_id: UUID, event_id: UUID, standing: Standing) -> None:
    """Have the creator told (`rules.md` D5); keyed by the event.

    Raises:
        RemoteProblem, DependencyUnavailableError: as codes-api answers.
    """
    kind = NOTICES.get(standing)
    if kind is not None:
        await services.codes.tell_creator(account_id, TellCreator(event_id=event_id, kind=kind))


async def obey_standing(services: Services, account_id: UUID, standing: Standing, since: datetime) -> None:
    """Have a suspended account's memberships ended, and a deleted one's personal data erased (D3), piece by piece.

    A crash in between begins anew, and what is done already is nothing to do any more.

    Raises:
        RemoteProblem, DependencyUnavailableError: as codes-api answers.
    """
    if standing.ends_memberships:
        while (await services.codes.end_memberships(account_id, EndMemberships(before=since))).more:
            pass
    if standing is Standing.DELETED:
        while (await services.codes.erase_tenant(account_id)).more:
            pass
