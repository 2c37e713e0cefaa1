"""Buttons, selects and layouts: walking them, and giving them what Discord adds."""

from collections.abc import Iterator
from typing import Any

ACTION_ROW = 1
BUTTON = 2
TEXT_DISPLAY = 10
SELECTS = {3, 5, 6, 7, 8}
MEDIA_KEYS = ("media", "file")


def walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every component at any depth."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))
        for key in ("accessory", "component"):
            if key in component:
                yield from walk([component[key]])


def interactive(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (one for one in walk(components) if one["type"] == BUTTON or one["type"] in SELECTS)


def completed(components: list[dict[str, Any]], urls: dict[str, str]) -> list[dict[str, Any]]:
    """Gives every component its number and every ``attachment://`` reference its address.

    Args:
        components: as a client sent them.
        urls: the address of each attached file name.
    """
    for number, component in enumerate(walk(components), start=1):
        component.setdefault("id", number)
        for holder in (component, *component.get("items", [])):
            for key in MEDIA_KEYS:
                if key in holder:
                    _resolve(holder[key], urls)
    return components


def _resolve(media: dict[str, Any], urls: dict[str, str]) -> None:
    media["url"] = resolved_url(media["url"], urls)
    media |= {"proxy_url": media["url"], "loading_state": 2, "placeholder": "", "width": None, "height": None}


def resolved_url(url: str, urls: dict[str, str]) -> str:
    return urls.get(url.removeprefix("attachment://"), url) if url.startswith("attachment://") else url
