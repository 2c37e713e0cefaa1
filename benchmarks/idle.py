"""What the processes take while there is nothing to do."""

import asyncio
import time

from benchmarks.figures import Figure
from benchmarks.install import cpu_seconds, installed, resident_mib
from tests.support.discord_server import DiscordServer

SECONDS = 30.0


async def measure() -> list[Figure]:
    """CPU of both runners together (with aria2c), memory of all three processes."""
    async with (
        DiscordServer() as discord,
        installed("bot", "download", "upload", environment=discord.environment) as here,
    ):
        await discord.wait_until_ready()
        await asyncio.sleep(5)
        runners = [here.programs["download"], here.programs["upload"]]
        began, before = time.monotonic(), sum(map(cpu_seconds, runners))
        await asyncio.sleep(SECONDS)
        share = (sum(map(cpu_seconds, runners)) - before) / (time.monotonic() - began)
        memory = {kind: resident_mib(program) for kind, program in here.programs.items()}
    told = ", ".join(f"{kind} {mib:.0f}" for kind, mib in memory.items())
    return [
        Figure(
            "CPU of both idle runners and aria2c together", f"{share:.2%} of a core over {SECONDS:.0f} s", "under 1 %"
        ),
        Figure("resident memory, idle", f"{told} MiB", "each under 120 MiB"),
    ]
