"""Chores: each is done by one runner at a time, at its interval, whatever became of it before."""

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import insert

from core.chores import Chore, ChoreBook, keep_doing
from core.database import Database
from core.errors import ConfigurationError
from core.sql_functions import utc_in
from core.tables import chores
from tests.conftest import Hand
from tests.support.processes import wait_until

LOOK = 0.02


class Counted:
    """Counts how often it is done, and then does what it is told to."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.done = 0
        self.fault = fault

    async def __call__(self) -> str:
        self.done += 1
        if self.fault:
            raise self.fault
        return f"done {self.done} times"


async def keep(
    database: Database,
    *chores: Chore,
    seconds: float = 0.5,
    runners: int = 1,
    until: Callable[[], bool] = lambda: True,
) -> None:
    """Have runners keep doing them until something is done, and for some seconds more."""
    books = [ChoreBook(database, runner=f"download@here:{number}") for number in range(runners)]
    tasks = [asyncio.create_task(keep_doing(book, chores, look=LOOK)) for book in books]
    await wait_until(until)
    await asyncio.sleep(seconds)  # what must not happen has no event to wait for
    for task in tasks:
        task.cancel()
    for end in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(end, asyncio.CancelledError)


async def test_one_of_many_runners_does_it_once_an_interval(database: Database, hand: Hand) -> None:
    work = Counted()
    await keep(database, Chore(name="sweep", every=3600, run=work), runners=4, until=lambda: work.done > 0)
    assert work.done == 1
    assert await hand("SELECT report FROM chores WHERE finished_at IS NOT NULL AND error IS NULL") == [
        ("done 1 times",)
    ]


async def test_a_person_runs_it_at_once(database: Database, hand: Hand) -> None:
    work = Counted()
    chore = Chore(name="sweep", every=3600, run=work)
    await keep(database, chore, until=lambda: work.done == 1)
    await hand("UPDATE chores SET started_at = NULL WHERE name = 'sweep'")
    await keep(database, chore, until=lambda: work.done == 2)
    assert work.done == 2


@pytest.mark.parametrize(
    ("started", "finished", "again"),
    [
        (-30, -29, False),
        (-61, -60, True),
        (-61, None, True),  # its runner died
        (180, 180, True),  # the clock was set back
    ],
)
async def test_when_it_is_due(database: Database, started: int, finished: int | None, again: bool) -> None:
    """The times are minutes from now."""
    work = Counted()
    end = None if finished is None else utc_in(finished * 60)
    row = insert(chores).values(name="sweep", started_at=utc_in(started * 60), finished_at=end)
    await database.write(lambda connection: connection.execute(row))
    await keep(
        database, Chore(name="sweep", every=3600, run=work), seconds=0.2, until=lambda: work.done > 0 or not again
    )
    assert work.done == again


@pytest.mark.parametrize("fault", [ConfigurationError("No room."), OSError("No room."), ValueError("No room.")])
async def test_a_fault_is_written_and_the_others_go_on(database: Database, hand: Hand, fault: Exception) -> None:
    good, bad = Counted(), Counted(fault)
    both = (Chore(name="bad", every=3600, run=bad), Chore(name="good", every=3600, run=good))
    await keep(database, *both, until=lambda: bool(bad.done and good.done))
    assert (bad.done, good.done) == (1, 1)
    ((said,),) = await hand("SELECT error FROM chores WHERE name = 'bad' AND finished_at IS NOT NULL")
    assert "No room." in said


async def test_what_takes_too_long_is_broken_off(database: Database, hand: Hand) -> None:
    async def forever() -> str:
        await asyncio.sleep(3600)
        return ""

    await keep(database, Chore(name="slow", every=3600, run=forever, timeout=0.1))
    assert await hand("SELECT error FROM chores") == [("not done within 0.1 s",)]
