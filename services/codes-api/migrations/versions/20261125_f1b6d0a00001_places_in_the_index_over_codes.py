"""The index over codes holds their places too.

Revision: f1b6d0a00001
Follows: e7a4c0f00001
"""

from alembic import op

revision = "f1b6d0a00001"
down_revision = "e7a4c0f00001"
branch_labels = None
depends_on = None

NAME = "uq_access_codes_account_id_project_id_code"
KEY = "account_id, project_id, code"


def upgrade() -> None:
    op.execute(f"ALTER TABLE access_codes DROP CONSTRAINT {NAME}")
    op.execute(f"ALTER TABLE access_codes ADD CONSTRAINT {NAME} UNIQUE ({KEY}) INCLUDE (batch_id, position)")


def downgrade() -> None:
    op.execute(f"ALTER TABLE access_codes DROP CONSTRAINT {NAME}")
    op.execute(f"ALTER TABLE access_codes ADD CONSTRAINT {NAME} UNIQUE ({KEY})")
