"""Lists and the sweep go by batches: an index of open codes, batches that know when they were swept, last groups hashed.

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
LAST_GROUP = sa.text('"right"(code, 4)')
UNSWEPT = "swept_at IS NULL AND status = 'ready' AND expires_at IS NOT NULL"


def upgrade() -> None:
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
    for table in ("access_codes", "expired_codes"):
        op.drop_index(f"ix_{table}_last_group", table_name=table)
        op.create_index(f"ix_{table}_last_group", table, [LAST_GROUP], postgresql_using="hash")
    # What was swept whole before. Batches whose codes were all redeemed are left to the sweep's next runs.
    op.execute(
        """
        UPDATE batches b SET swept_at = expires_at
        WHERE status = 'ready'
          AND EXISTS (SELECT FROM expired_codes c
                      WHERE c.account_id = b.account_id AND c.project_id = b.project_id AND c.batch_id = b.id)
          AND NOT EXISTS (SELECT FROM access_codes c
                          WHERE c.account_id = b.account_id AND c.project_id = b.project_id AND c.batch_id = b.id
                            AND redeemed_at IS NULL AND revoked_at IS NULL)
        """
    )


def downgrade() -> None:
    for table in ("access_codes", "expired_codes"):
        op.drop_index(f"ix_{table}_last_group", table_name=table)
        op.create_index(f"ix_{table}_last_group", table, ["account_id", "project_id", LAST_GROUP])
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
