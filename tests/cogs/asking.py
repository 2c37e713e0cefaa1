"""Commands as members use them, and what the bot said to them in the end."""

from typing import Any

from tests.cogs.scene import Scene
from tests.support.discord_server import Channel, Interaction, Member, Message

UNDER_WAY = ("⏳ ...", "🏓 ...")


async def told(scene: Scene, interaction: Interaction, timeout: float = 30) -> str:
    """The answer to a slash command, once it is more than a sign of life."""

    def look() -> Message | None:
        return next((one for one in interaction.messages if _is_over(one)), None)

    await scene.discord.wait_until(look, timeout)
    found = look()
    assert found is not None
    return found.text


async def slash(scene: Scene, member: Member, command: str, /, **options: Any) -> str:
    """Use a slash command in the scene's channel; the answer."""
    return await told(scene, await member.use(scene.channel, command, **options))


async def prefix(scene: Scene, member: Member, typed: str, channel: Channel | None = None) -> str:
    """Write a command into a channel, the scene's unless another is named; the answer."""
    where = channel or scene.channel
    before = {one.id for one in where.messages}
    await member.write(where, typed)
    bot = scene.discord.bot
    answer = await where.wait_for(
        lambda one: one.author is bot and one.id not in before and not one.is_ephemeral and _is_over(one), 10
    )
    return answer.text


def _is_over(message: Message) -> bool:
    return not message.is_loading and bool(message.text) and message.text not in UNDER_WAY
