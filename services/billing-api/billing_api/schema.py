"""Imports every model, so that `metadata` is whole for alembic and for the tests over it."""

from billing_api.accounts import models as _accounts
from billing_api.base import Base
from billing_api.credit import models as _credit
from billing_api.due import models as _due
from billing_api.invoices import models as _invoices
from billing_api.payments import models as _payments
from billing_api.plans import models as _plans
from billing_api.quota import models as _quota
from billing_api.sandbox import models as _sandbox
from billing_api.subscriptions import models as _subscriptions
from billing_api.usage import models as _usage

metadata = Base.metadata

GLOBAL_TABLES = frozenset(
    {
        # The directory that leads to the tenant from what the outside names alone.
        _accounts.ApiKeyDirectory.__tablename__,
        # The platform's own.
        _plans.ExchangeRate.__tablename__,
        _sandbox.SandboxClockRow.__tablename__,
        # The sandbox processor's own books; it knows no tenants.
        _payments.SandboxCharge.__tablename__,
    }
)
"""Not tenant data."""

__all__ = ["GLOBAL_TABLES", "_credit", "_due", "_invoices", "_quota", "_subscriptions", "_usage", "metadata"]
