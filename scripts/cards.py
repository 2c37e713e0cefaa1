"""`make cards`: the real bot at work in a channel of the tests' Discord, drawn as docs/cards.png."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from tests.support.channel_page import channel_page, take_picture
from tests.support.discord_server import Channel, DiscordServer, Guild, Member, Message
from tests.support.media_server import MediaServer
from tests.support.processes import Programs

PICTURE = Path(__file__).parents[1] / "docs" / "cards.png"
SECONDS, SIZE = 6, "960x540"
WAIT = 90.0  # seconds for each state at most
WIDTH = 740  # pixels
COLOURS = 256  # of the picture: flat surfaces need no more, and it has a quarter of the bytes
SITE = "media.example"  # what stands in the picture for the site on loopback
EPISODES = ("Low tide", "The ferry", "Gulls", "Lost buoy", "Night watch")


async def main() -> None:
    with TemporaryDirectory() as name:
        directory = Path(name)
        async with MediaServer() as site, DiscordServer() as discord, Programs(directory / "logs") as programs:
            guild = discord.add_guild("Media lovers")
            channel = guild.add_text_channel("media")
            thumbnails = await asyncio.to_thread(_fill, site, directory)
            environment = discord.environment | {
                "BOSS_BOT_DATABASE_URL": f"sqlite+aiosqlite:///{directory}/boss-bot.db",
                "BOSS_BOT_DATA_DIR": str(directory / "data"),
                "DOWNLOAD_DIR": str(directory / "downloads"),
                "EGRESS_ALLOW": "127.0.0.0/8",
                "PROGRESS_EDIT_INTERVAL": "1",
                "COMMAND_COOLDOWNS": "false",
            }
            bot = await programs.start([sys.executable, "-m", "bot"], environment, directory, name="bot")
            await discord.wait_until_ready()
            cards = await _ask(channel, guild, site)
            shown = [one for one in channel.messages if one in cards or one.reference is cards[0]]
            page = channel_page(channel, messages=shown, pictures=thumbnails)
            await bot.terminate(30)
        await take_picture(re.sub(r"127\.0\.0\.1(:\d+)?", SITE, page), PICTURE, width=WIDTH)
    with Image.open(PICTURE) as drawn:
        drawn.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    print(f"{PICTURE.name}: {PICTURE.stat().st_size / 1024:.0f} KB")


async def _ask(channel: Channel, guild: Guild, site: MediaServer) -> list[Message]:
    """Four members ask; their cards, once each shows what it is there for."""
    anna, ben, cleo, dora = (guild.add_member(one) for one in ("anna", "ben", "cleo", "dora"))
    done = await _card(anna, channel, site.url("/watch/harbour"), lambda text: "✅" in text)
    failed = await _card(ben, channel, site.url("/private/diary.mp4"), lambda text: "❌" in text)
    listed = await _card(cleo, channel, site.url("/feed"), lambda text: "1 failed" in text and "done" in text)
    running = await _card(dora, channel, site.url("/watch/regatta"), _is_half_way)
    return [done, failed, listed, running]


async def _card(member: Member, channel: Channel, url: str, wanted: Callable[[str], bool]) -> Message:
    asked = await member.use(channel, "download", url=url)
    return await channel.wait_for(lambda one: one is asked.original and wanted(one.text), WAIT)


def _is_half_way(text: str) -> bool:
    percent = re.search(r"(\d+)%", text)
    return percent is not None and 35 <= int(percent[1]) <= 75


def _fill(site: MediaServer, directory: Path) -> dict[str, bytes]:
    """Put the media on the site; the thumbnails by their addresses."""
    harbour, regatta = directory / "harbour.mp4", directory / "regatta.mp4"
    _ffmpeg("gradients=s={}:c0=0x1b2a49:c1=0xf2a65a:c2=0xd1495b:nb_colors=3:speed=0.02:seed=4", harbour)
    _ffmpeg("gradients=s={}:c0=0x0b6e8a:c1=0xdff3f5:c2=0x3fb8af:nb_colors=3:speed=0.02:seed=9", regatta)
    dawn, sails = _frame(harbour), _frame(regatta)
    pictures = {site.add("/harbour.jpg", dawn): dawn, site.add("/regatta.jpg", sails): sails}
    long = site.add("/regatta.mp4", 48_000_000, content_type="video/mp4", rate=3_000_000)
    site.add_page("/watch/harbour", _page("Harbour at dawn", site.add("/harbour.mp4", harbour), "/harbour.jpg", site))
    site.add_page("/watch/regatta", _page("The whole regatta", long, "/regatta.jpg", site))
    site.add("/private/diary.mp4", b"", status=403)
    items = ""
    for number, title in enumerate(EPISODES):
        path, file = f"/episodes/{number}.mp4", directory / f"{number}.mp4"
        _ffmpeg(f"gradients=s={{}}:speed=0.02:seed={number}", file)
        if title == "Lost buoy":
            site.add(path, b"", status=404)
        else:
            site.add(path, file, rate=None if number == 0 else 3_000)
        items += f'<item><title>{title}</title><enclosure url="{site.url(path)}" type="video/mp4"/></item>'
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Coast stories</title>{items}</channel></rss>'
    site.add("/feed", feed, content_type="application/rss+xml")
    return pictures


def _frame(video: Path) -> bytes:
    argv = [
        "ffmpeg",
        "-v",
        "error",
        "-i",
        str(video),
        "-frames:v",
        "1",
        "-s",
        "340x340",
        "-c:v",
        "mjpeg",
        "-f",
        "image2pipe",
        "-",
    ]
    return subprocess.run(argv, check=True, capture_output=True).stdout


def _ffmpeg(source: str, path: Path) -> None:
    argv = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-t", str(SECONDS), "-i", source.format(SIZE)]
    subprocess.run([*argv, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", str(path)], check=True)


def _page(title: str, video: str, picture: str, site: MediaServer) -> str:
    return (
        f'<html><head><title>{title}</title><meta property="og:title" content="{title}">'
        f'<meta property="og:image" content="{site.url(picture)}"><meta property="og:video" content="{video}">'
        f'<meta property="og:video:type" content="video/mp4"></head><body></body></html>'
    )


if __name__ == "__main__":
    asyncio.run(main())
