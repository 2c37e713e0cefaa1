"""Speaks with one S3-compatible store: looks, puts, makes links. Bytes go in parts that are checked one by one."""

import asyncio
import base64
import contextlib
import functools
import hashlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import ClientError

from core.errors import UploadError
from upload_module.s3_errors import as_ours

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client
    from types_aiobotocore_s3.type_defs import CompletedPartTypeDef

PART = 8 * 1024 * 1024  # bytes in memory at once; smaller files go in one piece
MAX_PARTS = 10_000  # S3's
SLOWEST = 16 * 1024  # bytes a second; slower is a stall
PATIENCE = 60.0  # seconds beside that
ABORT = 5.0  # seconds
MAX_EXPIRY = 7 * 24 * 3600  # seconds: a signature of version 4 is valid no longer
SUM = "sha256"  # the name under which an object says what it holds

Sent = Callable[[int], Awaitable[None]]  # called with bytes that are sent


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Access:
    """Where the store is, and how to get in."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    endpoint_url: str | None = None  # None: Amazon's
    region: str | None = None
    link_expiry_seconds: int = MAX_EXPIRY


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Content:
    """What is put under a key."""

    path: Path
    size: int  # bytes
    sha256: str
    mime_type: str


class S3Store:
    """One store, for the time of one delivery."""

    def __init__(self, client: "S3Client", *, link_expiry_seconds: int, part: int = PART) -> None:
        self._client = client
        self._expiry = min(link_expiry_seconds, MAX_EXPIRY)
        self._part = part

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, access: S3Access) -> AsyncIterator["S3Store"]:
        """Connect; nothing is sent yet."""
        config = AioConfig(
            signature_version="s3v4",
            # Names of buckets as host names work at Amazon; elsewhere they need a DNS that few set up.
            s3={"addressing_style": "path" if access.endpoint_url else "auto"},
            connect_timeout=10,
            read_timeout=PATIENCE,
            retries={"mode": "standard", "total_max_attempts": 3},
            # Other stores don't know Amazon's newer checksums; each part has its MD5.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            ignore_configured_endpoint_urls=True,
        )
        async with _session().create_client(
            "s3",
            endpoint_url=access.endpoint_url,
            region_name=access.region or "us-east-1",
            aws_access_key_id=access.access_key_id,
            aws_secret_access_key=access.secret_access_key,
            config=config,
        ) as client:
            yield cls(client, link_expiry_seconds=access.link_expiry_seconds)

    async def holds(self, bucket: str, key: str, content: S3Content) -> bool | None:
        """Whether this very content is there; None: nothing is.

        Raises:
            UploadError: the store does not say.
        """
        with as_ours(bucket):
            try:
                found = await self._client.head_object(Bucket=bucket, Key=key)
            except ClientError as error:
                if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
                    return None  # if the bucket is what is missing, putting tells
                raise
        return found["ContentLength"] == content.size and found["Metadata"].get(SUM) == content.sha256

    async def put(self, bucket: str, key: str, content: S3Content, sent: Sent) -> None:
        """Send a file. It appears whole or not at all.

        Raises:
            UploadError: it is not there.
        """
        with as_ours(bucket):
            if content.size <= self._part:
                data = await asyncio.to_thread(_read, content.path, 0, content.size)
                async with asyncio.timeout(_time_for(data)):
                    await self._client.put_object(
                        Bucket=bucket,
                        Key=key,
                        Body=data,
                        ContentMD5=_md5(data),
                        ContentType=content.mime_type,
                        Metadata={SUM: content.sha256},
                    )
                return
            await self._put_parts(bucket, key, content, sent)

    async def link(self, bucket: str, key: str) -> str:
        """An address that anybody can fetch the file from until it expires."""
        with as_ours(bucket):
            return await self._client.generate_presigned_url(
                "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=self._expiry
            )

    async def _put_parts(self, bucket: str, key: str, content: S3Content, sent: Sent) -> None:
        await self._forget_halves(bucket, key)
        begun = await self._client.create_multipart_upload(
            Bucket=bucket, Key=key, ContentType=content.mime_type, Metadata={SUM: content.sha256}
        )
        upload = begun["UploadId"]
        part = max(self._part, -(-content.size // MAX_PARTS))
        parts: list[CompletedPartTypeDef] = []
        try:
            for number, start in enumerate(range(0, content.size, part), 1):
                data = await asyncio.to_thread(_read, content.path, start, min(part, content.size - start))
                async with asyncio.timeout(_time_for(data)):
                    done = await self._client.upload_part(
                        Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=data, ContentMD5=_md5(data)
                    )
                parts.append({"ETag": done["ETag"], "PartNumber": number})
                await sent(start + len(data))
            await self._client.complete_multipart_upload(
                Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
            )
        except BaseException:
            await asyncio.shield(self._abort(bucket, key, upload))
            raise

    async def _forget_halves(self, bucket: str, key: str) -> None:
        """Remove what a runner that died left half sent: the store bills for it, and shows it nowhere."""
        with contextlib.suppress(ClientError):  # these keys may not list uploads
            found = await self._client.list_multipart_uploads(Bucket=bucket, Prefix=key)
            for upload in found.get("Uploads", ()):
                if upload["Key"] == key:
                    await self._abort(bucket, key, upload["UploadId"])

    async def _abort(self, bucket: str, key: str, upload: str) -> None:
        # What matters is what went wrong before; the next delivery tries again.
        with contextlib.suppress(UploadError), as_ours(bucket):
            async with asyncio.timeout(ABORT):
                await self._client.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)


@functools.cache
def _session() -> AioSession:
    """What clients are made from; it reads megabytes of descriptions once."""
    session = AioSession()
    session.set_config_variable("config_file", os.devnull)  # what stands in the host's ~/.aws is not for us
    session.set_config_variable("credentials_file", os.devnull)
    return session


def _read(path: Path, start: int, size: int) -> bytes:
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            data = stream.read(size)
    except OSError:
        data = b""
    if len(data) != size:
        raise UploadError(f"{path.name} was changed while it was sent. Ask for the link again.")
    return data


def _md5(data: bytes) -> str:
    """As the header Content-MD5 has it; the store compares."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()


def _time_for(data: bytes) -> float:
    return PATIENCE + len(data) / SLOWEST
