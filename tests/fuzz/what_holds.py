"""What must hold of everything that a parser makes of a stranger's bytes."""

import math
import re
import unicodedata
from collections.abc import Coroutine, Iterable
from typing import Any

from download_module.plan import Output, Part

CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
MAX_URI = 100_000  # characters; an address may grow when it is quoted
MAX_NAME = 200  # bytes


def at_once(work: Coroutine[Any, Any, Any]) -> Any:
    """What a coroutine returns that never has to wait."""
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    work.close()
    raise AssertionError("it waits for something")


def is_a_safe_name(name: str) -> None:
    """One component of a path, on any system."""
    assert 0 < len(name.encode()) <= MAX_NAME
    assert not set(name) & set('/\\:*?"<>|')
    assert name == name.strip(" .")
    assert name == unicodedata.normalize("NFC", name)
    assert not [one for one in name if unicodedata.category(one) in UNSEEN]
    assert name.partition(".")[0].strip().lower() not in RESERVED


def are_on_the_web(uris: Iterable[str], schemes: tuple[str, ...] = ("http://", "https://")) -> None:
    """Addresses that a fetcher may be given."""
    for uri in uris:
        assert uri.lower().startswith(schemes), uri
        assert not CONTROLS.search(uri), uri
        assert len(uri) <= MAX_URI


def is_a_sound_part(part: Part, schemes: tuple[str, ...] = ("http://", "https://")) -> None:
    """What aria2c may be given."""
    assert bool(part.uris) + (part.torrent is not None) + (part.content is not None) == 1
    are_on_the_web(part.uris, schemes)
    assert part.size is None or 0 <= part.size < 2**63
    assert part.checksum is None or re.fullmatch(
        r"sha-(1=[0-9a-f]{40}|256=[0-9a-f]{64}|512=[0-9a-f]{128})", part.checksum
    )
    assert not any(CONTROLS.search(name + value) for name, value in part.headers)
    assert all(first > 0 for first in part.files)


def is_a_sound_output(output: Output, schemes: tuple[str, ...] = ("http://", "https://")) -> None:
    """What is fetched under a name."""
    is_a_safe_name(output.filename)
    assert output.parts
    for part in output.parts:
        is_a_sound_part(part, schemes)


def is_a_time(seconds: float | None) -> None:
    """Finite, and not before the begin."""
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
