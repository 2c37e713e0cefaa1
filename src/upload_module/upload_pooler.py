"""The work of the upload stage: claimed row -> delivery -> what to record."""

from collections.abc import Mapping

from core.claim_loop import Done
from core.errors import UploadError
from core.models import Destination, Download, Settlement, Status
from core.queries import Queries
from core.store import Store
from upload_module.courier import Courier
from upload_module.finished_files import FinishedFiles
from upload_module.s3_address import is_s3
from upload_module.virus_check import VirusCheck


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
    ) -> None:
        self._store = store
        self._queries = queries
        self._couriers = couriers
        self._store_courier = store_courier
        self._finished = finished
        self._cleanup = cleanup
        self._virus_check = virus_check

    async def work(self, claim: Download) -> Done:
        """Deliver one download.

        Raises:
            UploadError: it could not be delivered, or not yet.
        """
        files = await self._queries.files(claim.id)
        if not files:
            raise UploadError("This download has no files. Ask for the link again.")

        async def tell(activity: str) -> None:
            await self._store.write(claim, activity=activity)

        await tell("preparing")
        if self._virus_check is not None:  # before ffmpeg or Pillow read a byte
            await self._virus_check.look(claim, files, tell)
        moved_to = await self._courier_of(claim).deliver(claim, files, tell)
        file_path: str | None = claim.file_path
        # All is recorded now: should this process die here, the next one needs no file to see that nothing is left.
        if moved_to is not None:
            await self._finished.remove(claim.id)
            file_path = str(moved_to)
        elif self._cleanup:
            await self.discard(claim.id)
            file_path = None
        return Done(Settlement(Status.UPLOADED, {"attempts": 0, "progress": 100.0, "file_path": file_path}))

    def _courier_of(self, claim: Download) -> Courier:
        """A store is asked for as a folder whose path is an address: `{"to": "s3://bucket/prefix"}`."""
        if claim.destination is Destination.FOLDER and is_s3(claim.options.get("to")):
            return self._store_courier
        return self._couriers[claim.destination]

    async def discard(self, download_id: int) -> None:
        """Remove the files of a download that needs them no more."""
        await self._finished.remove(download_id)
