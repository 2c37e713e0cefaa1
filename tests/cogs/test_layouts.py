"""Components that the library forgets once they are sent."""

import discord
import pytest
from discord import ui

from cogs.actions import Action
from cogs.faces import Face, Press
from cogs.layouts import button, layout
from tests.support.discord_server import DiscordServer

PRESS = Press(Action.CANCEL, 1)


async def test_no_card_is_kept_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs: ui.LayoutView = ui.LayoutView(timeout=None)
    theirs.add_item(ui.ActionRow(button(PRESS)))
    async with DiscordServer() as server, discord.Client(intents=discord.Intents.none()) as client:
        channel = server.add_guild("Media lovers").add_text_channel("media")
        monkeypatch.setattr(discord.http.Route, "BASE", server.api_base)
        await client.login(server.token)
        place = client.get_partial_messageable(channel.id)
        for colour in (None, 0x00FF00):
            sent = await place.send(view=layout(Face(text="A film", colour=colour, buttons=(PRESS,))))
            await sent.edit(view=layout(Face(text="A better film", colour=colour, buttons=(PRESS,))))
        assert client.persistent_views == []
        assert "bb:cancel:1" in str(channel.messages[-1].to_json()), "it has buttons all the same"
        await place.send(view=theirs)
        assert client.persistent_views == [theirs], "as the library does by itself"
