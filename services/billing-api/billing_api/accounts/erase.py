"""Erase what is personal of a deleted account (`rules.md` D3). Invoices, their attempts and the ledger are kept."""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account, ApiKey
from billing_api.base import idempotency_keys
from billing_api.invoices.models import Invoice, InvoiceStatus
from billing_api.payments.models import PaymentMethod

ERASED: Final = "erased"


async def erase_account(session: AsyncSession, account: Account, *, now: datetime) -> None:
    """Erase address, name, keys, cards and kept answers, and charge nothing any more; the caller holds the account's lock.

    Its keys are gone, so that nobody gets in. What the payment processor keeps of a card is the processor's.
    """
    mine = account.account_id
    account.email, account.name = "", ""
    await session.execute(delete(ApiKey).where(ApiKey.account_id == mine))
    cards = {"processor_reference": ERASED, "brand": "", "last_four": "", "is_default": False, "removed_at": now}
    await session.execute(update(PaymentMethod).where(PaymentMethod.account_id == mine).values(cards))
    is_open = (Invoice.account_id == mine) & (Invoice.status == InvoiceStatus.OPEN)
    await session.execute(update(Invoice).where(is_open).values(next_attempt_at=None))
    await session.execute(idempotency_keys.delete().where(idempotency_keys.c.account_id == mine))
    await session.flush()
