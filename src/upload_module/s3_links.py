"""Links to a bucket of an S3-compatible store; see `LinkStore`."""

from datetime import UTC, datetime, timedelta

from core.models import MediaFile
from upload_module.finished_files import checked
from upload_module.links import Link
from upload_module.s3_address import S3Address
from upload_module.s3_destination import content_of
from upload_module.s3_store import S3Access, S3Store


class S3Links:
    """Implements `LinkStore`."""

    def __init__(self, *, access: S3Access, address: S3Address) -> None:
        """Make it; the files go below `address`."""
        self._access = access
        self._address = address

    async def keep(self, file: MediaFile) -> Link:
        """See `LinkStore`. What a try before this one put there is recognized by its checksum."""
        content = await content_of(file, checked(file))
        bucket = self._address.bucket
        async with S3Store.open(self._access) as store:
            for key in self._address.keys(file):
                held = await store.holds(bucket, key, content)
                if held is False:  # something else has this name
                    continue
                if held is None:
                    await store.put(bucket, key, content, _unheard)
                expires_at = datetime.now(UTC) + timedelta(seconds=self._access.link_expiry_seconds)
                return Link(url=await store.link(bucket, key), expires_at=expires_at)
        raise AssertionError("there are endless keys")


async def _unheard(_sent: int) -> None:
    """Nobody watches."""
