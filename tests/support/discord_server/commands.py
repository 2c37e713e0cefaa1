"""The application commands that the bot registered, and the options that a member fills in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .bodies import Upload
from .channels import Channel
from .errors import ApiError, Refusal, invalid_form, too_long
from .localizations import spoken
from .people import Role, User

if TYPE_CHECKING:
    from .snowflakes import Snowflakes

JSON = dict[str, Any]
CHAT_INPUT, USER, MESSAGE = 1, 2, 3
SUB_COMMAND, SUB_COMMAND_GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER_OPTION, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
VALUE_TYPES: dict[int, type | tuple[type, ...]] = {
    STRING: str,
    INTEGER: int,
    BOOLEAN: bool,
    NUMBER: (int, float),
    ATTACHMENT: Upload,
}
NAME = re.compile(r"[-_'\w]{1,32}")


class Commands:
    """What was registered, for all guilds (scope None) and for single ones."""

    def __init__(self, ids: Snowflakes, application_id: int) -> None:
        self._ids = ids
        self._application_id = application_id
        self._registered: dict[int | None, list[JSON]] = {}

    def __bool__(self) -> bool:
        return any(self._registered.values())

    def all(self, scope: int | None = None) -> list[JSON]:
        return self._registered.get(scope, [])

    def overwrite(self, scope: int | None, definitions: list[JSON]) -> list[JSON]:
        if len(definitions) > 100:
            raise too_long("", 100)
        for number, definition in enumerate(definitions):
            check_command(definition, str(number))
        before = {(one["type"], one["name"]): one["id"] for one in self.all(scope)}
        self._registered[scope] = [self._complete(one, scope, before) for one in definitions]
        return self.all(scope)

    def upsert(self, scope: int | None, definition: JSON) -> JSON:
        kept = [one for one in self.all(scope) if _key(one) != _key(definition)]
        return self.overwrite(scope, [*kept, definition])[-1]

    def get(self, scope: int | None, command_id: str) -> JSON:
        for one in self.all(scope):
            if one["id"] == command_id:
                return one
        raise ApiError(Refusal.UNKNOWN_COMMAND)

    def remove(self, scope: int | None, command_id: str) -> None:
        self.all(scope).remove(self.get(scope, command_id))

    def find(self, name: str, kind: int, guild_id: int | None) -> JSON:
        """The command as a member of the guild sees it; the guild's own goes first.

        Raises:
            LookupError: there is none; the text lists those that there are.
        """
        visible = [*(self.all(guild_id) if guild_id is not None else []), *self.all()]
        for one in visible:
            if _key(one) == (kind, name):
                return one
        raise LookupError(f"no command {name!r}; there are {sorted(one['name'] for one in visible)}")

    def _complete(self, definition: JSON, scope: int | None, before: dict[tuple[int, str], str]) -> JSON:
        defaults: JSON = {"type": CHAT_INPUT, "description": "", "options": [], "default_member_permissions": None}
        defaults |= {"nsfw": False, "contexts": None, "integration_types": [0]}
        command = defaults | {key: value for key, value in definition.items() if value is not None}
        command["id"] = before.get(_key(command)) or str(self._ids.new())
        command |= {"application_id": str(self._application_id), "version": str(self._ids.new())}
        return command if scope is None else command | {"guild_id": str(scope)}


def _key(definition: JSON) -> tuple[int, str]:
    return definition.get("type", CHAT_INPUT), definition["name"]


def check_command(definition: JSON, path: str) -> None:
    """Refuses names, descriptions and options that Discord would refuse."""
    if definition.get("type", CHAT_INPUT) != CHAT_INPUT:
        return
    names, descriptions, unknown = spoken(definition)
    if unknown:
        raise invalid_form(f"{path}.name_localizations", "BASE_TYPE_CHOICES", f"{unknown} are no locales")
    if any(not NAME.fullmatch(name) or name != name.lower() for name in names):
        raise invalid_form(f"{path}.name", "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid")
    if any(not 1 <= len(description) <= 100 for description in descriptions):
        raise invalid_form(f"{path}.description", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    options = definition.get("options") or []
    if len(options) > 25:
        raise too_long(f"{path}.options", 25)
    required = [one.get("required", False) for one in options]
    if required != sorted(required, reverse=True):
        code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
        raise invalid_form(f"{path}.options", code, "Required options must be placed before non-required options")
    for number, option in enumerate(options):
        if len(option.get("choices") or []) > 25:
            raise too_long(f"{path}.options.{number}.choices", 25)
        check_command(option | {"type": CHAT_INPUT}, f"{path}.options.{number}")


def descend(command: JSON, words: list[str]) -> JSON:
    """The subcommand that the words name, or the command itself."""
    for word in words:
        inner = {one["name"]: one for one in command["options"] if one["type"] in (SUB_COMMAND, SUB_COMMAND_GROUP)}
        if word not in inner:
            raise LookupError(f"no subcommand {word!r}; there are {sorted(inner)}")
        command = inner[word]
    return command


def nested(options: list[JSON], path: list[JSON]) -> list[JSON]:
    """Wraps filled-in options into the subcommands that lead to them."""
    for step in reversed(path):
        options = [{"name": step["name"], "type": step["type"], "options": options}]
    return options


def plain_value(value: object) -> Any:
    """How a value travels: people, channels, roles and files as their id."""
    user = getattr(value, "user", value)
    if isinstance(user, User | Channel | Role):
        return str(user.id)
    return value


def check_option(definition: JSON, value: Any) -> None:
    """Refuses what Discord's own client would not let a member send.

    Raises:
        ValueError: the value breaks the definition, so the test is wrong.
    """
    kind, name = definition["type"], definition["name"]
    if not isinstance(value, VALUE_TYPES.get(kind, object)):
        raise ValueError(f"{name} takes {VALUE_TYPES[kind]}, not {value!r}")  # noqa: TRY004 - a wrong value too
    choices = [one["value"] for one in definition.get("choices") or []]
    if choices and value not in choices:
        raise ValueError(f"{name} is one of {choices}, not {value!r}")
    unit = "length" if kind == STRING else "value"
    size: Any = len(str(value)) if kind == STRING else value
    low, high = definition.get(f"min_{unit}"), definition.get(f"max_{unit}")
    if (low is not None and size < low) or (high is not None and size > high):
        raise ValueError(f"the {unit} of {name} is between {low} and {high}, not {value!r}")
