"""Private chats, the links made for members, and which end a member was reminded of.

Revision: d5f2a0e50001
Follows: b3e7c0d00001
"""

import sqlalchemy as sa
from alembic import op

revision = "d5f2a0e50001"
down_revision = "b3e7c0d00001"
branch_labels = None
depends_on = None

UNREMINDED = (
    "status = 'active' AND ends_at IS NOT NULL AND ends_at - starts_at > '1 day'::interval "
    "AND (reminded_for IS NULL OR reminded_for < ends_at)"
)


def upgrade() -> None:
    op.create_table(
        "project_chats",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble_since", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("chat_id < 0", name=op.f("ck_project_chats_chat_id")),
        sa.ForeignKeyConstraint(
            ["account_id", "project_id"],
            ["projects.account_id", "projects.id"],
            name=op.f("fk_project_chats_account_id_project_id_projects"),
        ),
        sa.PrimaryKeyConstraint("account_id", "project_id", "chat_id", name=op.f("pk_project_chats")),
        sa.UniqueConstraint("account_id", "chat_id", name=op.f("uq_project_chats_account_id_chat_id")),
    )
    op.create_table(
        "chat_invites",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("telegram_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("chat_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("link", sa.String(length=255), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id", "project_id", "chat_id"],
            ["project_chats.account_id", "project_chats.project_id", "project_chats.chat_id"],
            name=op.f("fk_chat_invites_account_id_project_id_chat_id_project_chats"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "project_id", "telegram_id", "chat_id", name=op.f("pk_chat_invites")),
    )
    op.add_column("memberships", sa.Column("reminded_for", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_memberships_unreminded", "memberships", ["ends_at"], postgresql_where=sa.text(UNREMINDED))


def downgrade() -> None:
    op.drop_index("ix_memberships_unreminded", table_name="memberships")
    op.drop_column("memberships", "reminded_for")
    op.drop_table("chat_invites")
    op.drop_table("project_chats")
