"""Draws faces with Discord's components: a frame with text, picture and controls, or one line with a button."""

import discord
from discord import ui

from cogs.actions import LOOKS, Action, entry_id, pressed_id, quality_id
from cogs.faces import Choices, EntryMenu, Face, Press
from cogs.language import ENGLISH, Language

MAX_TEXT = 3900  # characters of all texts of a layout; Discord takes 4000
MAX_LABEL = 100
STYLES = {
    Action.CANCEL: discord.ButtonStyle.danger,
    Action.RETRY: discord.ButtonStyle.primary,
    Action.RESUME: discord.ButtonStyle.success,
}


class _Forgotten:
    """What the library need not remember once it is sent: who presses is heard by the button's id, see `controls`."""

    def is_finished(self) -> bool:
        """Always: else one of each card would be kept for as long as the process runs."""
        return True


class View(_Forgotten, ui.LayoutView):
    """Components that are a message."""


class Buttons(_Forgotten, ui.View):
    """Components below a text."""


def layout(face: Face, *, t: Language = ENGLISH) -> View:
    """The face as components, without any state: who presses is asked about in the database."""
    view = View(timeout=None)
    for item in _items(face, t):
        view.add_item(item)
    return view


def button(press: Press, *, t: Language = ENGLISH, bare: bool = False) -> "ui.Button[View]":
    """A button, with its label unless it is `bare`."""
    look = LOOKS[press.action]
    return ui.Button(
        emoji=look.emoji,
        label=t(look.label) if look.label and not bare else None,
        style=STYLES.get(press.action, discord.ButtonStyle.secondary),
        custom_id=pressed_id(press.action, press.download_id),
    )


def buttons_row(presses: tuple[Press, ...], *, t: Language = ENGLISH) -> "ui.ActionRow[View]":
    """Buttons side by side, five at most."""
    return ui.ActionRow(*[button(press, t=t) for press in presses[:5]])


def _items(face: Face, t: Language) -> list["ui.Item[View]"]:
    text: ui.TextDisplay[View] = ui.TextDisplay(face.text[:MAX_TEXT])
    if face.colour is None:
        if not face.buttons:
            return [text]
        return [ui.Section(text, accessory=button(face.buttons[0], t=t, bare=True))]
    inside: list[ui.Item[View]] = [_headed(face, text)]
    inside += [
        ui.Section(ui.TextDisplay(entry.text[:200]), accessory=button(entry.press, t=t, bare=True))
        for entry in face.entries
    ]
    if face.choices is not None:
        inside.append(ui.ActionRow(_qualities(face.choices, t)))
    if face.menu is not None:
        inside.append(ui.ActionRow(_entries(face.menu, t)))
    if face.buttons:
        inside.append(buttons_row(face.buttons, t=t))
    return [ui.Container(*inside, accent_colour=face.colour)]


def _headed(face: Face, text: "ui.TextDisplay[View]") -> "ui.Item[View]":
    if face.picture is None:
        return text
    picture: ui.Thumbnail[View] = ui.Thumbnail(
        face.picture.url, description=face.picture.alt, spoiler=face.picture.spoiler
    )
    return ui.Section(text, accessory=picture)


def _qualities(choices: Choices, t: Language) -> "ui.Select[View]":
    names = {"best": t("The best that fits"), "audio": t("Only the sound")}
    return ui.Select(
        custom_id=quality_id(choices.download_id),
        placeholder=t("Another quality"),
        options=[
            discord.SelectOption(label=names.get(one, one), value=one, default=one == choices.chosen)
            for one in choices.qualities
        ],
    )


def _entries(menu: EntryMenu, t: Language) -> "ui.Select[View]":
    return ui.Select(
        custom_id=entry_id(menu.download_id),
        placeholder=t("Cancel or retry one of them"),
        options=[
            discord.SelectOption(label=f"#{number} {name}"[:MAX_LABEL], value=str(number))
            for number, name in menu.entries
        ],
    )
