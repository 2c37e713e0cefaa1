"""What a login with Discord brings along: the servers and roles of the person, by which his limits go."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from core.models import Download
from core.viewers import Seat, Viewer
from tests.support.discord_server import DiscordServer, Fault, Guild, Member, Permission
from tests.web.place import Place, open_place
from web import discord_roles
from web.asking import rules_for

pytestmark = pytest.mark.asyncio(loop_scope="module")
MEMBER = "/users/@me/guilds/*/member"


@dataclass(slots=True)
class World:
    discord: DiscordServer
    place: Place
    harbour: Guild

    async def chose(self, guild_id: int, **settings: Any) -> None:
        """What somebody set up for a server."""
        values = (guild_id, json.dumps(settings))
        await self.place.shell("INSERT INTO guild_settings (guild_id, settings) VALUES (?, ?)", *values)

    @contextlib.asynccontextmanager
    async def logged_in(self, member: Member) -> AsyncIterator[httpx.AsyncClient]:
        self.discord.consent.person = member.user
        async with httpx.AsyncClient(base_url=self.place.url, trust_env=False, follow_redirects=True) as client:
            answer = await client.get("/login/discord")
            assert (answer.status_code, answer.url.path) == (200, "/")
            yield client

    async def ask(self, client: httpx.AsyncClient) -> Download | str:
        """The new row, or the refusal."""
        answer = await self.place.post(client, "/downloads", url="https://media.example/a.mp4")
        found = await self.place.desk.queries.newest(limit=1)
        return found[0] if answer.status_code == 200 else answer.text

    def asked_about(self) -> list[int]:
        """The servers whose members Discord was asked about, in order."""
        paths = [request.path.split("/") for request in self.discord.log if request.path.endswith("/member")]
        return [int(path[-2]) for path in paths]


@pytest_asyncio.fixture(loop_scope="module")
async def world(sqlite_file: Path, tmp_path: Path) -> AsyncIterator[World]:
    async with DiscordServer() as discord:
        settings = {
            "DISCORD_CLIENT_ID": discord.consent.client_id,
            "DISCORD_CLIENT_SECRET": discord.consent.client_secret,
            "DISCORD_API_BASE": discord.api_base,
        }
        async with open_place(sqlite_file, tmp_path, **settings) as place:
            discord.consent.redirects.append(f"{place.url}/login/discord/back")
            yield World(discord, place, discord.add_guild("Harbour"))


async def test_limits_go_by_roles_where_a_server_has_rules_for_them(world: World) -> None:
    vip, other = world.harbour.add_role("vip"), world.discord.add_guild("Quiet")
    anna, ben = world.harbour.add_member("anna", roles=(vip,)), world.harbour.add_member("ben")
    other.add_member("anna", user=anna.user)
    limits = {"waiting": 2, "max_bytes": 7000, "running": 3, "torrents": True}
    await world.chose(world.harbour.id, everyone={"waiting": 1, "max_bytes": 5000}, roles={vip.id: limits})
    await world.chose(other.id, everyone={"waiting": 1, "max_bytes": 6000, "running": 1})
    async with world.logged_in(anna) as client:
        assert world.asked_about() == [world.harbour.id], "roles mean nothing in the other"
        for _ in range(2):
            row = await world.ask(client)
            assert isinstance(row, Download)
            assert (row.size_limit_bytes, row.running_limit, row.allow_torrents) == (7000, 3, True)
        assert "2 downloads waiting, which is your limit" in str(await world.ask(client))
    async with world.logged_in(ben) as client:
        row = await world.ask(client)
        assert isinstance(row, Download)
        assert (row.size_limit_bytes, row.running_limit, row.allow_torrents) == (5000, None, False)
        assert "1 download waiting, which is your limit" in str(await world.ask(client))
    kept = str(await world.place.shell("SELECT * FROM web_sessions"))
    assert str(vip.id) in kept
    assert not any(token in kept for token in world.discord.consent.tokens)


async def test_a_role_may_take_away_and_who_manages_the_server_is_not_held(world: World) -> None:
    muted = world.harbour.add_role("muted")
    manager = world.harbour.add_role("manager", Permission.MANAGE_GUILD)
    await world.chose(world.harbour.id, everyone={"max_bytes": 5000}, roles={muted.id: {"download": False}})
    async with world.logged_in(world.harbour.add_member("carol", roles=(muted,))) as client:
        assert "You may not ask" in str(await world.ask(client))
    async with world.logged_in(world.harbour.add_member("mo", roles=(muted, manager))) as client:
        row = await world.ask(client)
        assert isinstance(row, Download)
        assert row.size_limit_bytes is None


@pytest.mark.parametrize(
    ("fault", "times", "limit"),
    [
        (Fault.rate_limit(0.1), 1, 7000),
        (Fault.status(500), 1, 5000),
        (Fault.status(200, json_body={"roles": None}), 1, 5000),
        (Fault.status(404, json_body={"message": "Unknown Member", "code": 10007}), 1, 5000),
        (Fault.rate_limit(3600), 9, 5000),
        (Fault.slow(60), 9, 5000),
    ],
)
async def test_what_discord_does_not_tell_leaves_what_everyone_has(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Fault, times: int, limit: int
) -> None:
    if times > 1:
        monkeypatch.setattr(discord_roles, "PATIENCE", 0.2)
    vip = world.harbour.add_role("vip")
    await world.chose(world.harbour.id, everyone={"max_bytes": 5000}, roles={vip.id: {"max_bytes": 7000}})
    world.discord.fail("GET", MEMBER, fault, times=times)
    async with world.logged_in(world.harbour.add_member("anna", roles=(vip,))) as client:
        row = await world.ask(client)
        assert isinstance(row, Download)
        assert row.size_limit_bytes == limit


async def test_a_browser_can_not_leave_out_what_the_login_asks_for(world: World) -> None:
    await world.chose(world.harbour.id)
    world.discord.consent.person = world.harbour.add_member("carol").user
    async with httpx.AsyncClient(base_url=world.place.url, trust_env=False) as client:
        to_discord = httpx.URL((await client.get("/login/discord")).headers["location"])
        assert to_discord.params["scope"] == "identify guilds guilds.members.read"
        back = await client.get(to_discord.copy_set_param("scope", "identify guilds"))
        refused = await client.get(back.headers["location"])
    assert refused.status_code == 502
    assert "did not confirm" in refused.text


async def test_a_server_without_a_limit_gives_none_also_to_who_is_in_another(world: World) -> None:
    await world.chose(1, everyone={"max_bytes": 5000, "running": 1, "torrents": True})
    await world.chose(2, everyone={"running": 2})
    seats = tuple(Seat(id=number, name=str(number), moderates=False) for number in (1, 2))
    rules = await rules_for(Viewer(user_id=11, name="Anna", seats=seats), world.place.desk.queries)
    assert (rules.max_bytes, rules.running, rules.torrents, rules.download) == (None, 2, True, True)
    stranger = await rules_for(Viewer(user_id=12, name="Ben"), world.place.desk.queries)
    assert (stranger.max_bytes, stranger.torrents, stranger.download) == (None, False, True)
