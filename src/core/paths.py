"""Where the files that belong to the program lie, in a checkout and in an installed wheel."""

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def program_file(name: str) -> Path:
    """The path of `migrations` or `aria2.conf`: the checkout's, else the one installed below sys.prefix."""
    in_checkout = CHECKOUT / name
    return in_checkout if in_checkout.exists() else Path(sys.prefix) / "share" / "boss-bot" / name
