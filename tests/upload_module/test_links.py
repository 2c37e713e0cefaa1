"""Files that can't be made to fit a channel: they go into a store (moto's server), and the channel gets links."""

import asyncio
import json
from collections.abc import Iterator

import httpx
import pytest
from aiobotocore.session import AioSession

from core.database import Database
from core.errors import ConfigurationError, DestinationGone
from core.file_links import FileLinks
from core.models import Status
from core.settings import Settings
from pooler.stores import link_store
from tests.support.discord_server import MIB, Channel, DiscordServer, Fault
from tests.support.processes import wait_until
from tests.support.s3_server import S3Server, s3_server
from tests.upload_module.given import Stage, downloaded
from upload_module.s3_address import parse_s3
from upload_module.s3_links import S3Links
from upload_module.s3_store import S3Access

MESSAGES = "/channels/*/messages"
LARGE = bytes(range(256)) * 8192  # 2 MiB
FILES = {"talk.bin": LARGE, "notes.txt": b"notes"}


@pytest.fixture(scope="module")
def server() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
async def linking(stage: Stage, server: S3Server) -> Stage:
    """A stage with a store for what does not fit one MiB."""
    server.reset()
    access = S3Access(
        access_key_id="key",
        secret_access_key="secret",
        endpoint_url=server.url,
        region="us-east-1",
        link_expiry_seconds=3600,
    )
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    async with AioSession().create_client("s3", endpoint_url=server.url, **keys) as client:
        await client.create_bucket(Bucket="media")
    stage.links = S3Links(access=access, address=parse_s3("s3://media/large"))
    return stage


async def test_what_fits_is_posted_and_what_does_not_is_linked(linking: Stage, channel: Channel) -> None:
    row = await downloaded(
        linking.database, linking.download_dir, FILES, channel=channel, title="A talk", upload_limit_bytes=MIB
    )
    assert (await linking.deliver(row)).status is Status.UPLOADED
    posted, linked = channel.messages
    assert posted.files == {"notes.txt": b"notes"}
    assert linked.attachments == []
    assert "**A talk**" in linked.content
    assert "`talk.bin` · 2 MiB · ⏳ <t:" in linked.content
    talk, _ = await linking.files(row)
    assert talk.delivered_message_id == linked.id
    assert talk.delivered_url == linked.content.splitlines()[-1]
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(talk.delivered_url)).content == LARGE


async def test_the_plan_says_so_before(linking: Stage, channel: Channel) -> None:
    row = await downloaded(linking.database, linking.download_dir, FILES, channel=channel, upload_limit_bytes=MIB)
    done = await linking.deliver(row)
    assert [file["step"] for file in json.loads(json.dumps(done.upload_plan))["files"]] == ["link", "as is"]


@pytest.mark.parametrize("seen", [True, False], ids=["sent", "not sent"])
async def test_a_crash_around_the_send_makes_one_message(
    linking: Stage, channel: Channel, discord: DiscordServer, seen: bool
) -> None:
    row = await downloaded(
        linking.database, linking.download_dir, {"talk.bin": LARGE}, channel=channel, upload_limit_bytes=MIB
    )
    discord.fail("POST", MESSAGES, Fault.slow(60, after=seen))
    working = asyncio.create_task(linking.deliver(row))
    await wait_until(lambda: discord.requests("POST", MESSAGES), description="the send")
    if seen:
        await channel.wait_until(lambda shown: len(shown.messages) == 1)
    working.cancel()
    await asyncio.wait([working])
    await linking.crash()
    assert (await linking.deliver(row)).status is Status.UPLOADED
    (message,) = channel.messages
    (file,) = await linking.files(row)
    assert file.delivered_message_id == message.id


async def test_a_store_that_is_gone_fails_the_row_and_keeps_the_file(linking: Stage, channel: Channel) -> None:
    assert isinstance(linking.links, S3Links)
    linking.links = S3Links(access=linking.links._access, address=parse_s3("s3://nowhere"))
    row = await downloaded(linking.database, linking.download_dir, FILES, channel=channel, upload_limit_bytes=MIB)
    claim = await linking.claim(row)
    with pytest.raises(DestinationGone):
        await linking.pooler.work(claim)
    assert [message.files for message in channel.messages] == [{"notes.txt": b"notes"}]
    assert (linking.download_dir / str(row) / "talk.bin").read_bytes() == LARGE


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"DELIVERY_LINKS": "https://media"}, "must be web, s3://BUCKET"),
        ({"DELIVERY_LINKS": "web"}, "WEB_PUBLIC_URL"),
        ({"DELIVERY_LINKS": "s3://media"}, "S3_ACCESS_KEY_ID"),
    ],
)
def test_links_that_can_not_be_are_named_at_the_start(given: dict[str, str], said: str, database: Database) -> None:
    with pytest.raises(ConfigurationError, match=said):
        link_store(Settings.model_validate(given), FileLinks(database))


def test_without_the_setting_there_are_no_links(database: Database) -> None:
    assert link_store(Settings.model_validate({}), FileLinks(database)) is None
