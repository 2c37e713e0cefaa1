"""What Discord refuses in a message: lengths and counts, from its documentation."""

from collections.abc import Iterable
from typing import Any

from .bodies import Body
from .components import ACTION_ROW, BUTTON, SELECTS, interactive, walk
from .errors import ApiError, Refusal, invalid_form, too_long
from .layouts import check_layout
from .messages import Flag

CONTENT = 2000
ATTACHMENTS = 10
EMBEDS = 10
EMBED_TOTAL = 6000
EMBED_FIELDS = 25
ROWS = 5
BUTTONS_IN_A_ROW = 5
SELECT_OPTIONS = 25
CUSTOM_ID = 100
LABEL = 80
NONCE = 25


def check_message(fields: dict[str, Any]) -> None:
    """Refuses what is too long, too many or malformed in a message's JSON.

    Raises:
        ApiError: 50035, with the path of the first bad field.
    """
    if len(fields.get("content") or "") > CONTENT:
        raise too_long("content", CONTENT)
    if len(str(fields.get("nonce") or "")) > NONCE:
        raise too_long("nonce", NONCE)
    check_embeds(fields.get("embeds") or [])
    components = fields.get("components") or []
    if (fields.get("flags") or 0) & Flag.COMPONENTS_V2:
        for legacy in ("content", "embeds"):
            if fields.get(legacy):
                code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
                raise invalid_form(legacy, code, f"The '{legacy}' field cannot be used with components v2.")
        check_layout(components)
    else:
        if len(components) > ROWS:
            raise too_long("components", ROWS)
        for number, component in enumerate(components):
            if component["type"] != ACTION_ROW:
                raise invalid_form(f"components.{number}.type", "UNION_TYPE_CHOICES", "Value must be one of (1,).")
    check_components(components)


def check_embeds(embeds: list[dict[str, Any]]) -> None:
    if len(embeds) > EMBEDS:
        raise too_long("embeds", EMBEDS)
    total = 0
    for number, embed in enumerate(embeds):
        if len(embed.get("fields", [])) > EMBED_FIELDS:
            raise too_long(f"embeds.{number}.fields", EMBED_FIELDS)
        for path, text, limit in _embed_texts(embed):
            total += len(text)
            if len(text) > limit:
                raise too_long(f"embeds.{number}.{path}", limit)
    if total > EMBED_TOTAL:
        raise invalid_form("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")


def _embed_texts(embed: dict[str, Any]) -> Iterable[tuple[str, str, int]]:
    yield "title", embed.get("title") or "", 256
    yield "description", embed.get("description") or "", 4096
    yield "footer.text", embed.get("footer", {}).get("text") or "", 2048
    yield "author.name", embed.get("author", {}).get("name") or "", 256
    for number, field in enumerate(embed.get("fields", [])):
        yield f"fields.{number}.name", field.get("name") or "", 256
        yield f"fields.{number}.value", field.get("value") or "", 1024


def check_components(components: list[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for row_number, row in enumerate(one for one in walk(components) if one["type"] == ACTION_ROW):
        selects = sum(one["type"] in SELECTS for one in row["components"])
        # A select takes the whole width of its row.
        if not 1 <= len(row["components"]) + selects * (BUTTONS_IN_A_ROW - 1) <= BUTTONS_IN_A_ROW:
            raise too_long(f"components.{row_number}.components", BUTTONS_IN_A_ROW)
    for number, component in enumerate(interactive(components)):
        path = f"components.{number}"
        custom_id = component.get("custom_id")
        if custom_id is not None:
            if custom_id in seen:
                code = "COMPONENT_CUSTOM_ID_DUPLICATED"
                raise invalid_form(f"{path}.custom_id", code, "Component custom id cannot be duplicated")
            seen.add(custom_id)
            if len(custom_id) > CUSTOM_ID:
                raise too_long(f"{path}.custom_id", CUSTOM_ID)
        if component["type"] == BUTTON:
            check_button(component, path)
        if component["type"] in SELECTS and len(component.get("options", [])) > SELECT_OPTIONS:
            raise too_long(f"{path}.options", SELECT_OPTIONS)


def check_button(button: dict[str, Any], path: str) -> None:
    """Refuses a button that shows nothing, or leads both to an address and to the bot."""
    if len(button.get("label") or "") > LABEL:
        raise too_long(f"{path}.label", LABEL)
    if not button.get("label") and not button.get("emoji"):
        raise invalid_form(path, "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji")
    leads = {key for key in ("custom_id", "url", "sku_id") if button.get(key)}
    if len(leads) != 1:
        raise invalid_form(path, "BUTTON_COMPONENT_CUSTOM_ID_REQUIRED", "A button has a custom id or a url")


def check_sizes(body: Body, limit: int, request_limit: int | None) -> None:
    """Refuses files that are too large for the place.

    Raises:
        ApiError: 413 / 40005.
    """
    too_much = request_limit is not None and body.size > request_limit
    if too_much or any(len(upload.content) > limit for upload in body.files.values()):
        raise ApiError(Refusal.ENTITY_TOO_LARGE)
