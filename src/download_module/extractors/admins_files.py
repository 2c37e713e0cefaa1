"""The files that an admin's options for the libraries name: an extractor's child may read them, and no others."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from download_module.sites import Sites

NAMING = ("cookies", "cookiefile")  # options whose text is the path of a file


def admins_files(sites: Sites) -> tuple[Path, ...]:
    """Those of all sites. A site's own cookies are none of them: a child gets what is in them, for one site alone."""
    return named_files(*(site.options for site in (sites.others, *sites.by_host.values())))


def named_files(*options: Any) -> tuple[Path, ...]:
    """The files that trees of options name."""
    return tuple(sorted({Path(text).expanduser().absolute() for tree in options for text in _named(tree)}))


def _named(options: Any) -> Iterator[str]:
    if isinstance(options, Mapping):
        for name, value in options.items():
            if name in NAMING and isinstance(value, str):
                yield value
            else:
                yield from _named(value)
