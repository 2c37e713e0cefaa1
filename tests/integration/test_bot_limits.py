"""Who may ask for how much: roles, limits and cooldowns, as members meet them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.members import Members
from core.models import Settlement, Status
from tests.cogs.asking import prefix, slash
from tests.cogs.scene import URL, Scene, opened
from tests.support.discord_server import Member
from tests.support.processes import Programs

CHANGED = "✅ Changed. `settings view` shows all."
MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
async def scene(sqlite_file: Path, programs: Programs) -> AsyncIterator[Scene]:
    async with opened(sqlite_file, programs) as scene:
        yield scene


async def test_roles_say_who_may_do_what(scene: Scene) -> None:
    everyone, muted, trusted = scene.guild.everyone, scene.guild.add_role("muted"), scene.guild.add_role("trusted")
    admin = scene.guild.add_admin("admin")
    owner = scene.guild.add_member("owner", user=scene.discord.owner)
    carol = scene.guild.add_member("carol", roles=(muted,))
    dave = scene.guild.add_member("dave", roles=(muted, trusted))
    await scene.start_bot()

    for member in (scene.alice, scene.moderator, carol):
        refused = await slash(scene, member, "settings role", role=muted, download=False)
        assert refused == (
            "❌ You may not change this server's settings: that takes Manage Server, or a role that may."
        )
    assert await prefix(scene, admin, f"$settings role {muted.mention} download=no view_stats=no") == CHANGED
    assert await slash(scene, admin, "settings role", role=trusted, download=True, manage_settings=True) == CHANGED
    may_not = "❌ You may not ask for downloads here. Ask a moderator for a role that may."
    assert await slash(scene, carol, "download", url=URL) == may_not
    assert await prefix(scene, carol, f"$dl {URL}") == may_not
    assert await prefix(scene, carol, "$stats") == "❌ You may not see the statistics of this server."
    assert "#1" in await prefix(scene, dave, f"$dl {URL}"), "the most generous of his roles counts"
    assert await slash(scene, dave, "settings update", notify="minimal") == CHANGED

    torrents = "❌ Only the bot's owner allows torrents: others on the internet see the address of his machine."
    assert await slash(scene, admin, "settings role", role=trusted, torrents=True) == torrents
    assert await slash(scene, owner, "settings role", role=trusted, torrents=True) == CHANGED
    assert await prefix(scene, scene.alice, f"$dl {MAGNET}") == "❌ This bot does not fetch torrents for you."
    assert "#2" in await prefix(scene, dave, f"$dl {MAGNET}")
    assert [(await scene.row(number)).allow_torrents for number in (1, 2)] == [False, True]
    assert await Members(scene.database).names([dave.user.id]) == {dave.user.id: "Dave"}

    assert await slash(scene, admin, "settings role", role=everyone, download=False) == CHANGED
    assert await slash(scene, scene.alice, "download", url=URL) == may_not
    assert "#3" in await slash(scene, dave, "download", url=URL)
    assert await slash(scene, admin, "settings role", role=everyone, reset=True) == CHANGED
    assert "#4" in await slash(scene, scene.alice, "download", url=URL)

    page = await slash(scene, carol, "settings view")
    for words in ("minimal: begin and end", "Everyone: ✅ download", f"{muted.mention}: 🚫 download"):
        assert words in page, (words, page)
    assert f"{trusted.mention}: ✅ download · ✅ manage settings · ✅ torrents" in page


async def test_a_member_has_no_more_than_his_limits(scene: Scene) -> None:
    vip = scene.guild.add_role("vip")
    carol = scene.guild.add_member("carol", roles=(vip,))
    admin = scene.guild.add_admin("admin")
    await scene.start_bot()
    typed = f"$settings role {scene.guild.everyone.mention} size=10M running=1 waiting=1 a_day=2"
    assert await prefix(scene, admin, typed) == CHANGED
    assert await slash(scene, admin, "settings role", role=vip, size="2G", waiting=5) == CHANGED

    async def ask(member: Member) -> str:
        return await slash(scene, member, "download", url=URL)

    assert "#1" in await ask(scene.alice)
    assert await ask(scene.alice) == (
        "❌ You have 1 download waiting, which is your limit here. Ask again when it has begun."
    )
    runner, claim = await scene.claimed()
    assert (claim.size_limit_bytes, claim.running_limit) == (10 * 2**20, 1)
    assert "#2" in await ask(scene.alice)
    assert await runner.claim() is None, "one of hers is running"
    await runner.settle(claim, Settlement(Status.CANCELLED))
    runner, claim = await scene.claimed()
    assert await ask(scene.alice) == (
        "❌ You have asked for 2 downloads within 24 hours, which is your limit here. Ask again tomorrow."
    )
    mine = await slash(scene, scene.alice, "me")
    for words in ("Total downloads today: 2/2", "Waiting now: 0/1", "at most 10.0 MB", "Running at once: at most 1"):
        assert words in mine, (words, mine)

    assert "#3" in await ask(carol)
    assert "#4" in await prefix(scene, carol, f"$dl {URL}"), "her role allows more"
    assert (await scene.row(4)).size_limit_bytes == 2 * 2**30
    for number in (5, 6, 7):
        assert f"#{number}" in await ask(admin), "who sets limits has none"
    assert (await scene.row(7)).running_limit is None


async def test_who_is_too_fast_is_told_when_again_and_only_he_reads_it(scene: Scene) -> None:
    await scene.start_bot(COMMAND_COOLDOWNS="true")
    assert "#1" in await slash(scene, scene.alice, "download", url=URL)
    again = await scene.alice.use(scene.channel, "download", url=URL)
    answer = await again.answer()
    assert answer.message is not None
    assert answer.message.is_ephemeral
    assert answer.content.startswith("❌ Too fast: try again in ")
    assert "Too fast" in await prefix(scene, scene.alice, f"$dl {URL}"), "another name of the same command"
    assert "Too fast" in await prefix(scene, scene.alice, f"$yt-download {URL}")
    assert "#2" in await prefix(scene, scene.bob, f"$dl {URL}")
    assert "not yours" in await prefix(scene, scene.alice, "$cancel 2"), "another command"
    assert len(await scene.queries.newest()) == 2
