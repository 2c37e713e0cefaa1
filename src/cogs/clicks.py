"""What pressing a button or choosing in a menu of a card does. Who may is decided at the click, in the database."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import discord
from loguru import logger

from cogs.actions import Action
from cogs.authority import Authority, authority_of, owns
from cogs.cards import state
from cogs.details import details
from cogs.faces import Press, actions_of
from cogs.language import Language, language_of
from cogs.layouts import Buttons, button
from cogs.plan_words import lower_quality, offered
from cogs.remedies import remedy_of
from cogs.texts import plain
from core.errors import BossBotError, Unexpected
from core.models import Download
from core.requests import Ask, Requests

if TYPE_CHECKING:
    from cogs.client import BossBot  # noqa: F401  (ruff does not see it in the subscript below)

Interaction = discord.Interaction["BossBot"]
# Discord's trouble with an answer: nothing is to be told any more, or nobody is there.
UNTOLD = (discord.HTTPException, discord.RateLimited, OSError, TimeoutError)
ASKS = {Action.PAUSE: Ask.PAUSE, Action.RESUME: Ask.RESUME, Action.CANCEL: Ask.CANCEL, Action.RETRY: Ask.RETRY}
BEGIN_AGAIN = (Action.RETRY, Action.LOWER, Action.AUDIO)


async def press(interaction: Interaction, action: Action, download_id: int) -> None:
    """Do what a button stands for."""
    if action is Action.INFO:
        await _answered(interaction, lambda t: show_details(interaction, download_id, t), thinking=True)
    else:
        await _answered(interaction, lambda t: _ask(interaction, action, download_id, t))


async def choose_quality(interaction: Interaction, download_id: int, quality: str) -> None:
    """Fetch a download in another quality."""

    async def work(t: Language) -> None:
        row = await interaction.client.queries.get(download_id)
        authority = await _authority(interaction)
        possible = row is not None and quality in offered(row)
        requests = interaction.client.requests
        if not possible or not await requests.choose_quality([download_id], quality, only=authority.only()):
            await _refuse(interaction, authority, download_id, t)

    await _answered(interaction, work)


async def choose_entry(interaction: Interaction, playlist_id: int, chosen: str) -> None:
    """Show an entry of a playlist, with its buttons, to the one who chose it."""

    async def work(t: Language) -> None:
        row = await interaction.client.queries.get(int(chosen)) if chosen.isdecimal() and len(chosen) < 17 else None
        if row is None or row.parent_id != playlist_id:
            await _tell(interaction, t("There is no download {number} here.", number=plain(chosen, 20)))
            return
        await show_details(interaction, row.id, t)

    await _answered(interaction, work, thinking=True)


async def show_details(interaction: Interaction, download_id: int, t: Language) -> None:
    """Tell all that is known of a download, with what its owner can do."""
    queries = interaction.client.queries
    row = await queries.get(download_id)
    if row is None or not _is_visible(row, interaction):
        await _tell(interaction, t("There is no download {number} here.", number=download_id))
        return
    text = details(row, await queries.history(row.id), await queries.files(row.id), t=t)
    view = Buttons(timeout=None)
    for action in actions_of(row):
        view.add_item(button(Press(action, row.id), t=t))
    await _tell(interaction, text, view)


async def _ask(interaction: Interaction, action: Action, download_id: int, t: Language) -> None:
    authority = await _authority(interaction)
    requests = interaction.client.requests
    row = await interaction.client.queries.get(download_id)
    done = False
    if action in BEGIN_AGAIN and not authority.download:
        await _tell(interaction, t("You may not ask for downloads here. Ask a moderator for a role that may."))
        return
    if row is not None:
        done = await _do(requests, action, row, authority)
    if not done:
        await _refuse(interaction, authority, download_id, t, asked_for_help=action is Action.HELP)
        return
    logger.bind(download=download_id, action=action.value, user=interaction.user.id).info("asked by a button")
    if action is Action.HELP:
        await _call_for_help(interaction, download_id, t)
    elif _is_private(interaction):
        await show_details(interaction, download_id, t)


async def _do(requests: Requests, action: Action, row: Download, authority: Authority) -> bool:
    """Write what is asked; False when the row is not his, or can't do that."""
    only = authority.only()
    match action:
        case Action.LOWER:
            changes = {"quality": lower_quality(row), "audio": None}
            return bool(await requests.retry_with([row.id], changes, only=only))
        case Action.AUDIO:
            return bool(await requests.retry_with([row.id], {"audio": True, "quality": None}, only=only))
        case Action.HELP:
            return await requests.ask_for_help(row.id, only=only)
        case _:
            return bool(await requests.ask(ASKS[action], [row.id], only=only))


async def _refuse(
    interaction: Interaction, authority: Authority, download_id: int, t: Language, *, asked_for_help: bool = False
) -> None:
    """Say why nothing was done."""
    row = await interaction.client.queries.get(download_id)
    if row is None or not _is_visible(row, interaction):
        told = t("There is no download {number} here.", number=download_id)
    elif row.user_id != interaction.user.id and not authority.manage_queue:
        told = t("Download {number} is not yours. Its owner and those who manage the queue can do this.", number=row.id)
    elif asked_for_help:
        told = t("The moderators were asked already.")
    else:
        told = t("This is not possible now. Download {number}: {state}.", number=row.id, state=state(row, t=t))
    await _tell(interaction, told)


async def _call_for_help(interaction: Interaction, download_id: int, t: Language) -> None:
    """A line below the card that pings nobody: moderators find it where the download is."""
    row = await interaction.client.queries.get(download_id)
    if row is None or interaction.channel_id is None:
        return
    said = t(
        "🙋 {member} asks the moderators to look at download {number}. {error}",
        member=interaction.user.mention,
        number=row.id,
        error=plain(t(row.error or ""), 300),
    )
    place = interaction.client.get_partial_messageable(interaction.channel_id, guild_id=interaction.guild_id)
    card = place.get_partial_message(row.progress_message_id) if row.progress_message_id else None
    try:
        await place.send(
            f"{said}\n-# {t(remedy_of(row).who)}",
            reference=card.to_reference(fail_if_not_exists=False) if card else None,  # type: ignore[arg-type]  # None is what `send` takes as none
            allowed_mentions=discord.AllowedMentions.none(),
            nonce=f"help{row.id}",  # two clicks at once are one call
        )
    except discord.HTTPException:
        await _tell(interaction, t("I can't write here. Tell a moderator the number {number}.", number=row.id))
        return
    await _tell(interaction, t("The moderators can see your question now."))


async def _answered(
    interaction: Interaction, work: Callable[[Language], Awaitable[None]], *, thinking: bool = False
) -> None:
    """Answer Discord first, then work; whatever goes wrong becomes a sentence."""
    t = language_of(interaction.locale.value, interaction.guild_locale.value if interaction.guild_locale else None)
    try:
        if thinking:
            await interaction.response.defer(ephemeral=True, thinking=True)
        else:
            await interaction.response.defer()
        preferences = await interaction.client.queries.member_preferences(interaction.user.id)
        t = language_of(preferences.language, interaction.locale.value)
        await work(t)
    except UNTOLD as error:
        logger.warning("could not answer a click: {!r}", error)
    except BossBotError as error:
        await _last_word(interaction, t(str(error)))
    except Exception:  # noqa: BLE001  (logged; the member must not wait in vain)
        logger.exception("a click failed")
        await _last_word(interaction, t(Unexpected.sentence))


async def _last_word(interaction: Interaction, sentence: str) -> None:
    try:
        await _tell(interaction, f"❌ {sentence}")
    except UNTOLD as error:
        logger.warning("could not answer a click: {!r}", error)


async def _tell(interaction: Interaction, text: str, view: discord.ui.View | None = None) -> None:
    """Say something to the one who clicked alone."""
    shown = discord.utils.MISSING if view is None else view
    if interaction.response.type is discord.InteractionResponseType.deferred_channel_message or _is_private(
        interaction
    ):
        await interaction.edit_original_response(content=text, view=view)
    else:
        await interaction.followup.send(
            text, ephemeral=True, view=shown, allowed_mentions=discord.AllowedMentions.none()
        )


def _is_private(interaction: Interaction) -> bool:
    """Whether what was clicked is an answer that only this member sees."""
    return interaction.message is not None and interaction.message.flags.ephemeral


def _is_visible(row: Download, interaction: Interaction) -> bool:
    if interaction.guild_id is not None:
        return row.guild_id == interaction.guild_id
    return row.guild_id is None and row.user_id == interaction.user.id


async def _authority(interaction: Interaction) -> Authority:
    guild_id = interaction.guild_id
    return await authority_of(
        interaction.client.queries,
        user=interaction.user,
        guild=None if guild_id is None else discord.Object(guild_id),
        permissions=interaction.permissions,
        is_owner=owns(interaction.client, interaction.user.id),
    )
