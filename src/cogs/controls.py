"""The buttons and menus of all cards, whichever process sent them and when: recognised by how their ids are made."""

import re
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui
from discord.ext import commands

from cogs.actions import CHOSEN_ENTRY, CHOSEN_QUALITY, PRESSED, Action
from cogs.clicks import choose_entry, choose_quality, press

if TYPE_CHECKING:
    from cogs.client import BossBot


class CardButton(ui.DynamicItem["ui.Button[Any]"], template=PRESSED):
    """A button; its id names what is asked and of which download."""

    def __init__(self, item: "ui.Button[Any]", action: str, download_id: int) -> None:
        super().__init__(item)
        self._action = action
        self._download_id = download_id

    @classmethod
    async def from_custom_id(cls, _: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """Called by the library when an id matches."""
        assert isinstance(item, ui.Button), "the id is that of a button"
        return cls(item, match["action"], int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Called by the library when it is pressed."""
        if self._action in tuple(Action):  # else of a version that knew more
            await press(interaction, Action(self._action), self._download_id)


class QualityMenu(ui.DynamicItem["ui.Select[Any]"], template=CHOSEN_QUALITY):
    """The menu of qualities of a download."""

    def __init__(self, item: "ui.Select[Any]", download_id: int) -> None:
        super().__init__(item)
        self._download_id = download_id

    @classmethod
    async def from_custom_id(cls, _: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """Called by the library when an id matches."""
        assert isinstance(item, ui.Select), "the id is that of a menu"
        return cls(item, int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Called by the library when something is chosen."""
        await choose_quality(interaction, self._download_id, self.item.values[0])


class EntryMenu(ui.DynamicItem["ui.Select[Any]"], template=CHOSEN_ENTRY):
    """The menu of a playlist's entries."""

    def __init__(self, item: "ui.Select[Any]", playlist_id: int) -> None:
        super().__init__(item)
        self._playlist_id = playlist_id

    @classmethod
    async def from_custom_id(cls, _: discord.Interaction, item: ui.Item[Any], match: re.Match[str], /) -> Self:
        """Called by the library when an id matches."""
        assert isinstance(item, ui.Select), "the id is that of a menu"
        return cls(item, int(match["id"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Called by the library when something is chosen."""
        await choose_entry(interaction, self._playlist_id, self.item.values[0])


class Controls(commands.Cog):
    """Hears what is pressed and chosen on cards."""

    def __init__(self, bot: "BossBot") -> None:
        self._bot = bot

    async def cog_load(self) -> None:
        """Called by the library: from now on clicks are heard."""
        self._bot.add_dynamic_items(CardButton, QualityMenu, EntryMenu)
