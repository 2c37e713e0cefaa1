"""What guilds and members set for themselves, as rows carry it and as hands spoil it."""

import json
from typing import Any

import pytest

from core.database import Database
from core.preferences import GuildPreferences, MemberPreferences, Notify, RoleRules, combined
from core.queries import Queries
from core.requests import Requests
from tests.conftest import Hand


async def test_preferences_come_back_as_they_were_written(database: Database, hand: Hand) -> None:
    requests, queries = Requests(database, actor="test"), Queries(database)
    await requests.learn_upload_limit(5, 1000)
    rules = {7: RoleRules(max_bytes=3, download=False), 8: RoleRules(torrents=True)}
    await requests.change_guild_preferences(5, lambda old: old.model_copy(update={"roles": rules, "detect_in": (1, 2)}))
    await requests.change_guild_preferences(5, lambda old: old.model_copy(update={"quality": "720p"}))
    kept = await queries.guild_preferences(5)
    assert (kept.roles, kept.detect_in, kept.quality) == (rules, (1, 2), "720p")
    assert await queries.learned_upload_limit(5) == 1000

    await requests.change_member_preferences(9, lambda old: old.model_copy(update={"notify": Notify.VERBOSE}))
    assert (await queries.member_preferences(9)).notify is Notify.VERBOSE
    assert json.loads((await hand("SELECT settings FROM user_settings"))[0][0]) == {"notify": "verbose"}


async def test_who_has_no_row_has_the_defaults(database: Database) -> None:
    queries = Queries(database)
    assert await queries.guild_preferences(5) == await queries.guild_preferences(None) == GuildPreferences()
    assert await queries.member_preferences(5) == await queries.member_preferences(None) == MemberPreferences()


async def test_what_a_hand_wrote_beside_ours_is_kept(database: Database, hand: Hand) -> None:
    await hand("""INSERT INTO user_settings VALUES (9, '{"note": "hello", "priority": -1, "mention": "often"}')""")
    changed = await Requests(database, actor="test").change_member_preferences(
        9, lambda old: old.model_copy(update={"priority": 0})
    )
    assert changed == MemberPreferences()
    assert json.loads((await hand("SELECT settings FROM user_settings"))[0][0]) == {"note": "hello"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ({"notify": "loud", "quality": "480p"}, GuildPreferences(quality="480p")),
        ({"roles": 3}, GuildPreferences()),
        ({"roles": {"7": {"max_bytes": -1, "waiting": 2}}}, GuildPreferences(roles={7: RoleRules(waiting=2)})),
        ({"roles": {"x": {}, "7": {"waiting": 2}}}, GuildPreferences(roles={7: RoleRules(waiting=2)})),
        ({"detect_in": [1, "x"]}, GuildPreferences()),
        ({"everyone": {"download": "maybe", "a_day": 9}}, GuildPreferences(everyone=RoleRules(a_day=9))),
    ],
)
def test_what_means_nothing_is_left_out_and_the_rest_holds(written: dict[str, Any], read: GuildPreferences) -> None:
    assert GuildPreferences.read(written) == read
    assert GuildPreferences.read_text(json.dumps(written)) == read


@pytest.mark.parametrize("text", [None, "", "[]", "3", "{"])
def test_no_object_is_no_choice(text: str | None) -> None:
    assert MemberPreferences.read_text(text) == MemberPreferences()


@pytest.mark.parametrize(
    ("everyone", "roles", "expected"),
    [
        (RoleRules(), [], {"download": True, "view_stats": True, "manage_queue": False, "torrents": False}),
        (RoleRules(download=False), [], {"download": False}),
        (RoleRules(download=False), [RoleRules(download=True)], {"download": True}),
        (RoleRules(), [RoleRules(download=False)], {"download": False}),
        (RoleRules(), [RoleRules(download=False), RoleRules(download=True)], {"download": True}),
        (RoleRules(download=False), [RoleRules(max_bytes=5)], {"download": False, "max_bytes": 5}),
        (RoleRules(max_bytes=3), [RoleRules(torrents=True)], {"max_bytes": 3, "torrents": True}),
        (RoleRules(max_bytes=30), [RoleRules(max_bytes=5), RoleRules(max_bytes=7)], {"max_bytes": 7}),
        (RoleRules(), [], {"max_bytes": None, "running": None, "waiting": None, "a_day": None}),
    ],
)
def test_a_role_goes_over_what_holds_for_everyone_and_the_most_generous_counts(
    everyone: RoleRules, roles: list[RoleRules], expected: dict[str, Any]
) -> None:
    rules = combined(everyone, roles)
    assert {name: getattr(rules, name) for name in expected} == expected
