"""What a member fills in: values of selects and modals, and what their ids stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .bodies import Upload
from .channels import Channel
from .commands import plain_value
from .components import SELECTS
from .people import Role
from .posting import attach

if TYPE_CHECKING:
    from .members import Member

JSON = dict[str, Any]


def modal_data(member: Member, modal: JSON, values: JSON) -> JSON:
    left, resolved = dict(values), JSON()
    channel = member.guild.channels[0] if member.guild.channels else member.dm
    components = [_submitted(one, left, channel, resolved) for one in modal["components"]]
    if left:
        raise LookupError(f"the modal has no {sorted(left)}")
    return {"custom_id": modal["custom_id"], "components": components, "resolved": resolved}


def _submitted(component: JSON, left: JSON, channel: Channel, resolved: JSON) -> JSON:
    data: JSON = {"type": component["type"], "id": component.get("id", 0)}
    if "components" in component:
        return data | {"components": [_submitted(one, left, channel, resolved) for one in component["components"]]}
    if "component" in component:
        inner = component["component"] | {"label": component["label"]}
        return data | {"component": _submitted(inner, left, channel, resolved)}
    if "custom_id" not in component:
        return data
    named = next((key for key in (component["custom_id"], component.get("label")) if key in left), None)
    value = component.get("value", "") if named is None else left.pop(named)
    data["custom_id"] = component["custom_id"]
    if component["type"] in SELECTS and "options" in component:
        several = value if isinstance(value, list | tuple) else [value] if value else []
        return data | chosen(channel, component, tuple(several))
    if isinstance(value, list | tuple):
        return data | {"values": [resolve(channel, one, resolved) for one in value]}
    return data | {"value": value}


def chosen(channel: Channel, component: JSON, values: tuple[Any, ...]) -> JSON:
    low, high = component.get("min_values", 1), component.get("max_values", 1)
    if not low <= len(values) <= high:
        raise ValueError(f"choose {low} to {high}, not {len(values)}")
    if "options" not in component:
        resolved: JSON = {}
        return {"values": [resolve(channel, one, resolved) for one in values], "resolved": resolved}
    by_label = {one["label"]: one["value"] for one in component["options"]}
    values_chosen = [by_label.get(one, one) for one in values]
    unknown = set(values_chosen) - set(by_label.values())
    if unknown:
        raise LookupError(f"no option {sorted(unknown)}; there are {by_label}")
    return {"values": values_chosen}


def resolve(channel: Channel, value: Any, resolved: JSON) -> Any:
    """Puts what an id stands for into the resolved data, and returns what travels in its place."""
    if isinstance(value, Upload):
        attachment = attach(channel, value, ephemeral=True)
        resolved.setdefault("attachments", {})[str(attachment.id)] = attachment.to_json()
        return str(attachment.id)
    sent = plain_value(value)
    if isinstance(value, Channel):
        resolved.setdefault("channels", {})[sent] = value.to_json() | {"permissions": "0"}
    elif isinstance(value, Role):
        resolved.setdefault("roles", {})[sent] = value.to_json()
    elif hasattr(value, "user"):
        resolved.setdefault("users", {})[sent] = value.user.to_json()
        member = value.to_json(with_user=False) | {"permissions": str(int(value.permissions))}
        resolved.setdefault("members", {})[sent] = member
    return sent
