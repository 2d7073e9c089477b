"""Imports every model, so that `metadata` is whole for alembic and for the tests over it."""

from codes_api.base import Base
from codes_api.chats import models as _chats
from codes_api.codes import models as _codes
from codes_api.memberships import models as _memberships
from codes_api.projects import models as _projects
from codes_api.tenants import models as _tenants
from codes_api.webhooks import models as _webhooks

metadata = Base.metadata

GLOBAL_TABLES = frozenset({_projects.Bot.__tablename__})
"""Not tenant data: the directory that leads from a bot, which Telegram names alone, to its tenant."""

__all__ = ["GLOBAL_TABLES", "_chats", "_codes", "_memberships", "_projects", "_tenants", "_webhooks", "metadata"]
