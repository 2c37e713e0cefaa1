"""Components V2: what may stand in what, from Discord's component reference."""

from collections.abc import Iterable
from typing import Any

from .components import ACTION_ROW, BUTTON, walk
from .errors import invalid_form, too_long

SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 9, 10, 11, 12, 13, 14, 17
IN_CONTAINER = {ACTION_ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR}
AT_TOP = IN_CONTAINER | {CONTAINER}
COMPONENTS = 40
CHARACTERS = 4000
SECTION_TEXTS = 3
GALLERY_ITEMS = 10


def check_layout(components: list[dict[str, Any]]) -> None:
    """Refuses a layout that Discord would refuse.

    Raises:
        ApiError: 50035, with the path of the first bad component.
    """
    every = list(walk(components))
    if len(every) > COMPONENTS:
        raise too_long("components", COMPONENTS)
    if sum(len(one.get("content") or "") for one in every if one["type"] == TEXT) > CHARACTERS:
        raise too_long("components", CHARACTERS)
    _check_kinds(components, AT_TOP, "components")
    for number, one in enumerate(every):
        _check_one(one, f"components.{number}")


def _check_kinds(components: Iterable[dict[str, Any]], allowed: set[int], path: str) -> None:
    for number, one in enumerate(components):
        if one["type"] not in allowed:
            sentence = f'Value of field "type" must be one of {tuple(sorted(allowed))}.'
            raise invalid_form(f"{path}.{number}.type", "UNION_TYPE_CHOICES", sentence)


def _check_one(component: dict[str, Any], path: str) -> None:
    inner = component.get("components") or []
    match component["type"]:
        case 17:
            _check_kinds(inner, IN_CONTAINER, f"{path}.components")
        case 9:
            _check_kinds(inner, {TEXT}, f"{path}.components")
            if not 1 <= len(inner) <= SECTION_TEXTS:
                raise too_long(f"{path}.components", SECTION_TEXTS)
            if "accessory" not in component:
                raise invalid_form(f"{path}.accessory", "BASE_TYPE_REQUIRED", "This field is required")
            _check_kinds([component["accessory"]], {BUTTON, THUMBNAIL}, f"{path}.accessory")
        case 10 if not component.get("content"):
            raise invalid_form(f"{path}.content", "BASE_TYPE_REQUIRED", "This field is required")
        case 12 if not 1 <= len(component["items"]) <= GALLERY_ITEMS:
            raise too_long(f"{path}.items", GALLERY_ITEMS)
        case 13 if not component["file"]["url"].startswith(("attachment://", "http")):
            raise invalid_form(f"{path}.file.url", "URL_TYPE_INVALID_URL", "Not a well formed URL.")
