"""Imported codes: up to 64 characters, in projects that say so.

Revision: c3a1f0e20003
Follows: c3a1f0e20002
"""

import sqlalchemy as sa
from alembic import op

revision = "c3a1f0e20003"
down_revision = "c3a1f0e20002"
branch_labels = None
depends_on = None

WIDENED = {"access_codes": "C", "expired_codes": "C", "refused_attempts": None, "memberships": None}
"""Tables with the collation of their `code`."""


def upgrade() -> None:
    # A longer varchar rewrites no table: only the index over "right"(code, 4) is built anew.
    for table in WIDENED:
        _resize(table, 64)
    op.add_column("projects", sa.Column("has_imports", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("batches", sa.Column("imported", sa.Boolean(), server_default="false", nullable=False))


def downgrade() -> None:
    op.drop_column("batches", "imported")
    op.drop_column("projects", "has_imports")
    for table in WIDENED:
        _resize(table, 16)


def _resize(table: str, length: int) -> None:
    op.alter_column(table, "code", type_=sa.String(length=length, collation=WIDENED[table]))
