"""Turns what a member does into the interaction that Discord would send to the bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .channels import Channel
from .commands import MESSAGE, USER, check_option, descend, nested, plain_value
from .components import BUTTON, SELECTS
from .filling import chosen, resolve
from .interactions import BOT_DM, IN_GUILD, PRIVATE_CHANNEL, Interaction, InteractionKind
from .messages import Message
from .permissions import Permission

if TYPE_CHECKING:
    from .members import Member

JSON = dict[str, Any]


def open_interaction(
    member: Member,
    channel: Channel,
    kind: InteractionKind,
    data: JSON,
    *,
    message: Message | None = None,
) -> Interaction:
    world = channel.world
    interaction = Interaction(
        id=world.ids.new(),
        world=world,
        kind=kind,
        member=member,
        channel=channel,
        data=data,
        message=message,
    )
    world.interactions[interaction.token] = interaction
    world.dispatch_interaction(interaction.to_json(), channel.guild)
    return interaction


def fill_command(member: Member, channel: Channel, name: str, values: JSON) -> JSON:
    command, leaf, path = _find(member, channel, name)
    definitions = {one["name"]: one for one in leaf["options"]}
    _check_names(definitions, values)
    missing = [key for key, one in definitions.items() if one.get("required") and key not in values]
    if missing:
        raise ValueError(f"/{name} needs {missing}")
    resolved: JSON = {}
    options = []
    for key, value in values.items():
        check_option(definitions[key], value)
        sent = resolve(channel, value, resolved)
        options.append({"name": key, "type": definitions[key]["type"], "value": sent})
    return _command_data(command, channel, options, path, resolved)


def suggested_data(member: Member, channel: Channel, name: str, option: str, typed: str, others: JSON) -> JSON:
    command, leaf, path = _find(member, channel, name)
    definitions = {one["name"]: one for one in leaf["options"]}
    _check_names(definitions, {option: typed, **others})
    if not definitions[option].get("autocomplete"):
        raise LookupError(f"{option!r} of /{name} has no autocomplete")
    options: list[JSON] = [
        {"name": key, "type": definitions[key]["type"], "value": plain_value(value)} for key, value in others.items()
    ]
    kind = definitions[option]["type"]
    options.append({"name": option, "type": kind, "value": typed, "focused": True})
    return _command_data(command, channel, options, path, {})


def target_data(member: Member, target: Message | Member, name: str, channel: Channel | None) -> tuple[JSON, Channel]:
    """The data of a context-menu command, and the channel where it is used."""
    if isinstance(target, Message):
        where, kind, target_id = target.channel, MESSAGE, target.id
        resolved: JSON = {"messages": {str(target.id): target.to_json()}}
    else:
        assert channel is not None, "name the channel in which the member is clicked"
        where, kind, target_id, resolved = channel, USER, target.id, {}
        resolve(channel, target, resolved)
    guild_id = None if where.guild is None else where.guild.id
    command = where.world.commands.find(name, kind, guild_id)
    _check_visible(command, member, where)
    data = _command_data(command, where, [], [], resolved)
    return data | {"target_id": str(target_id)}, where


def component_data(
    member: Member, message: Message, values: tuple[Any, ...] | None, custom_id: str | None, label: str | None
) -> JSON:
    if not member.can_see(message):
        raise LookupError(f"{member.name} does not see that message")
    kinds = {BUTTON} if values is None else SELECTS
    shown = [one for one in message.interactive_components if one["type"] in kinds and one.get("custom_id")]
    wanted = [
        one
        for one in shown
        if (custom_id is None or one["custom_id"] == custom_id) and (label is None or one.get("label") == label)
    ]
    if len(wanted) != 1 or wanted[0].get("disabled"):
        raise LookupError(f"{len(wanted)} of {custom_id or label!r} can be used; the message shows {shown}")
    component = wanted[0]
    data: JSON = {"custom_id": component["custom_id"], "component_type": component["type"], "id": component["id"]}
    return data if values is None else data | chosen(message.channel, component, values)


def _find(member: Member, channel: Channel, name: str) -> tuple[JSON, JSON, list[JSON]]:
    guild_id = None if channel.guild is None else channel.guild.id
    first, *words = name.split()
    command = channel.world.commands.find(first, 1, guild_id)
    _check_visible(command, member, channel)
    path = [descend(command, words[: end + 1]) for end in range(len(words))]
    leaf = path[-1] if path else command
    leaf.setdefault("options", [])
    return command, leaf, path


def _check_visible(command: JSON, member: Member, channel: Channel) -> None:
    installs = command["integration_types"] or [0]
    offered = (0 in installs and channel.bot_is_in) or (1 in installs and member.user.has_installed_bot)
    context = IN_GUILD if channel.guild else BOT_DM if channel.bot_is_in else PRIVATE_CHANNEL
    if not offered or (command["contexts"] is not None and context not in command["contexts"]):
        raise PermissionError(f"{command['name']!r} is not offered there: {installs}, {command['contexts']}")
    asked = command["default_member_permissions"]
    # None shows a command to everybody, "0" to administrators only.
    needed = Permission.ADMINISTRATOR if asked == "0" else Permission(int(asked or 0))
    if needed & ~member.permissions:
        raise PermissionError(f"{command['name']!r} is hidden from {member.name}: it needs {needed!r}")


def _check_names(definitions: JSON, values: JSON) -> None:
    unknown = sorted(set(values) - set(definitions))
    if unknown:
        raise LookupError(f"no option {unknown}; there are {sorted(definitions)}")


def _command_data(command: JSON, channel: Channel, options: list[JSON], path: list[JSON], resolved: JSON) -> JSON:
    data: JSON = {"id": command["id"], "name": command["name"], "type": command["type"]}
    data |= {"options": nested(options, path), "resolved": resolved}
    guild_id = command.get("guild_id")
    return data if guild_id is None else data | {"guild_id": guild_id}
