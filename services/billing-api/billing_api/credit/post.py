"""Change an account's credit balance."""

from datetime import datetime
from uuid import UUID

from shared.ids import new_id
from sqlalchemy.ext.asyncio import AsyncSession

from billing_api.accounts.models import Account
from billing_api.credit.models import CreditEntry, CreditReason


async def post_credit(
    session: AsyncSession, account: Account, *, amount: int, reason: CreditReason, invoice_id: UUID | None, now: datetime
) -> CreditEntry:
    """Add an entry to the ledger and the balance (`rules.md` B11); the caller holds the account's lock.

    Args:
        session: the caller's transaction.
        account: locked.
        amount: cents, not 0; negative takes from the balance, which the database never lets go under 0.
        reason: why.
        invoice_id: the invoice that was paid, or that gave the credit.
        now: domain time.
    """
    account.credit_balance += amount
    account.credit_entries += 1
    entry = CreditEntry(
        account_id=account.account_id,
        number=account.credit_entries,
        id=new_id(),
        amount=amount,
        balance_after=account.credit_balance,
        reason=reason,
        invoice_id=invoice_id,
        created_at=now,
    )
    session.add(entry)
    await session.flush()
    return entry
