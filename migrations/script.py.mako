"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Add what is new; never rebuild a table."""
    ${upgrades if upgrades else "op.execute(...)"}
