"""The web page: links that expire."""

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add what is new."""
