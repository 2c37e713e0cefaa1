"""Cancel and pause, by whoever asks, in mid-transfer."""

import asyncio
import time

import pytest

from tests.acceptance.house import House
from tests.support.discord_server import DiscordServer
from tests.support.processes import wait_until

MIB = 1024 * 1024


async def cancelled_within_a_second(house: House, download_id: int, asked_at: float) -> None:
    await wait_until(
        lambda: house.row(download_id)["status"] == "cancelled", 5, description=lambda: str(house.row(download_id))
    )
    assert await house.active_transfers() == []
    assert house.files_of(download_id) == []
    assert time.monotonic() - asked_at < 1.0


@pytest.mark.parametrize("how", ["UPDATE", "bossbotctl"])
async def test_cancelled_in_mid_transfer_on_the_host(house: House, how: str) -> None:
    url = house.site.add("/big.bin", 64 * MIB, rate=4 * MIB)
    await house.start("download")
    await house.ready("download")
    download_id = await house.ask(url)
    await house.site.wait_for_bytes("/big.bin", 4 * MIB)
    assert len(await house.active_transfers()) == 1
    if how == "UPDATE":
        await house.shell(f"UPDATE downloads SET cancelled = 1 WHERE id = {download_id}")
        asked_at = time.monotonic()
    else:
        await house.ctl("cancel", str(download_id))  # its own start takes longer than a second on a busy machine
        asked_at = time.monotonic()
    await cancelled_within_a_second(house, download_id, asked_at)
    await wait_until(lambda: house.site.active("/big.bin") == 0, 5, description="no connection to the site")


async def test_cancelled_in_mid_transfer_on_discord(discord_house: House, discord: DiscordServer) -> None:
    house = discord_house
    guild = discord.add_guild("Media lovers")
    channel = guild.add_text_channel("media")
    alice = guild.add_member("alice")
    url = house.site.add("/big.bin", 64 * MIB, rate=4 * MIB)
    await house.start("bot", "download")
    await discord.wait_until_ready()
    await house.ready("download")
    await alice.use(channel, "download", url=url)
    await house.site.wait_for_bytes("/big.bin", 4 * MIB)
    await alice.use(channel, "cancel", id=1)
    await wait_until(lambda: bool(house.row(1)["cancelled"]), 5, description="the request in the row")
    await cancelled_within_a_second(house, 1, time.monotonic())
    card = channel.message(house.row(1)["progress_message_id"])
    assert card is not None
    await channel.wait_until(lambda _: "cancelled" in card.text, timeout=10)


async def test_pausing_keeps_the_bytes_and_costs_no_attempt(house: House) -> None:
    url = house.site.add("/big.bin", 16 * MIB, rate=8 * MIB, etag='"one"')
    await house.start("download")
    await house.ready("download")
    download_id = await house.ask(url, upload=0)
    await house.site.wait_for_bytes("/big.bin", 6 * MIB)
    await house.shell(f"UPDATE downloads SET paused = 1 WHERE id = {download_id}")
    await house.until(download_id, "pending", timeout=5)
    assert await house.active_transfers() == []
    served = house.site.bytes_served("/big.bin")
    await asyncio.sleep(0.3)
    assert house.site.bytes_served("/big.bin") - served <= 2 * MIB  # what was on its way
    await house.shell(f"UPDATE downloads SET paused = 0 WHERE id = {download_id}")
    row = await house.until(download_id, "downloaded")
    assert row["attempts"] == 0
    assert house.site.bytes_served("/big.bin") <= 1.05 * 16 * MIB


async def test_cancelled_before_anybody_took_it(house: House) -> None:
    url = house.site.add("/never.bin", 1000)
    await house.start("download")
    await house.ready("download")
    download_id = await house.ask(url, paused=1)
    await house.shell(f"UPDATE downloads SET cancelled = 1 WHERE id = {download_id}")
    await house.until(download_id, "cancelled", timeout=5)
    assert house.site.requests("/never.bin") == []
