"""Sites that fail for everybody are left alone, and tried by one download at a time. The same for every database."""

from datetime import UTC, datetime, timedelta

import pytest

from core.database import Database
from core.errors import SiteDown
from core.models import Download, Settlement, Status
from core.site_health import SiteRules, heed_probes, look_after_probes
from core.store import Store
from tests.conftest import Hand
from tests.core import given

RULES = SiteRules(least=3, rate=0.8, pause=600.0, longest=1500.0)


@pytest.fixture
def store(database: Database) -> Store:
    store = given.runner(database)
    store.site_rules = RULES
    return store


async def entered(store: Store, site: str = "youtube") -> Download:
    claim = await given.claimed(store)
    await store.enter_site(claim, site=site, media_id=str(claim.id))
    return claim


async def tried(store: Store, *, error: str | None = None, site: str = "youtube") -> int:
    """The next row tries its site, and fails for good, or not."""
    claim = await entered(store, site)
    values = {"error_kind": error, "error": "no"} if error else {}
    await store.move(claim, Status.DOWNLOADING)
    await store.settle(claim, Settlement(Status.FAILED if error else Status.DOWNLOADED, values))
    return claim.id


async def broken(store: Store, database: Database) -> None:
    """YouTube was just found to be broken."""
    for member in range(RULES.least):
        await given.row(database, user_id=member)
        await tried(store, error="ExtractionError")


async def health(hand: Hand) -> tuple[object, ...]:
    (row,) = await hand("SELECT state, openings, probe_id FROM site_health WHERE site = 'youtube'")
    return row


async def probe_is_due(hand: Hand) -> None:
    await hand("UPDATE site_health SET probe_at = '2020-01-01 00:00:00'")


async def test_a_site_that_fails_for_everybody_is_left_alone(database: Database, store: Store, hand: Hand) -> None:
    waits = await given.row(database, site="youtube", priority=-1)
    other = await given.row(database, site="reddit", priority=-1)
    unknown = await given.row(database, priority=-1)
    await broken(store, database)
    assert await health(hand) == ("open", 1, None)
    (told,) = await hand(f"SELECT activity FROM downloads WHERE id = {waits}")
    assert told[0].startswith("youtube fails for everybody at the moment; tried again at ")
    assert (await given.claimed(store)).id == other
    claim = await given.claimed(store)
    assert claim.id == unknown, "nobody knows yet that it is of the site"
    with pytest.raises(SiteDown) as waiting:
        await store.enter_site(claim, site="youtube", media_id="x")
    await store.settle(claim, Settlement(Status.PENDING, {"activity": str(waiting.value)}))
    assert await store.claim() is None, "now it is known"
    assert await hand(f"SELECT attempts, error FROM downloads WHERE id IN ({waits}, {unknown})") == [(0, None)] * 2


@pytest.mark.parametrize("error", ["PrivateMedia", "RemovedMedia", "GeoRestricted", "DiskFull"])
async def test_what_is_no_fault_of_the_site_closes_nothing(
    database: Database, store: Store, hand: Hand, error: str
) -> None:
    for _ in range(RULES.least + 1):
        await given.row(database)
        await tried(store, error=error)
    assert await hand("SELECT * FROM site_health") == []


async def test_one_download_that_fails_often_is_not_everybody(database: Database, store: Store, hand: Hand) -> None:
    await given.row(database)
    for _ in range(2 * RULES.least):
        claim = await entered(store)
        await store.settle(claim, Settlement(Status.PENDING, {"error_kind": "ExtractionError", "error": "no"}))
    assert await health(hand) == ("closed", 0, None)


@pytest.mark.parametrize(
    ("failures", "others", "state"),
    [
        ([7] * (2 * RULES.least), [None], "closed"),  # a playlist of one member, and another's film
        ([7] * (RULES.least - 1) + [8], [], "open"),
        ([7] * (2 * RULES.least - 1), [], "closed"),
        ([7] * (2 * RULES.least), [], "open"),  # nobody else is here who could say it
        ([None] * (2 * RULES.least), [], "open"),
    ],
)
async def test_one_member_is_not_everybody_unless_he_is_alone(
    database: Database, store: Store, hand: Hand, failures: list[int | None], others: list[int | None], state: str
) -> None:
    for member in others:
        await given.row(database, user_id=member)
        await tried(store)
    for member in failures:
        await given.row(database, user_id=member)
        await tried(store, error="ExtractionError")
    assert (await health(hand))[0] == state


async def test_what_was_answered_without_the_site_says_nothing_of_it(
    database: Database, store: Store, hand: Hand
) -> None:
    await broken(store, database)
    await given.row(database)
    claim = await given.claimed(store)  # its site is not known yet, so it is let through; then its media is here
    await store.settle(claim, Settlement(Status.DOWNLOADED, {"site": "youtube", "media_id": "x"}))
    assert (await health(hand))[0] == "open"


async def test_a_site_that_mostly_works_stays_open_to_all(database: Database, store: Store, hand: Hand) -> None:
    for number in range(3 * RULES.least):
        await given.row(database, user_id=number)
        await tried(store, error=None if number % 3 == 0 else "ExtractionError")
    assert (await health(hand))[0] == "closed"


async def test_one_download_probes_and_its_success_releases_all(database: Database, store: Store, hand: Hand) -> None:
    await broken(store, database)
    rows = [await given.row(database, site="youtube") for _ in range(3)]
    await hand(
        "UPDATE downloads SET error_kind = 'ExtractionError', available_at = '2099-01-01 00:00:00', "
        f"activity = (SELECT reason FROM site_health) WHERE id = {rows[2]}"
    )
    await probe_is_due(hand)
    probe, second = await given.claimed(store), await given.claimed(store)
    await store.enter_site(probe, site="youtube", media_id="a")
    with pytest.raises(SiteDown):
        await store.enter_site(second, site="youtube", media_id="b")
    assert await health(hand) == ("half-open", 1, probe.id)
    await store.settle(second, Settlement(Status.PENDING))
    assert await store.claim() is None
    await store.move(probe, Status.DOWNLOADING)
    await store.settle(probe, Settlement(Status.DOWNLOADED))
    assert await health(hand) == ("closed", 0, None)
    assert {(await given.claimed(store)).id for _ in range(2)} == {rows[1], rows[2]}, "without waiting for its next try"
    assert await hand(f"SELECT activity FROM downloads WHERE id = {rows[2]}") == [(None,)]


async def test_a_probe_that_fails_leaves_the_site_alone_for_longer(
    database: Database, store: Store, hand: Hand
) -> None:
    await broken(store, database)
    pauses = []
    for openings in (2, 3):
        await given.row(database, site="youtube")
        await probe_is_due(hand)
        await tried(store, error="RateLimited")
        assert (await health(hand))[:2] == ("open", openings)
        now = "datetime('now')" if database.is_sqlite else "to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
        for minutes in (15, 21, 26):
            moved = (
                f"datetime('now', '+{minutes} minutes')"
                if database.is_sqlite
                else now.replace("'UTC'", f"'UTC' + interval '{minutes} minutes'")
            )
            pauses += await hand(f"SELECT probe_at > {moved} FROM site_health")
    assert [bool(longer) for (longer,) in pauses] == [True, False, False, True, True, False]  # 20 and 25 minutes


async def test_a_probe_that_says_nothing_lets_the_next_one_try(database: Database, store: Store, hand: Hand) -> None:
    await broken(store, database)
    await given.row(database, site="youtube")
    await probe_is_due(hand)
    paused = await entered(store)
    await store.settle(paused, Settlement(Status.PENDING))
    assert await health(hand) == ("open", 1, None)
    again = await entered(store)
    await hand(f"UPDATE downloads SET status = 'pending', claimed_by = NULL WHERE id = {again.id}")
    await database.write(heed_probes)
    assert await health(hand) == ("open", 1, None), "its runner is gone"
    claim = await entered(store)
    assert (claim.id, await health(hand)) == (again.id, ("half-open", 1, again.id))


async def test_a_probe_whose_bytes_arrive_shows_that_the_site_works(
    database: Database, store: Store, hand: Hand
) -> None:
    await broken(store, database)
    await given.row(database, site="youtube")
    await probe_is_due(hand)
    claim = await entered(store)
    await store.move(claim, Status.DOWNLOADING)
    assert await database.write(heed_probes) == []
    await store.write(claim, download_speed=5)
    assert await database.write(heed_probes) == ["youtube"]
    assert await health(hand) == ("closed", 0, None)


async def test_a_clock_that_was_set_back_keeps_no_site_closed(database: Database, store: Store, hand: Hand) -> None:
    await broken(store, database)
    await given.row(database, site="youtube")
    await hand("UPDATE site_health SET probe_at = '2099-01-01 00:00:00'")
    assert await store.claim() is None
    await look_after_probes(database)
    assert await store.claim() is not None


async def test_what_happened_before_it_worked_again_does_not_count(
    database: Database, store: Store, hand: Hand
) -> None:
    await broken(store, database)
    await given.row(database, site="youtube")
    await probe_is_due(hand)
    await tried(store)
    a_minute_ago = datetime.now(UTC) - timedelta(minutes=1)
    await hand(f"UPDATE events SET at = '{a_minute_ago:%Y-%m-%d %H:%M:%S}'")
    await given.row(database)
    await tried(store, error="ExtractionError")
    assert (await health(hand))[0] == "closed"
