"""Who may be in a project's chats: whoever has a running membership in it. The one place that says so."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_

from codes_api.memberships.models import Membership, MembershipStatus


def may_be_in(account_id: UUID, project_id: UUID, telegram_id: int, now: datetime) -> ColumnElement[bool]:
    """Whether a membership of the member runs in the project, whichever plan's."""
    return exists().where(
        Membership.account_id == account_id,
        Membership.project_id == project_id,
        Membership.telegram_id == telegram_id,
        Membership.status == MembershipStatus.ACTIVE,
        or_(Membership.ends_at.is_(None), Membership.ends_at > now),
    )
