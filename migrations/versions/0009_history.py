"""Figures over time, and the health of sites."""

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add what is new."""
