"""alembic's environment for database `codes`."""

from codes_api.schema import metadata
from codes_api.settings import MigrationSettings
from shared.migrate import run_migrations

run_migrations(MigrationSettings().codes_database_url, metadata)
