"""Media that is known is not fetched again: its message in this channel is named, or its kept files are taken."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from loguru import logger

from core import finished_mark
from core.attempt import Done
from core.earlier import UNSAME, Before, Earlier, as_same
from core.errors import SameIsFetched
from core.first import LONGEST_WAIT, fetch_key
from core.layout import STAGING, Layout
from core.models import Destination, Download, MediaFile, NewMediaFile, SameBy, Settlement, Status
from core.queries import Queries
from core.store import Store
from download_module.url_detector import Identity

KNOWN = ("title", "extractor", "author", "duration_seconds", "thumbnail_url")  # columns that the same media shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Answers rows of media that is known."""

    earlier: Earlier
    queries: Queries
    store: Store
    layout: Layout
    days: float  # 0: never

    async def answer(self, claim: Download, identity: Identity | None) -> Done | None:
        """How a row ends without being fetched; None when it must be.

        The upload stage looks whether the message is still there, and has the row fetched when it is not.

        Args:
            claim: the row.
            identity: what its link is of.

        Raises:
            SameIsFetched: another download fetches or delivers the same now; the row is to be given back.
        """
        if claim.same_by is not None:  # of an earlier try
            await self.store.write(claim, **UNSAME)
        if identity is None or not self.days or claim.options.get("force") or claim.options.get("live"):
            return None
        if (await self.queries.guild_preferences(claim.guild_id)).repost:
            return None
        found = await self.earlier.of_media(claim, identity.site, identity.id, days=self.days)
        # Of one that is being delivered: its message will be named, else its files are taken.
        soon_here = [one for one in found if not one.download.is_over and _is_answered_by_message(claim, one)]
        known = await self._known(claim, identity, [one for one in found if one not in soon_here])
        if known is None:
            await self._wait_for_first(claim, identity)
            known = await self._known(claim, identity, soon_here)
        return known

    async def _known(self, claim: Download, identity: Identity, found: Sequence[Before]) -> Done | None:
        log = logger.bind(download=claim.id)
        for before in found:  # also a message that is older than files elsewhere: those would be posted here once more
            if done := self._posted(claim, identity, before):
                log.bind(same_as=before.download.id).info("was posted here already")
                return done
        for before in found:
            if done := await self._kept(claim, identity, before):
                log.bind(same_as=before.download.id).info("is here already")
                return done
        return None

    async def _wait_for_first(self, claim: Download, identity: Identity) -> None:
        key = fetch_key(claim, identity.site, identity.id)
        first = await self.store.enter_media(claim, key) if key is not None else None
        if first is not None:
            raise SameIsFetched(first=first, key=key, retry_after=LONGEST_WAIT)

    def _posted(self, claim: Download, identity: Identity, before: Before) -> Done | None:
        # With `same_as` alone, a message was named before that can't be read now: the next one could not be, either.
        unreadable = claim.same_as is not None and claim.same_by is None
        if unreadable or before.message is None or not _is_answered_by_message(claim, before):
            return None
        if not before.download.is_over:  # some of its files may still be deleted, or sent again
            return None
        values = _shared(before, identity) | as_same(before, SameBy.LINK) | {"file_path": None, "file_size": None}
        return Done(Settlement(Status.DOWNLOADED, values), files=())

    async def _kept(self, claim: Download, identity: Identity, before: Before) -> Done | None:
        paths = [Path(file.path) for file in before.files]
        if not paths or not before.download.file_path or not _all_here(before.files):
            return None
        home, workshop = self.layout.home(claim), self.layout.root / STAGING / f"{claim.id}-{claim.epoch}"
        try:
            made = await asyncio.to_thread(_take, paths, home, claim.url, workshop)
        except OSError as error:  # removed at this moment, or no room
            logger.bind(download=claim.id).debug("kept files could not be taken: {}", error)
            return None
        files = tuple(_as_new(file, path, claim.url) for file, path in zip(before.files, made, strict=True))
        size = sum(file.bytes for file in files)
        values = _shared(before, identity) | {"file_path": str(home), "file_size": size}
        return Done(Settlement(Status.DOWNLOADED, values), files=files)


def _is_answered_by_message(claim: Download, before: Before) -> bool:
    # An entry of a playlist has no card that could name the message.
    asked_here = claim.destination is Destination.DISCORD and claim.upload and claim.parent_id is None
    posts = before.download.destination is Destination.DISCORD
    return bool(asked_here and posts and before.may_be_named_to(claim))


def _shared(before: Before, identity: Identity) -> dict[str, object]:
    shared = {name: getattr(before.download, name) for name in KNOWN}
    fetched = {"progress": 100, "attempts": 0, "available_at": None}
    return shared | fetched | {"site": identity.site, "media_id": identity.id}


def _all_here(files: Sequence[MediaFile]) -> bool:
    paths = [(Path(file.path), file.bytes) for file in files]
    return all(path.is_file() and path.stat().st_size == size for path, size in paths)


def _take(paths: Sequence[Path], home: Path, url: str, workshop: Path) -> list[Path]:
    """Files of another download as files of this one: the same bytes under a second name, where the disk can."""
    if home.exists():
        raise FileExistsError(home)  # of an earlier try; the usual way knows what to do with it
    making = workshop / "taken"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    for path in paths:
        try:
            os.link(path, making / path.name)
        except OSError:
            shutil.copy2(path, making / path.name)
    finished_mark.mark(making, url)
    home.parent.mkdir(parents=True, exist_ok=True)
    making.rename(home)
    with suppress(OSError):  # what an earlier try staged is swept with the rest
        workshop.rmdir()
    return [home / path.name for path in paths]


def _as_new(file: MediaFile, path: Path, url: str) -> NewMediaFile:
    known = {name: value for name, value in asdict(file).items() if name in {one.name for one in fields(NewMediaFile)}}
    return NewMediaFile(**known | {"path": str(path), "source_url": url})
