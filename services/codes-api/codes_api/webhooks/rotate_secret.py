"""A creator takes a new secret; the old one signs along for a day, so that no message is refused meanwhile."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from codes_api.projects.sealing import Sealer
from codes_api.webhooks.find import get_endpoint
from codes_api.webhooks.models import WebhookEndpoint
from codes_api.webhooks.signing import new_secret

OLD_SECRET_SIGNS_FOR: Final = timedelta(hours=24)


async def rotate_secret(
    session: AsyncSession, *, account_id: UUID, project_id: UUID, endpoint_id: UUID, sealer: Sealer, now: datetime
) -> tuple[WebhookEndpoint, SecretStr]:
    """Make a new secret. Of several rotations in a day the last two secrets sign.

    Raises:
        NotFoundError: there is none in this project of this account.
    """
    endpoint = await get_endpoint(session, account_id=account_id, project_id=project_id, endpoint_id=endpoint_id, lock=True)
    secret = new_secret()
    endpoint.previous_secret_sealed = endpoint.secret_sealed
    endpoint.previous_secret_until = now + OLD_SECRET_SIGNS_FOR
    endpoint.secret_sealed = sealer.seal(secret)
    await session.flush()
    return endpoint, secret
