"""Sales with their fees, and the fee rates that held when.

Revision: d4b200000002
Follows: d4b200000001
"""

import sqlalchemy as sa
from alembic import op

revision = "d4b200000002"
down_revision = "d4b200000001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fee_rates",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("plan_code", sa.String(length=64), nullable=False),
        sa.Column("fee_rate", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.CheckConstraint("fee_rate >= 0 AND fee_rate <= 1", name=op.f("ck_fee_rates_fee_rate")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_fee_rates_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "since", name=op.f("pk_fee_rates")),
    )
    op.create_table(
        "sales",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("via", sa.String(length=32), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fee_rate", sa.Numeric(precision=7, scale=6), nullable=False),
        sa.Column("usd_per_unit", sa.Numeric(precision=24, scale=12), nullable=True),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_sales_amount")),
        sa.CheckConstraint("fee >= 0", name=op.f("ck_sales_fee")),
        sa.CheckConstraint("via <> 'stripe_connect' OR fee = 0", name=op.f("ck_sales_withheld")),
        sa.CheckConstraint("(via = 'stripe_connect') = (usd_per_unit IS NULL)", name=op.f("ck_sales_usd_per_unit")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_sales_account_id_accounts")),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("pk_sales")),
        sa.UniqueConstraint("account_id", "external_id", name=op.f("uq_sales_account_id_external_id")),
    )
    op.execute("CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON sales FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.add_column("usage_items", sa.Column("sale_id", sa.Uuid(), nullable=True))
    op.alter_column("usage_items", "batch_id", existing_type=sa.Uuid(), nullable=True)
    op.alter_column("usage_items", "quantity", existing_type=sa.Integer(), nullable=True)
    op.create_unique_constraint(op.f("uq_usage_items_account_id_sale_id"), "usage_items", ["account_id", "sale_id"])
    op.create_foreign_key(
        op.f("fk_usage_items_account_id_sale_id_sales"),
        "usage_items",
        "sales",
        ["account_id", "sale_id"],
        ["account_id", "id"],
    )
    op.create_check_constraint(
        op.f("ck_usage_items_kind"),
        "usage_items",
        "num_nonnulls(batch_id, sale_id) = 1 AND (batch_id IS NULL) = (quantity IS NULL)",
    )
    _note_present_rates()


def _note_present_rates() -> None:
    """Which plans accounts were on before is not known: the present plan's rate stands for their whole life so far."""
    op.execute(
        "INSERT INTO fee_rates (account_id, since, plan_code, fee_rate) SELECT a.account_id, a.created_at, p.code, p.fee_rate "
        "FROM accounts a JOIN subscriptions s ON s.account_id = a.account_id "
        "JOIN plans p ON p.account_id = s.plan_owner_id AND p.code = s.plan_code"
    )


def downgrade() -> None:
    op.drop_constraint(op.f("ck_usage_items_kind"), "usage_items", type_="check")
    op.drop_constraint(op.f("fk_usage_items_account_id_sale_id_sales"), "usage_items", type_="foreignkey")
    op.drop_constraint(op.f("uq_usage_items_account_id_sale_id"), "usage_items", type_="unique")
    # A fee of a sale has no place in the older tables, so that it is refused rather than lost.
    op.alter_column("usage_items", "quantity", existing_type=sa.Integer(), nullable=False)
    op.alter_column("usage_items", "batch_id", existing_type=sa.Uuid(), nullable=False)
    op.drop_column("usage_items", "sale_id")
    op.drop_table("sales")
    op.drop_table("fee_rates")
