"""A hint for the card: the files that are delivered now are the same as, or look like, what was posted before."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from loguru import logger

from core.deliveries import Deliveries
from core.earlier import Before, Earlier, as_same
from core.errors import RowChanged
from core.ffmpeg_run import Ffmpeg
from core.models import Destination, Download, MediaFile, SameBy
from core.store import Store
from upload_module.fingerprints import KINDS, MAX_FILES, fingerprint
from upload_module.looks import look_alike


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Compares a download with the earlier ones of its channel."""

    store: Store
    deliveries: Deliveries
    earlier: Earlier
    ffmpeg: Ffmpeg
    days: float

    async def compare(self, claim: Download, files: Sequence[MediaFile]) -> None:
        """Note what the files look like, and the earlier download that they are the same as. Nothing fails by it."""
        if claim.destination is not Destination.DISCORD or not self.days:
            return
        try:
            seen = await self._seen(claim, files)
            if claim.options.get("force"):
                return
            before = await self.earlier.with_files(claim, seen, days=self.days)
            same = await asyncio.to_thread(the_same, seen, before)
            if same is not None:
                await self.store.write(claim, **as_same(*same))
        except RowChanged:
            logger.bind(download=claim.id).debug("lost the row while its files were looked at")

    async def _seen(self, claim: Download, files: Sequence[MediaFile]) -> list[MediaFile]:
        if len(files) > MAX_FILES:
            return list(files)
        seen = []
        for file in files:
            hash_ = file.perceptual_hash
            if hash_ is None and file.kind in KINDS:
                hash_ = await fingerprint(self.ffmpeg, file)
                if hash_ is not None:
                    await self.deliveries.record_looks(claim, file.id, hash_)
            seen.append(replace(file, perceptual_hash=hash_))
        return seen


def the_same(files: Sequence[MediaFile], before: Sequence[Before]) -> tuple[Before, SameBy] | None:
    """The newest earlier download with the same files; else the newest of which each file has its like here."""
    posted = [one for one in before if one.message is not None]
    sums = Counter(file.sha256 for file in files)
    if None not in sums:
        for one in posted:
            if Counter(file.sha256 for file in one.files) == sums:
                return one, SameBy.BYTES
    for one in posted:
        if len(one.files) == len(files) and all(map(look_alike, files, one.files)):
            return one, SameBy.LOOKS
    return None
