"""How members are called: known as long as there is a row of theirs, as they were called last. On every database."""

import pytest

from core.database import Database
from core.members import LONGEST, Members
from core.models import Request
from core.requests import Requests
from tests.conftest import Hand

URL = "https://media.example/a.mp4"


async def test_who_asks_is_remembered_as_he_is_called_now_and_forgotten_with_his_last_row(
    database: Database, hand: Hand
) -> None:
    requests, members = Requests(database, actor="test"), Members(database)
    anna, ben = 2**63 - 1, 12
    for user_id, name in ((anna, "Anna"), (ben, "Ben"), (anna, "Anna the Great"), (ben, None), (None, "Nobody")):
        await requests.submit(Request(url=URL, user_id=user_id, user_name=name))
    assert await members.names([anna, ben, 13, None]) == {anna: "Anna the Great", ben: "Ben"}
    await hand("DELETE FROM downloads WHERE id = 1")
    assert await members.forget_gone() == 0, "there is another row of hers"
    await hand(f"DELETE FROM downloads WHERE user_id = {anna}")
    assert await members.forget_gone() == 1
    assert await members.names([anna, ben]) == {ben: "Ben"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("x" * 300, "x" * LONGEST),
        ("a\0b\ud800c", "ab?c"),
        ("'; DROP TABLE members; --", "'; DROP TABLE members; --"),
        (" \0 ", None),
        ("\U0001f9ff" * LONGEST, "\U0001f9ff" * LONGEST),
    ],
)
async def test_no_name_is_too_strange_for_the_table(database: Database, given: str, kept: str | None) -> None:
    await Requests(database, actor="test").submit(Request(url=URL, user_id=1, user_name=given))
    assert (await Members(database).names([1])).get(1) == kept
