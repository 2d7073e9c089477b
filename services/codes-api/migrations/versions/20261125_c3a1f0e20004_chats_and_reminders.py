"""A project's private chats, and how far members were reminded of the end of their memberships.

Revision: c3a1f0e20004
Follows: b3e7c0d00001
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "c3a1f0e20004"
down_revision = "b3e7c0d00001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projects", sa.Column("chats", postgresql.JSONB(astext_type=sa.Text()), server_default="[]", nullable=False))
    op.create_check_constraint(op.f("ck_projects_chats"), "projects", "jsonb_array_length(chats) <= 5")
    op.create_table(
        "reminder_mark",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_reminder_mark_one")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_reminder_mark")),
    )


def downgrade() -> None:
    op.drop_table("reminder_mark")
    op.drop_constraint(op.f("ck_projects_chats"), "projects")
    op.drop_column("projects", "chats")
