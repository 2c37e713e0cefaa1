"""`init` turns a token into a bot that can be invited, and leaves alone what is not its business."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cli.tokens import what_is_wrong
from cogs.permission_names import NEEDED, permission_names
from tests.cli.conftest import ON_A_TERMINAL, PROGRAM, Start
from tests.support.discord_server import DiscordServer

README = Path(__file__).resolve().parents[2] / "README.md"


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


def env(discord: DiscordServer) -> dict[str, str]:
    """Where Discord is; the token is what `init` is for."""
    return discord.environment | {"BOSS_BOT_DISCORD_TOKEN": ""}


async def test_a_token_of_a_file_is_tried_written_and_the_bot_can_be_invited(
    start: Start, here: Path, discord: DiscordServer
) -> None:
    file = here / ".env"
    file.write_text("# mine\nDOWNLOAD_DIR=elsewhere\nBOSS_BOT_DISCORD_TOKEN=\nUPLOAD_LIMIT_MB=7 # of ours\n")
    file.chmod(0o644)
    (here / "token").write_text(f'BOSS_BOT_DISCORD_TOKEN="{discord.token}"\n')
    done = await start("init", "--token-file", "token", **env(discord))
    assert await done.wait(30) == 0, done.output
    written = f"BOSS_BOT_DISCORD_TOKEN={discord.token}"
    assert file.read_text().splitlines() == ["# mine", "DOWNLOAD_DIR=elsewhere", written, "UPLOAD_LIMIT_MB=7 # of ours"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert discord.token not in done.output
    assert "download" in discord.command_names()
    assert "Message Content Intent" not in done.output
    (link,) = re.findall(r"https://discord\.com/oauth2/\S+", done.output)
    asked = parse_qs(urlsplit(link).query)
    assert asked["scope"] == ["bot applications.commands"]
    assert asked["permissions"] == [str(NEEDED.value)]
    assert asked["client_id"] == [str(discord.world.application_id)]

    again = await start("init", **env(discord))
    assert await again.wait(30) == 0, again.output
    assert "Its commands are registered." in again.output
    assert len(discord.requests("PUT", "/applications/*/commands")) == 1


async def test_a_wrong_token_changes_nothing_and_a_present_one_is_replaced_only_with_yes(
    start: Start, here: Path, discord: DiscordServer
) -> None:
    discord.settings.privileged_intents_are_granted = False
    (here / "wrong").write_text("123456789012345678")
    refused = await start("init", "--token-file", "wrong", **env(discord))
    assert await refused.wait(30) == 1
    assert "Discord does not know this token. It looks like the application's ID" in refused.output
    assert not (here / ".env").exists()

    (here / ".env").write_text("BOSS_BOT_DISCORD_TOKEN=an-older-one\n")
    (here / "right").write_text(discord.token)
    asked = await start("init", "--token-file", "right", **env(discord))
    assert await asked.wait(30) == 1
    assert "give --yes" in asked.output
    assert (here / ".env").read_text() == "BOSS_BOT_DISCORD_TOKEN=an-older-one\n"
    replaced = await start("init", "--token-file", "right", "--yes", **env(discord))
    assert await replaced.wait(30) == 0, replaced.output
    assert discord.token in (here / ".env").read_text()
    assert "Message Content Intent is off" in replaced.output


async def test_a_person_is_asked_again_and_does_not_see_what_he_types(
    here: Path, environment: dict[str, str], discord: DiscordServer
) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ON_A_TERMINAL, sys.executable, "-c", PROGRAM, "init"),
        cwd=here,
        env={**os.environ, **environment, **env(discord), "TERM": "xterm"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert program.stdin is not None
    assert program.stdout is not None
    shown = b""
    for line in (b"no-token\n", discord.token.encode() + b"\n"):
        async with asyncio.timeout(30):
            shown += await program.stdout.readuntil(b"not shown): ")
        program.stdin.write(line)
    shown += await asyncio.wait_for(program.stdout.read(), 30)
    program.stdin.close()
    assert await program.wait() == 0, shown.decode()
    assert b"three parts with dots" in shown
    assert discord.token.encode() not in shown
    assert b"Invite it" in shown
    assert discord.token in (here / ".env").read_text()


async def test_a_token_of_the_environment_is_used_and_not_written(
    start: Start, here: Path, discord: DiscordServer
) -> None:
    done = await start("init", **discord.environment | {"BOSS_BOT_DISCORD_TOKEN": discord.token})
    assert await done.wait(30) == 0, done.output
    assert "Invite it" in done.output
    assert list(here.iterdir()) == []


async def test_a_discord_that_is_not_there_is_one_sentence(start: Start, here: Path) -> None:
    (here / "token").write_text("any")
    done = await start("init", "--token-file", "token", DISCORD_API_BASE="http://127.0.0.1:9")
    assert await done.wait(30) == 1
    assert "error: Discord could not be asked" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("a" * 64, "public key"),
        ("A1_-" * 8, "client secret"),
        ("mfa.abc", "a person"),
        ("https://discord.com/api", "a link"),
        (f"{'M' * 24}.{'G' * 6}.{'x' * 38}", "was reset"),
        ("hello", "three parts"),
    ],
)
def test_what_was_copied_instead_is_named(token: str, said: str) -> None:
    assert said in what_is_wrong(token)
    assert token not in what_is_wrong(token)


def test_the_readme_names_the_permissions_of_the_link() -> None:
    said = re.sub(r"\s+", " ", README.read_text(encoding="utf-8"))
    for name in permission_names(flag for flag, needed in NEEDED if needed):
        assert f"*{name}" in said  # "View Channels": one is a channel's, the other a server's word
