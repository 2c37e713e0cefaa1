"""What the admin set for single sites: cookies, proxy, rates, options of the libraries. One TOML file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The rules for one site; the defaults are those of a site that nobody named."""

    name: str = ""
    cookies: Path | None = None  # a Netscape cookie file
    proxy: str | None = None  # http://..., socks5://...
    rate: int | None = None  # bytes a second for each download
    connections: int | None = None  # to each of its hosts, for each file
    concurrent: int | None = None  # downloads at once
    use_library: bool = True  # False: the command-line program
    fall_back: bool = True  # to the other of the two when one fails with a fault of its own
    options: Mapping[str, Any] = field(default_factory=dict)  # as the library spells them


@dataclass(frozen=True, slots=True)
class Sites:
    """All sites with rules."""

    by_host: Mapping[str, Site] = field(default_factory=dict)

    def of(self, url: str) -> Site:
        """The rules for a URL."""
        raise NotImplementedError
