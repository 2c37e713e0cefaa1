"""From the files that gallery-dl found to outputs that can be fetched."""

import re
from dataclasses import replace
from pathlib import PurePosixPath

from download_module.extractors.gallerydl_answer import File
from download_module.names import clean_name, kind_of
from download_module.plan import Kind, Output, Part

UNWANTED_HEADERS = frozenset(
    ("accept-encoding", "range", "host", "content-length", "connection", "cookie", "transfer-encoding", "te")
)
# Control characters and spaces end a header or an address early, and begin another thing after it.
_ADDRESS = re.compile(r"https?://[^\x00-\x20\x7f]+")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")


def output_of(file: File) -> Output | None:
    """One file of a post; None when its address is none."""
    if file.text is not None:
        return Output(
            filename=clean_name(file.name or "text.txt"),
            kind=Kind.DOCUMENT,
            parts=(Part(content=file.text.encode(errors="replace")),),
        )
    if not _ADDRESS.fullmatch(file.url):
        return None
    name = clean_name(file.name.rstrip("."), fallback="file")
    part = Part(
        uris=(file.url,),
        headers=_headers(file),
        identity=file.url,  # what a site of pictures once gave an address does not change
        fallbacks=tuple(url for url in file.fallbacks if _ADDRESS.fullmatch(url)),
    )
    return Output(filename=name, kind=kind_of(None, name), parts=(part,), description=file.alt or None)


def named_after(output: Output, file: File) -> Output:
    """What yt-dlp made of a file, with the name and the words that it has in its post."""
    stem = PurePosixPath(clean_name(file.name)).stem if file.name else PurePosixPath(output.filename).stem
    name = clean_name(stem + PurePosixPath(output.filename).suffix)
    return replace(output, filename=name, description=file.alt or output.description)


def _headers(file: File) -> tuple[tuple[str, str], ...]:
    pairs = [(name, value) for name, value in file.headers.items() if name.lower() not in UNWANTED_HEADERS]
    if file.cookie:
        pairs.append(("Cookie", file.cookie))
    return tuple(
        (name, value) for name, value in pairs if _HEADER_NAME.fullmatch(name) and _HEADER_VALUE.fullmatch(value)
    )
