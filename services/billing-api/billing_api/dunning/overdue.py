"""An invoice's charge failed: it is overdue from the first time on (`rules.md` D1)."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.keep_standing import keep_standing
from billing_api.accounts.models import Account
from billing_api.dunning.schedule import next_retry_at
from billing_api.invoices.models import Invoice


async def mark_overdue(session: AsyncSession, account: Account, invoice: Invoice, *, now: datetime) -> None:
    """Overdue since now, if it was not before, with the next retry planned; the standing follows. Under the account's lock."""
    if invoice.overdue_since is None:
        invoice.overdue_since = now
    invoice.next_attempt_at = next_retry_at(invoice.overdue_since, now)
    await session.flush()
    await keep_standing(session, account, now=now)
