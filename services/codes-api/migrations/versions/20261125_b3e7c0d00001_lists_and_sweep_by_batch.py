"""Lists and the sweep go by batches: an index of open codes, and batches that know when they were swept.

Revision: b3e7c0d00001
Follows: c3a1f0e20003
"""

import sqlalchemy as sa
from alembic import op

revision = "b3e7c0d00001"
down_revision = "c3a1f0e20003"
branch_labels = None
depends_on = None

OPEN = "redeemed_at IS NULL AND revoked_at IS NULL"
UNSWEPT = "swept_at IS NULL AND status = 'ready' AND expires_at IS NOT NULL"


def upgrade() -> None:
    # Batches that were swept before this one are marked by the sweep's next runs, which find no open code in them.
    op.add_column("batches", sa.Column("swept_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_batches_swept_at"), "batches", "swept_at IS NULL OR (status = 'ready' AND swept_at >= expires_at)"
    )
    op.create_index("ix_batches_plan", "batches", ["account_id", "project_id", "plan_id", "id"])
    op.create_index("ix_batches_unswept", "batches", ["expires_at"], postgresql_where=sa.text(UNSWEPT))
    op.create_index(
        "ix_access_codes_open",
        "access_codes",
        ["account_id", "project_id", "batch_id", "position"],
        postgresql_where=sa.text(OPEN),
    )
    op.drop_index("ix_access_codes_sweep", table_name="access_codes")


def downgrade() -> None:
    op.create_index(
        "ix_access_codes_sweep",
        "access_codes",
        ["expires_at"],
        postgresql_where=sa.text(f"{OPEN} AND expires_at IS NOT NULL"),
    )
    op.drop_index("ix_access_codes_open", table_name="access_codes")
    op.drop_index("ix_batches_unswept", table_name="batches")
    op.drop_index("ix_batches_plan", table_name="batches")
    op.drop_constraint(op.f("ck_batches_swept_at"), "batches")
    op.drop_column("batches", "swept_at")
