"""The HTTP face of billing-api: one file a public resource, `internal.py` for other services."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends
from shared.auth import require_operator

from billing_api.api import (
    accounts,
    internal,
    invoice_pdf,
    invoices,
    operator,
    payment_methods,
    plans,
    sales,
    sandbox,
    stripe_webhook,
    subscription,
    usage,
)
from billing_api.settings import Settings

TAGS: Sequence[dict[str, Any]] = (
    {"name": "Accounts", "description": "Open an account; see what it is on and what it has."},
    {"name": "API keys", "description": "Keys of one account all have the same rights."},
    {"name": "Plans", "description": "The platform's plans: prices, limits, fees."},
    {"name": "Subscription", "description": "The plan an account is on. Every change can be previewed."},
    {"name": "Usage", "description": "What is used of the plan, and the fees that wait for the next invoice."},
    {"name": "Payment methods", "description": "The default one is charged."},
    {"name": "Invoices", "description": "Numbered without gaps for each account."},
    {"name": "Credit", "description": "The balance pays invoices before any payment method does."},
    {"name": "Operators", "description": "By the operator's key: `Authorization: Bearer <OPERATOR_KEY>`."},
    {"name": "Webhooks", "description": "What payment processors say. Only with the processor that is in use."},
    {"name": "Sandbox", "description": "Only in the local stack: the clock that all services share. By the operator's key."},
)


def build_routers(settings: Settings) -> list[APIRouter]:
    """Every router of the service, each behind its guard."""
    operators = APIRouter(dependencies=[Depends(require_operator(settings.operator_key))])
    operators.include_router(operator.router)
    operators.include_router(sales.router)
    for_services = [internal.router]
    if settings.sandbox:
        operators.include_router(sandbox.router)
        for_services.append(sandbox.internal_router)
    by_processor = [stripe_webhook.router] if settings.payment_processor == "stripe" else []
    return [
        *for_services,  # a request asks the routers one after the other, and most requests come from codes-api
        *by_processor,
        accounts.router,
        plans.router,
        subscription.router,
        usage.router,
        payment_methods.router,
        invoices.router,
        invoice_pdf.router,
        operators,
    ]
