"""The page that draws a channel: its markdown, its parts, and that a browser shows it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from tests.support.channel_page import channel_page, take_picture
from tests.support.channel_page.markdown import html
from tests.support.discord_server import DiscordServer, Flag, Upload
from tests.support.discord_server.bodies import Body
from tests.support.discord_server.posting import compose, show
from tests.support.sample_media import clip

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** *thin*", "<div><b>bold</b> <i>thin</i></div>"),
        (r"\*\*no\*\* a\_b", "<div>**no** a_b</div>"),
        ("`[==>  ]` 5%", "<div><code>[==&gt;  ]</code> 5%</div>"),
        ("for <@7>", '<div>for <span class="mention">@7</span></div>'),
        ("<t:1767268860:R>", '<div><span class="time">in 1 minute</span></div>'),
        ("-# small", "<small>small</small>"),
        ("### Head", "<h3>Head</h3>"),
        ("<script>", "<div>&lt;script&gt;</div>"),
        ("[x](https://a.example)", '<div><a href="https://a.example">x</a></div>'),
        ("snake_case_name", "<div>snake_case_name</div>"),
        ("a\nb", "<div>a</div>\n<div>b</div>"),
    ],
)
def test_markdown_becomes_html(text: str, shown: str) -> None:
    assert html(text, lambda sign, number: f"{sign}{number}", NOW) == shown


async def test_a_channel_is_drawn_with_all_its_parts(tmp_path: Path) -> None:
    async with DiscordServer() as discord:
        guild = discord.add_guild("Media lovers")
        channel, alice, bob = guild.add_text_channel("media"), guild.add_member("alice"), guild.add_member("bob")
        asked = await alice.write(channel, "$download https://media.example/cat.mp4")
        video = clip(tmp_path / "cat.mp4", 0.2).read_bytes()
        text = {"type": 10, "content": f"**A cat** for {alice.mention}"}
        button = {"type": 2, "style": 4, "label": "Stop", "custom_id": "stop"}
        menu = {"type": 3, "custom_id": "q", "options": [{"label": "720p", "value": "720p", "default": True}]}
        inner = [
            {"type": 9, "components": [text], "accessory": {"type": 11, "media": {"url": "https://x.example/t.png"}}},
            {"type": 14},
            {"type": 12, "items": [{"media": {"url": "attachment://cat.mp4"}}]},
            {"type": 1, "components": [button]},
            {"type": 1, "components": [menu]},
        ]
        layout = {
            "flags": int(Flag.COMPONENTS_V2),
            "components": [{"type": 17, "accent_color": 0x248046, "components": inner}],
            "message_reference": {"message_id": asked.id},
        }
        show(compose(channel, discord.bot, layout, Body(layout, {0: Upload("cat.mp4", video)})))
        secret = {"content": "psst", "flags": int(Flag.EPHEMERAL)}
        private = compose(channel, discord.bot, secret, Body(secret))
        private.sees_only = alice
        show(private)
        page = channel_page(channel, viewer=alice)
        parts = ("<b>A cat</b> for", "@alice", "Stop", "720p", "#248046", "data:image/jpeg", "psst", "Only you can see")
        assert [part for part in parts if part not in page] == []
        assert "psst" not in channel_page(channel, viewer=bob)
        assert "component " not in page
    picture = tmp_path / "channel.png"
    await take_picture(page, picture, width=600)
    with Image.open(picture) as seen:
        assert seen.width == 600
        assert seen.height > 300
        colours = {colour for _, colour in seen.convert("RGB").getcolors(1 << 24) or []}
    assert {(0x31, 0x33, 0x38), (0x24, 0x80, 0x46), (0xDA, 0x37, 0x3C)} <= colours
