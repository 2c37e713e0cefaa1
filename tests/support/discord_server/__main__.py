"""A Discord to try the bot against by hand: python -m tests.support.discord_server [port]."""

import asyncio
import contextlib
import sys

from .messages import Message
from .server import DiscordServer


async def main() -> None:
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    async with DiscordServer(port=port) as discord:
        channel = discord.add_guild("Media lovers").add_text_channel("media")
        settings = discord.environment | {"CHANNEL_ID": str(channel.id)}
        for name, value in settings.items():
            say(f"export {name}={value}")
        shown: dict[int, int] = {}

        def news() -> list[Message]:
            return [one for one in channel.messages if shown.get(one.id) != one.edits]

        while True:
            await discord.wait_until(news, timeout=10**9)
            for message in news():
                shown[message.id] = message.edits
                say(f"#{channel.name} {message.author.name}: {message.content} {list(message.files)}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


with contextlib.suppress(KeyboardInterrupt):
    asyncio.run(main())
