"""All parsers of ours that read what strangers write: functions of bytes that fail when something is wrong."""

from collections.abc import Callable
from pathlib import Path

from tests.fuzz import documents, indexes, links

CORPUS = Path(__file__).with_name("corpus")
TARGETS: dict[str, Callable[[bytes], None]] = {
    function.__name__: function
    for function in (
        links.links,
        links.magnets,
        links.names,
        links.heads,
        links.options,
        documents.torrents,
        documents.metalinks,
        documents.playlists,
        documents.fragments,
        indexes.mp4,
        indexes.webm,
        indexes.packets,
    )
}


def corpus_of(name: str) -> list[Path]:
    """The kept inputs of a target: good ones to begin with, and those that once were too much for it."""
    return sorted((CORPUS / name).iterdir())
