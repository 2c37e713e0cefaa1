"""Where the files that belong to the program lie, in a checkout and in an installed wheel."""

import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SHARE = Path("share", "boss-bot")  # of the wheel's data; see `shared-data` in pyproject.toml


def program_file(name: str) -> Path:
    """The path of `migrations` or `aria2.conf`: the checkout's, else the one that the wheel brought."""
    in_checkout = CHECKOUT / name
    if in_checkout.exists():
        return in_checkout
    installed = [root / SHARE / name for root in _data_roots()]
    return next((path for path in installed if path.exists()), installed[0])


def _data_roots() -> Iterator[Path]:
    """Where installers put a wheel's data: the environment, `/usr/local` (Debian's pip), the home (`pip --user`)."""
    yield Path(sys.prefix)
    yield Path(sysconfig.get_path("data"))
    yield Path(sysconfig.get_path("data", sysconfig.get_preferred_scheme("user")))
    yield Path(__file__).resolve().parents[1]  # `pip install --target`: beside the packages
