"""Tombstones stay where they were: an open code of a swept batch is one, and the table of them is gone.

Revision: e7a4c0f00001
Follows: d5f2a0e50001
"""

import sqlalchemy as sa
from alembic import op

revision = "e7a4c0f00001"
down_revision = "d5f2a0e50001"
branch_labels = None
depends_on = None

KEPT = "account_id, project_id, batch_id, position, code, plan_id, expires_at"
OF_BATCH = "c.account_id = b.account_id AND c.project_id = b.project_id AND c.batch_id = b.id"


def upgrade() -> None:
    op.add_column("batches", sa.Column("forgotten_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_batches_forgotten_at"),
        "batches",
        "forgotten_at IS NULL OR (swept_at IS NOT NULL AND forgotten_at >= swept_at)",
    )
    # Batches are forgotten as a whole now. Those that have lost tombstones already lose the rest of them here.
    op.execute(
        f"""
        UPDATE batches b SET forgotten_at = swept_at
        WHERE swept_at IS NOT NULL
          AND quantity > (SELECT count(*) FROM access_codes c WHERE {OF_BATCH})
                         + (SELECT count(*) FROM expired_codes c WHERE {OF_BATCH})
        """  # noqa: S608  # our own words
    )
    op.execute(
        f"""
        INSERT INTO access_codes ({KEPT})
        SELECT {KEPT} FROM expired_codes c
        WHERE EXISTS (SELECT FROM batches b WHERE {OF_BATCH} AND b.forgotten_at IS NULL)
        ORDER BY account_id, project_id, code
        """  # noqa: S608  # our own words
    )
    op.drop_table("expired_codes")
    op.create_index(
        "ix_batches_buried",
        "batches",
        ["swept_at"],
        postgresql_where=sa.text("swept_at IS NOT NULL AND forgotten_at IS NULL"),
    )


def downgrade() -> None:
    op.create_table(
        "expired_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=64, collation="C"), nullable=False),
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "project_id", "batch_id", "position", name=op.f("pk_expired_codes")),
        sa.UniqueConstraint("account_id", "project_id", "code", name=op.f("uq_expired_codes_account_id_project_id_code")),
    )
    op.create_index("ix_expired_codes_deleted_at", "expired_codes", ["deleted_at"])
    op.create_index("ix_expired_codes_last_group", "expired_codes", [sa.text('"right"(code, 4)')], postgresql_using="hash")
    op.execute(
        f"""
        WITH gone AS (
            DELETE FROM access_codes c USING batches b
            WHERE {OF_BATCH} AND b.swept_at IS NOT NULL AND c.redeemed_at IS NULL AND c.revoked_at IS NULL
            RETURNING c.*, b.swept_at
        )
        INSERT INTO expired_codes ({KEPT}, deleted_at) SELECT {KEPT}, swept_at FROM gone
        """  # noqa: S608  # our own words
    )
    op.drop_index("ix_batches_buried", table_name="batches")
    op.drop_constraint(op.f("ck_batches_forgotten_at"), "batches")
    op.drop_column("batches", "forgotten_at")
