"""That a code's batch exists is checked once a statement instead of once a code (ADR 11).

Revision: e7a4f0010001
Follows: e7a4c0f00001
"""

from alembic import op

revision = "e7a4f0010001"
down_revision = "e7a4c0f00001"
branch_labels = None
depends_on = None

FOREIGN_KEY = "fk_access_codes_account_id_project_id_batch_id_batches"

# FOR KEY SHARE, as a foreign key does it: a batch that is being deleted is waited for, and one that is needed here can't be.
WRITTEN = """
CREATE FUNCTION access_codes_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM (SELECT DISTINCT account_id, project_id, batch_id FROM written) w
    WHERE NOT EXISTS (SELECT FROM batches b
                      WHERE b.account_id = w.account_id AND b.project_id = w.project_id AND b.id = w.batch_id
                      FOR KEY SHARE);
    IF FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'a code is of a batch that does not exist',
                                          TABLE = 'access_codes', CONSTRAINT = 'access_codes_batch';
    END IF;
    RETURN NULL;
END $$
"""

MOVED = """
CREATE FUNCTION access_codes_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM batches b
    WHERE b.account_id = NEW.account_id AND b.project_id = NEW.project_id AND b.id = NEW.batch_id
    FOR KEY SHARE;
    IF NOT FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'a code is of a batch that does not exist',
                                          TABLE = 'access_codes', CONSTRAINT = 'access_codes_batch';
    END IF;
    RETURN NULL;
END $$
"""

GONE = """
CREATE FUNCTION batches_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM access_codes c
    WHERE c.account_id = OLD.account_id AND c.project_id = OLD.project_id AND c.batch_id = OLD.id;
    IF FOUND THEN
        RAISE foreign_key_violation USING MESSAGE = 'a batch still has codes',
                                          TABLE = 'access_codes', CONSTRAINT = 'access_codes_batch';
    END IF;
    RETURN NULL;
END $$
"""

# A list of columns: an UPDATE of anything else does not even ask.
TRIGGERS = (
    """
    CREATE TRIGGER access_codes_batch_written AFTER INSERT ON access_codes REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION access_codes_written()
    """,
    """
    CREATE TRIGGER access_codes_batch_moved AFTER UPDATE OF account_id, project_id, batch_id ON access_codes
    FOR EACH ROW EXECUTE FUNCTION access_codes_moved()
    """,
    """
    CREATE TRIGGER access_codes_batch_deleted AFTER DELETE ON batches
    FOR EACH ROW EXECUTE FUNCTION batches_gone()
    """,
    """
    CREATE TRIGGER access_codes_batch_renamed AFTER UPDATE OF account_id, project_id, id ON batches
    FOR EACH ROW
    WHEN ((OLD.account_id, OLD.project_id, OLD.id) IS DISTINCT FROM (NEW.account_id, NEW.project_id, NEW.id))
    EXECUTE FUNCTION batches_gone()
    """,
)


def upgrade() -> None:
    op.drop_constraint(op.f(FOREIGN_KEY), "access_codes", type_="foreignkey")
    for statement in (WRITTEN, MOVED, GONE, *TRIGGERS):
        op.execute(statement)


def downgrade() -> None:
    for table, trigger in (
        ("access_codes", "access_codes_batch_written"),
        ("access_codes", "access_codes_batch_moved"),
        ("batches", "access_codes_batch_deleted"),
        ("batches", "access_codes_batch_renamed"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    for function in ("access_codes_written", "access_codes_moved", "batches_gone"):
        op.execute(f"DROP FUNCTION {function}()")
    op.create_foreign_key(
        op.f(FOREIGN_KEY),
        "access_codes",
        "batches",
        ["account_id", "project_id", "batch_id"],
        ["account_id", "project_id", "id"],
    )
