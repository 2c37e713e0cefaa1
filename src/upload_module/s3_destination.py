"""Delivers to a bucket of an S3-compatible store, each file once, whatever dies in between.

An object appears whole, under a key that follows from the download and the place of the file in it, and says what it
holds: who goes on after a crash finds nothing there, or the file itself. What is delivered is a link that expires.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from core.deliveries import Deliveries
from core.models import Download, MediaFile
from upload_module.courier import Tell
from upload_module.finished_files import checked
from upload_module.s3_address import S3Address, parse_s3
from upload_module.s3_store import S3Access, S3Content, S3Store, Sent

SHOWN = ("audio/", "image/", "video/")  # other types are not opened by browsers: a page could run scripts there
SCRIPTED = ("image/svg+xml",)
UNKNOWN = "application/octet-stream"
TELL_EVERY = 1.0  # seconds


class S3Courier:
    """Implements `Courier`."""

    def __init__(self, *, deliveries: Deliveries, access: S3Access) -> None:
        self._deliveries = deliveries
        self._access = access

    async def deliver(self, download: Download, files: Sequence[MediaFile], tell: Tell) -> Path | None:
        """See `Courier`."""
        address = parse_s3(download.options.get("to"))
        async with S3Store.open(self._access) as store:
            for number, file in enumerate(files, 1):
                if not _is_there(file, address):
                    place = f"sending {number}/{len(files)}"
                    await tell(place)
                    key = await self._put(store, download, file, address, _telling(tell, place, file.bytes))
                    link = await store.link(address.bucket, key)
                    await self._deliveries.record_target(download, file.id, url=link, path=file.path)
        return None

    async def _put(self, store: S3Store, download: Download, file: MediaFile, address: S3Address, sent: Sent) -> str:
        content = await content_of(file, checked(file))
        for key in address.keys(file):
            held = await store.holds(address.bucket, key, content)
            if held is False:  # of another bot with the same numbers, or of this download before it was fetched anew
                continue
            if not await self._deliveries.reserve_target(download, file.id, address.uri(key)):
                continue
            if held is None:
                await store.put(address.bucket, key, content, sent)
            return key
        raise AssertionError("there are endless keys")


async def content_of(file: MediaFile, path: Path) -> S3Content:
    """What a store is told of a file."""
    return S3Content(
        path=path,
        size=file.bytes,
        sha256=await asyncio.to_thread(_sha256, path) if file.sha256 is None else file.sha256,
        mime_type=_harmless(file.mime_type),
    )


def _is_there(file: MediaFile, address: S3Address) -> bool:
    """Whether a delivery to this bucket and prefix was recorded."""
    return file.delivered_url is not None and (file.nonce or "").startswith(address.uri())


def _telling(tell: Tell, place: str, size: int) -> Sent:
    told = time.monotonic()

    async def sent(count: int) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_EVERY:
            told = time.monotonic()
            await tell(f"{place}, {count * 100 // size} %")

    return sent


def _harmless(mime_type: str | None) -> str:
    return mime_type if mime_type and mime_type.startswith(SHOWN) and mime_type not in SCRIPTED else UNKNOWN


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
