"""Deliveries to an S3-compatible store, which is moto's server."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from aiobotocore.session import AioSession
from aiohttp import web

from core.deliveries import Deliveries
from core.errors import DestinationForbidden, DestinationGone, RowChanged, SendFailed, UploadError
from tests.support.processes import free_port
from tests.support.s3_server import S3Server, s3_server
from tests.upload_module.given import ONE, Stage, downloaded
from upload_module.s3_destination import S3Courier
from upload_module.s3_store import PART, S3Access

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client

SESSION = AioSession()
SECRET = "the-secret-of-the-store"


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A store with one bucket, seen from outside, and a stage that delivers to it."""

    stage: Stage
    client: "S3Client"
    access: S3Access
    said: list[str] = field(default_factory=list)

    async def downloaded(self, files: dict[str, bytes] = ONE, *, to: str = "s3://media/clips/2026") -> int:
        stage = self.stage
        return await downloaded(stage.database, stage.download_dir, files, options=json.dumps({"to": to}))

    async def deliver(self, row: int, *, access: S3Access | None = None) -> None:
        """Claim a row and deliver it; it stays held."""
        claim = await self.stage.claim(row)
        deliveries = Deliveries(self.stage.database, runner=self.stage.name)
        courier = S3Courier(deliveries=deliveries, access=access or self.access)
        assert await courier.deliver(claim, await self.stage.files(row), self._tell) is None

    async def _tell(self, activity: str) -> None:
        self.said.append(activity)

    async def objects(self) -> dict[str, bytes]:
        found = await self.client.list_objects_v2(Bucket="media")
        keys = [entry["Key"] for entry in found.get("Contents", ())]
        return {key: await (await self.client.get_object(Bucket="media", Key=key))["Body"].read() for key in keys}

    async def versions(self) -> int:
        """How often anything was put."""
        return len((await self.client.list_object_versions(Bucket="media")).get("Versions", ()))

    async def halves(self) -> int:
        return len((await self.client.list_multipart_uploads(Bucket="media")).get("Uploads", ()))


@pytest.fixture
async def scene(server: S3Server, stage: Stage) -> AsyncIterator[Scene]:
    server.reset()
    access = S3Access(access_key_id="key", secret_access_key=SECRET, endpoint_url=server.url, link_expiry_seconds=3600)
    async with SESSION.create_client(
        "s3",
        endpoint_url=server.url,
        region_name="us-east-1",
        aws_access_key_id="other",
        aws_secret_access_key="other",
    ) as client:
        await client.create_bucket(Bucket="media")
        await client.put_bucket_versioning(Bucket="media", VersioningConfiguration={"Status": "Enabled"})
        yield Scene(stage=stage, client=client, access=access)


async def test_files_are_put_under_the_number_of_their_download_and_linked(scene: Scene) -> None:
    row = await scene.downloaded({"a\u202e ü.mp4": b"a", "b.jpg": b"bb"})
    await scene.stage.write_files(row, mime_type="video/mp4")
    await scene.deliver(row)
    names = [f"clips/2026/{row}/0-a ü.mp4", f"clips/2026/{row}/1-b.jpg"]
    assert await scene.objects() == dict(zip(names, [b"a", b"bb"], strict=True))
    files = await scene.stage.files(row)
    assert [file.nonce for file in files] == [f"s3://media/{name}" for name in names]
    assert scene.said == ["sending 1/2", "sending 2/2"]
    got = await asyncio.to_thread(httpx.get, files[0].delivered_url or "")
    assert (got.status_code, got.content, got.headers["content-type"]) == (200, b"a", "video/mp4")
    assert "Expires=3600" in (files[0].delivered_url or "")
    assert SECRET not in (files[0].delivered_url or "")


async def test_a_bucket_alone_is_enough(scene: Scene) -> None:
    row = await scene.downloaded(to="s3://media")
    await scene.deliver(row)
    assert await scene.objects() == {f"{row}/0-clip.mp4": b"one clip"}


async def test_what_could_run_scripts_is_not_opened_by_browsers(scene: Scene) -> None:
    row = await scene.downloaded()
    await scene.stage.write_files(row, mime_type="text/html")
    await scene.deliver(row)
    link = (await scene.stage.files(row))[0].delivered_url or ""
    got = await asyncio.to_thread(httpx.get, link)
    assert got.headers["content-type"] == "application/octet-stream"


async def test_a_large_file_goes_in_parts(scene: Scene) -> None:
    content = bytes(PART) + b"x" * (PART // 4)
    row = await scene.downloaded({"film.mp4": content})
    await scene.deliver(row)
    assert await scene.objects() == {f"clips/2026/{row}/0-film.mp4": content}
    head = await scene.client.head_object(Bucket="media", Key=f"clips/2026/{row}/0-film.mp4")
    assert head["ETag"].strip('"').endswith("-2")
    assert await scene.halves() == 0


async def test_an_empty_file_is_a_file(scene: Scene) -> None:
    row = await scene.downloaded({"empty.txt": b""})
    await scene.deliver(row)
    assert await scene.objects() == {f"clips/2026/{row}/0-empty.txt": b""}


@pytest.mark.parametrize("forgotten", [("delivered_url",), ("delivered_url", "nonce")])
async def test_what_was_put_before_a_crash_is_not_put_again(scene: Scene, forgotten: Sequence[str]) -> None:
    row = await scene.downloaded()
    await scene.deliver(row)
    await scene.stage.write_files(row, **dict.fromkeys(forgotten))
    await scene.stage.crash()
    await scene.deliver(row)
    assert await scene.versions() == 1
    assert (await scene.stage.files(row))[0].delivered_url


async def test_what_is_recorded_needs_no_file(scene: Scene) -> None:
    row = await scene.downloaded()
    await scene.deliver(row)
    await scene.stage.crash()
    (scene.stage.download_dir / str(row) / "clip.mp4").unlink()
    await scene.deliver(row)
    assert await scene.versions() == 1


async def test_a_file_that_was_delivered_to_discord_is_put_when_its_row_now_goes_here(scene: Scene) -> None:
    row = await scene.downloaded()
    await scene.stage.write_files(row, delivered_url="https://cdn.test/clip.mp4", nonce="674f2b1c-1-0123456789")
    await scene.deliver(row)
    assert await scene.versions() == 1


async def test_the_objects_of_another_bot_with_the_same_numbers_are_left_alone(scene: Scene) -> None:
    row = await scene.downloaded()
    taken = f"clips/2026/{row}/0-clip.mp4"
    await scene.client.put_object(Bucket="media", Key=taken, Body=b"one clip", Metadata={"sha256": "another"})
    await scene.deliver(row)
    assert await scene.versions() == 2
    assert set(await scene.objects()) == {taken, f"clips/2026/{row}/0-clip (2).mp4"}


async def test_what_a_killed_runner_left_half_sent_is_removed(scene: Scene) -> None:
    row = await scene.downloaded({"film.mp4": bytes(PART + 1)})
    key = f"clips/2026/{row}/0-film.mp4"
    for name in (key, f"{key}.of-somebody-else"):
        await scene.client.create_multipart_upload(Bucket="media", Key=name)
    await scene.deliver(row)
    assert set(await scene.objects()) == {key}
    assert await scene.halves() == 1


async def test_an_interrupted_delivery_leaves_nothing_and_goes_on_later(scene: Scene, server: S3Server) -> None:
    row = await scene.downloaded({"film.mp4": bytes(2 * PART)})
    async with stuck(server.url, after=2) as (url, reached):
        working = asyncio.create_task(scene.deliver(row, access=replace(scene.access, endpoint_url=url)))
        await reached.wait()
        assert await scene.halves() == 1
        working.cancel()
        await asyncio.wait([working])
    assert working.cancelled()
    assert await scene.halves() == 0
    await scene.stage.crash()
    await scene.deliver(row)
    assert await scene.versions() == 1


async def test_a_row_that_was_lost_is_left_alone(scene: Scene) -> None:
    row = await scene.downloaded()
    claim = await scene.stage.claim(row)
    files = await scene.stage.files(row)
    await scene.stage.crash()
    courier = S3Courier(deliveries=Deliveries(scene.stage.database, runner="upload-1"), access=scene.access)
    with pytest.raises(RowChanged):
        await courier.deliver(claim, files, scene._tell)
    assert await scene.versions() == 0


async def test_a_missing_bucket_is_a_sentence(scene: Scene) -> None:
    row = await scene.downloaded(to="s3://elsewhere")
    with pytest.raises(DestinationGone, match="bucket elsewhere does not exist"):
        await scene.deliver(row)


async def test_wrong_keys_are_a_sentence_without_them(scene: Scene, server: S3Server) -> None:
    row = await scene.downloaded()
    server.demand_keys(True)
    try:
        with pytest.raises(DestinationForbidden, match="keys are wrong, or lack") as refused:
            await scene.deliver(row)
    finally:
        server.demand_keys(False)
    assert SECRET not in f"{refused.value!r} {scene.access!r}"


async def test_a_store_that_does_not_answer_is_tried_again(scene: Scene) -> None:
    row = await scene.downloaded()
    with pytest.raises(SendFailed, match="does not answer"):
        await scene.deliver(row, access=replace(scene.access, endpoint_url=f"http://127.0.0.1:{free_port()}"))


async def test_a_store_that_is_busy_is_tried_again_when_it_says(scene: Scene) -> None:
    row = await scene.downloaded()
    async with answering(503, headers={"Retry-After": "7"}) as url:
        with pytest.raises(SendFailed, match="asks to wait") as refused:
            await scene.deliver(row, access=replace(scene.access, endpoint_url=url))
    assert refused.value.retry_after == 7


async def test_a_bucket_that_can_not_be_is_a_sentence(scene: Scene) -> None:
    row = await scene.downloaded(to="s3://a$b/x")
    with pytest.raises(UploadError, match="can't be the name of a bucket"):
        await scene.deliver(row)


async def test_a_file_that_changed_is_refused(scene: Scene) -> None:
    row = await scene.downloaded()
    (scene.stage.download_dir / str(row) / "clip.mp4").write_bytes(b"longer than before")
    with pytest.raises(UploadError, match="was changed"):
        await scene.deliver(row)


@asynccontextmanager
async def answering(status: int, headers: dict[str, str] | None = None) -> AsyncIterator[str]:
    """A store that answers everything in one way."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    async with _serving(answer) as url:
        yield url


@asynccontextmanager
async def stuck(behind: str, *, after: int) -> AsyncIterator[tuple[str, asyncio.Event]]:
    """A way to a store on which the part `after` never gets an answer."""
    reached = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        body = await request.read()
        if request.query.get("partNumber") == str(after):
            reached.set()
            await asyncio.Event().wait()
        async with httpx.AsyncClient() as client:
            sent = await client.request(
                request.method,
                behind + request.raw_path,
                content=body,
                headers={name: value for name, value in request.headers.items() if name not in ("Host", "Expect")},
            )
        kept = {name: value for name, value in sent.headers.items() if name.lower().startswith(("etag", "x-amz"))}
        return web.Response(status=sent.status_code, body=sent.content, headers=kept)

    async with _serving(answer) as url:
        yield url, reached


@asynccontextmanager
async def _serving(answer: Any) -> AsyncIterator[str]:
    application = web.Application(client_max_size=64 * 1024**2)
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1, handler_cancellation=True)
    await runner.setup()
    try:
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
