"""Buttons, menus and layouts (Components V2) as HTML."""

from collections.abc import Callable
from html import escape
from typing import Any

JSON = dict[str, Any]
STYLES = {1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "link", 6: "premium"}


class Drawer:
    """Draws components; a kind that it does not know is shown as its number, so that nobody overlooks it."""

    def __init__(self, markdown: Callable[[str], str], media: Callable[[str], str]) -> None:
        """`media` turns an address into HTML that shows what is there."""
        self._markdown = markdown
        self._media = media
        self._kinds: dict[int, Callable[[JSON], str]] = {
            1: self._row,
            2: self._button,
            3: self._menu,
            5: self._menu,
            6: self._menu,
            7: self._menu,
            8: self._menu,
            9: self._section,
            10: self._text,
            11: self._thumbnail,
            12: self._gallery,
            13: self._file,
            14: self._separator,
            17: self._container,
        }

    def __call__(self, components: list[JSON]) -> str:
        """These components, one below the other."""
        return "".join(self._kinds.get(one["type"], self._unknown)(one) for one in components)

    def _row(self, row: JSON) -> str:
        return f'<div class="row">{self(row["components"])}</div>'

    def _button(self, button: JSON) -> str:
        emoji = (button.get("emoji") or {}).get("name") or ""
        arrow = " ↗" if button.get("url") else ""
        label = escape(button.get("label") or "")
        kind = STYLES.get(button.get("style", 2), "secondary")
        off = " off" if button.get("disabled") else ""
        shown = " ".join(
            part for part in (f'<span class="emoji">{escape(emoji)}</span>' if emoji else "", label) if part
        )
        return f'<span class="button {kind}{off}">{shown}{arrow}</span>'

    def _menu(self, menu: JSON) -> str:
        chosen = [one["label"] for one in menu.get("options") or [] if one.get("default")]
        words = ", ".join(chosen) or menu.get("placeholder") or "Make a selection"
        off = " off" if menu.get("disabled") else ""
        return f'<div class="menu{off}"><span>{escape(words)}</span><span>⌄</span></div>'

    def _section(self, section: JSON) -> str:
        accessory = self([section["accessory"]])
        return f'<div class="section"><div class="texts">{self(section["components"])}</div>{accessory}</div>'

    def _text(self, text: JSON) -> str:
        return f'<div class="text">{self._markdown(text["content"])}</div>'

    def _thumbnail(self, thumbnail: JSON) -> str:
        return f'<div class="thumbnail">{self._media(thumbnail["media"]["url"])}</div>'

    def _gallery(self, gallery: JSON) -> str:
        items = "".join(f"<div>{self._media(one['media']['url'])}</div>" for one in gallery["items"])
        return f'<div class="gallery of{min(len(gallery["items"]), 3)}">{items}</div>'

    def _file(self, file: JSON) -> str:
        return self._media(file["file"]["url"])

    def _separator(self, separator: JSON) -> str:
        line = " line" if separator.get("divider", True) else ""
        return f'<div class="separator{line}"></div>'

    def _container(self, container: JSON) -> str:
        colour = container.get("accent_color")
        edge = "" if colour is None else f' style="border-left-color:#{colour:06x}"'
        return f'<div class="container"{edge}>{self(container["components"])}</div>'

    def _unknown(self, component: JSON) -> str:
        return f'<div class="unknown">component {component["type"]}</div>'
