"""What is stored, and for how long."""

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add what is new."""
