"""alembic's environment for database `billing`."""

from billing_api.schema import metadata
from billing_api.settings import MigrationSettings
from shared.migrate import run_migrations

run_migrations(MigrationSettings().billing_database_url, metadata)
