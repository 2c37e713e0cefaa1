"""What can't be made to fit stays here, and the channel gets a link to the web page that keeps it."""

from core.file_links import FileLinks
from core.models import Status
from tests.support.discord_server import MIB, Channel
from tests.upload_module.given import Stage, downloaded
from upload_module.web_links import WebLinks

LARGE = bytes(range(256)) * 8192  # 2 MiB


async def test_the_channel_gets_a_link_and_the_file_stays_for_it(stage: Stage, channel: Channel) -> None:
    files = FileLinks(stage.database)
    stage.links = WebLinks(files, base_url="https://media.example.org", seconds=3600)
    row = await downloaded(
        stage.database, stage.download_dir, {"talk.bin": LARGE}, channel=channel, upload_limit_bytes=MIB
    )
    done = await stage.deliver(row)
    assert done.status is Status.UPLOADED
    (message,) = channel.messages
    url = message.content.splitlines()[-1]
    head, _, token = url.rpartition("/")
    assert head == "https://media.example.org/d"
    link = await files.find(token)
    assert link is not None
    assert (link.download_id, link.is_live, link.actor) == (row, True, "upload")
    assert (stage.download_dir / str(row) / "talk.bin").read_bytes() == LARGE
    assert done.file_path is not None


async def test_without_a_link_it_goes_when_it_is_delivered(stage: Stage, channel: Channel) -> None:
    row = await downloaded(stage.database, stage.download_dir, {"notes.txt": b"notes"}, channel=channel)
    assert (await stage.deliver(row)).file_path is None
    assert not (stage.download_dir / str(row)).exists()
