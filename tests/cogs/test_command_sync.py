"""Commands are registered when Discord's differ from ours, and else not."""

from typing import Any

import pytest

from cogs.command_sync import same_commands

OURS: list[dict[str, Any]] = [
    {
        "name": "cancel",
        "description": "End it.",
        "type": 1,
        "nsfw": False,
        "dm_permission": True,
        "default_member_permissions": None,
        "contexts": [0, 1],
        "integration_types": None,
        "name_localizations": {},
        "description_localizations": {},
        "options": [{"name": "id", "type": 4, "description": "Which.", "required": True, "min_value": 1}],
    }
]
DISCORDS: list[dict[str, Any]] = [
    {
        "id": "1",
        "application_id": "2",
        "version": "3",
        "name": "cancel",
        "description": "End it.",
        "type": 1,
        "nsfw": False,
        "default_member_permissions": None,
        "contexts": [1, 0],
        "integration_types": [0],
        "name_localizations": None,
        "description_localizations": None,
        "options": [{"name": "id", "type": 4, "description": "Which.", "required": True, "min_value": 1}],
    }
]


def changed(**values: Any) -> list[dict[str, Any]]:
    return [DISCORDS[0] | values]


def test_what_discord_adds_makes_no_difference() -> None:
    assert same_commands(OURS, DISCORDS)


@pytest.mark.parametrize(
    "known",
    [
        [],
        [*DISCORDS, {"name": "old", "type": 1}],
        changed(name="end"),
        changed(description="Other."),
        changed(nsfw=True),
        changed(default_member_permissions="8"),
        changed(options=[]),
        changed(options=[DISCORDS[0]["options"][0] | {"min_value": 0}]),
        changed(options=[DISCORDS[0]["options"][0] | {"required": False}]),
        changed(description_localizations={"de": "Beende es."}),
        changed(contexts=[0]),
        changed(options=[*DISCORDS[0]["options"], {"name": "more", "type": 3}]),
    ],
)
def test_any_real_difference_is_seen(known: list[dict[str, Any]]) -> None:
    assert not same_commands(OURS, known)
