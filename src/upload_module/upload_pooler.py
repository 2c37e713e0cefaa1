"""The work of the upload stage: claimed row -> delivery -> what to record."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from core.claim_loop import Done
from core.errors import DestinationUnavailable, UploadError
from core.file_links import FileLinks
from core.models import Destination, Download, MediaFile, SameBy, Settlement, Status
from core.queries import Queries
from core.store import Store
from upload_module.courier import LOOK_AGAIN, Courier
from upload_module.deliverables import Deliverables
from upload_module.earlier_posts import EarlierPosts
from upload_module.finished_files import FinishedFiles
from upload_module.likeness import Likeness
from upload_module.s3_address import is_s3
from upload_module.virus_check import VirusCheck

COMPARED_WITHIN = 10.0  # seconds after the delivery; nobody waits longer for a hint


class UploadPooler:
    """Hands each claimed row to the courier of its destination."""

    def __init__(
        self,
        *,
        store: Store,
        queries: Queries,
        couriers: Mapping[Destination, Courier],
        store_courier: Courier,
        finished: FinishedFiles,
        cleanup: bool,
        virus_check: VirusCheck | None = None,
        posts: EarlierPosts | None = None,
        likeness: Likeness | None = None,
        links: FileLinks | None = None,
    ) -> None:
        self._store = store
        self._queries = queries
        self._couriers = couriers
        self._store_courier = store_courier
        self._finished = finished
        self._cleanup = cleanup
        self._virus_check = virus_check
        self._posts = posts
        self._likeness = likeness
        self._links = links

    async def work(self, claim: Download) -> Done:
        """Deliver one download.

        Raises:
            UploadError: it could not be delivered, or not yet.
        """
        files = await self._queries.files(claim.id)
        if not files and claim.same_by is SameBy.LINK:
            if self._posts is None:
                raise DestinationUnavailable(retry_after=LOOK_AGAIN)
            return Done(await self._posts.settle(claim))
        if not files:
            raise UploadError("This download has no files. Ask for the link again.")

        async def tell(activity: str) -> None:
            await self._store.write(claim, activity=activity)

        await tell("preparing")
        if self._virus_check is not None:  # before ffmpeg or Pillow read a byte
            await self._virus_check.look(claim, files, tell)
        moved_to: Path | None = None
        try:
            async with self._compared(claim, files):
                moved_to = await self._courier_of(claim).deliver(claim, files, tell)
        except asyncio.CancelledError:
            if not await self._is_posted(claim):
                raise
        file_path: str | None = claim.file_path
        # All is recorded now: should this process die here, the next one needs no file to see that nothing is left.
        if moved_to is not None:
            await self._finished.remove(claim)
            file_path = str(moved_to)
        elif self._cleanup and not await self._is_linked(claim):
            await self._finished.remove(claim)
            file_path = None
        return Done(Settlement(Status.UPLOADED, {"attempts": 0, "progress": 100.0, "file_path": file_path}))

    @asynccontextmanager
    async def _compared(self, claim: Download, files: Sequence[MediaFile]) -> AsyncIterator[None]:
        """Beside the delivery, look whether all this was posted before; the files must be here for both."""
        if self._likeness is None:
            yield
            return
        comparing = asyncio.create_task(self._likeness.compare(claim, files), name=f"comparing {claim.id}")
        try:
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(COMPARED_WITHIN):
                    await comparing
        finally:
            comparing.cancel()
            await asyncio.gather(comparing, return_exceptions=True)

    def _courier_of(self, claim: Download) -> Courier:
        """A store is asked for as a folder whose path is an address: `{"to": "s3://bucket/prefix"}`."""
        if claim.destination is Destination.FOLDER and is_s3(claim.options.get("to")):
            return self._store_courier
        return self._couriers[claim.destination]

    async def _is_posted(self, claim: Download) -> bool:
        """Whether all messages are there: then it is too late to cancel, and nothing is left for another try."""
        rows = Deliverables(await self._queries.all_files(claim.id))
        return all(file.delivered_message_id is not None for file in rows.sources)

    async def _is_linked(self, claim: Download) -> bool:
        """Whether somebody has a link to one of the files here, which would lead nowhere without it."""
        return self._links is not None and bool(await self._links.live_downloads([claim.id]))

    async def discard(self, download_id: int) -> None:
        """Remove the files of a download that needs them no more."""
        download = await self._queries.get(download_id)
        if download is not None:
            await self._finished.remove(download)
