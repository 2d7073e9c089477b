"""The HTTP face of codes-api: one file a public resource, `internal_*.py` for other services."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter

from codes_api.api import (
    batches,
    bots,
    chats,
    codes,
    imports,
    internal_batches,
    internal_bots,
    internal_chats,
    internal_due,
    internal_members,
    internal_redemptions,
    internal_statistics,
    internal_tenants,
    internal_webhooks,
    memberships,
    payment_methods,
    plans,
    projects,
    sheets,
    statistics,
    webhook_deliveries,
    webhook_docs,
    webhooks,
)

PUBLIC_ROUTERS: Sequence[APIRouter] = (
    projects.router,
    bots.router,
    chats.router,
    payment_methods.router,
    plans.router,
    batches.router,
    imports.router,
    codes.router,
    memberships.router,
    statistics.router,
    sheets.router,
    webhooks.router,
    webhook_deliveries.router,
)
# A request asks the routers one after the other, and redeeming is what there is most of.
INTERNAL_ROUTERS: Sequence[APIRouter] = (
    internal_redemptions.router,
    internal_members.router,
    internal_tenants.router,
    internal_bots.router,
    internal_chats.router,
    internal_batches.router,
    internal_due.router,
    internal_statistics.router,
    internal_webhooks.router,
)

TAGS: Sequence[dict[str, Any]] = (
    {"name": "Projects", "description": "A project is one community: its bot, its plans, its codes."},
    {"name": "Bots", "description": "Connect the project's Telegram bot and your own chat with it."},
    {"name": "Private chats", "description": "The groups and channels that your members are let into, and out of."},
    {"name": "Membership plans", "description": "What a redeemed code gives its member."},
    {"name": "Batches", "description": "Generate codes in bulk; a background job writes and delivers them."},
    {"name": "Imports", "description": "Bring unredeemed codes of another system."},
    {"name": "Access codes", "description": "Find, export and revoke codes; each with its history."},
    {"name": "Memberships", "description": "Who is in, since when, until when."},
    webhook_docs.TAG,
    {"name": "Statistics", "description": "What became of your codes, as figures and as a picture."},
)
