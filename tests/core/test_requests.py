"""What people may write: new rows, and requests about those that exist. The same for every kind of database."""

import pytest
from hypothesis import given as examples
from hypothesis import strategies as some

from core.database import Database
from core.errors import RequestRefused
from core.models import UPLOAD_STAGE, Destination, Request, Settlement, Status, UrlType
from core.queries import Queries
from core.requests import MAX_URL_LENGTH, Ask, Requests, asked_by, asked_in, checked_url
from tests.conftest import Hand
from tests.core import given

URL = "http://site.test/a.mp4"


async def test_a_request_becomes_a_row(database: Database) -> None:
    request = Request(
        url=f" <{URL}> ",
        destination=Destination.DISCORD,
        upload=False,
        priority=1,
        user_id=2**63 - 1,
        guild_id=2,
        channel_id=3,
        progress_message_id=4,
        upload_limit_bytes=20 * 2**20,
        options={"audio_only": True, "title": "Zwölf 🎬"},
    )

    download_id = await Requests(database, actor="bot").submit(request)

    row = await Queries(database).get(download_id)
    assert row is not None
    assert (row.url, row.url_type, row.status) == (URL, UrlType.UNKNOWN, Status.PENDING)
    assert (row.destination, row.upload, row.priority) == (Destination.DISCORD, False, 1)
    assert (row.user_id, row.guild_id, row.channel_id, row.progress_message_id) == (2**63 - 1, 2, 3, 4)
    assert (row.upload_limit_bytes, row.options) == (request.upload_limit_bytes, request.options)
    assert (row.attempts, row.epoch, row.progress, row.started_at) == (0, 0, 0.0, None)
    (event,) = await Queries(database).history(download_id)
    assert (event.at, event.actor, event.moved_to, event.note) == (row.added_at, "bot", "pending", "asked")


async def test_ids_are_never_given_twice(database: Database) -> None:
    requests = Requests(database, actor="test")
    first = await requests.submit(Request(url=URL))
    await database.write(lambda connection: connection.exec_driver_sql("DELETE FROM downloads"))
    assert await requests.submit(Request(url=URL)) > first


async def test_a_full_queue_refuses_until_something_is_taken(database: Database) -> None:
    requests = Requests(database, actor="test")
    await given.row(database, status="uploaded")
    for _ in range(2):
        await requests.submit(Request(url=URL), max_waiting=2)
    with pytest.raises(RequestRefused, match="The queue is full: 2 downloads wait already"):
        await requests.submit(Request(url=URL), max_waiting=2)
    await given.claimed(given.runner(database))
    await requests.submit(Request(url=URL), max_waiting=2)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        (URL, URL),
        (f"  {URL}\n", URL),
        (f"<{URL}>", URL),
        (f"< <{URL}> >", URL),
        ("magnet:?xt=urn:btih:aa&dn=b", "magnet:?xt=urn:btih:aa&dn=b"),
        ("http://site.test/Ä/電影?q=a%20b#c", "http://site.test/Ä/電影?q=a%20b#c"),
        ("ftp://a.example/x", "ftp://a.example/x"),
        ("http:".ljust(MAX_URL_LENGTH, "x"), "http:".ljust(MAX_URL_LENGTH, "x")),
    ],
)
def test_a_link_is_freed_of_its_decoration(text: str, url: str) -> None:
    assert checked_url(text) == url


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no link"),
        (" \n\t ", "There is no link"),
        ("<>", "There is no link"),
        ("x" * (MAX_URL_LENGTH + 1), "too long: 8193 characters, 8192 are possible"),
        ("clip.mp4", "Did you mean https://clip.mp4"),
        ("//site.test/a", "Did you mean https://site.test/a"),
        ("site.test:8080/a", "Did you mean https://site.test:8080/a"),
        (f"{URL} {URL}", "spaces or control characters"),
        (f"{URL} --exec x", "spaces or control characters"),
        ("http://site.test/\r\nX: y", "spaces or control characters"),
        ("http://site.test/\x00", "spaces or control characters"),
        ("http://site.test/\x7f", "spaces or control characters"),
        ("http://site.test/\x85a", "spaces or control characters"),
        ("http://site.test/\x9ba", "spaces or control characters"),
        ("http://site.test/\u2028a", "spaces or control characters"),
        ("http://site.test/\udcff", "spaces or control characters"),
    ],
)
def test_what_is_no_link_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(RequestRefused, match=sentence):
        checked_url(text)


@examples(some.text(some.characters() | some.sampled_from(" <>\n\x00\ud800")))
def test_whatever_is_pasted_gives_a_link_or_a_sentence(text: str) -> None:
    try:
        url = checked_url(text)
    except RequestRefused:
        return
    assert 0 < len(url) <= MAX_URL_LENGTH
    assert url in text
    assert checked_url(f" <{url}> ") == url
    assert not any(character.isspace() or not character.encode() for character in url)


KEPT = {"status": "downloaded", "upload": 0}
ALIVE = [{"status": status} for status in ("pending", "extracting", "downloading", "downloaded", "uploading")]


@pytest.mark.parametrize("ask", Ask)
async def test_a_request_reaches_the_rows_for_which_it_means_something(database: Database, ask: Ask) -> None:
    alive = {await given.row(database, **columns) for columns in ALIVE}
    paused = {await given.row(database, **columns, paused=1) for columns in ALIVE}
    retryable = {await given.row(database, status=status) for status in ("failed", "cancelled")}
    await given.row(database, status="uploaded")
    await given.row(database, **KEPT)
    every = range(1, 20)
    meant = {Ask.CANCEL: alive | paused, Ask.PAUSE: alive, Ask.RESUME: paused, Ask.RETRY: retryable}[ask]

    hit = await Requests(database, actor="cli").ask(ask, every)

    assert set(hit) == meant
    for download_id in every:
        events = await Queries(database).history(download_id)
        assert [event.note for event in events] == ([f"{ask} asked"] if download_id in meant else [])


async def test_pausing_and_resuming(database: Database) -> None:
    requests, store = Requests(database, actor="test"), given.runner(database)
    download_id = await given.row(database)
    await requests.ask(Ask.PAUSE, [download_id])
    assert await store.claim() is None
    await requests.ask(Ask.RESUME, [download_id])
    assert (await given.claimed(store)).attempts == 0


async def test_resuming_does_not_wait_for_a_backoff(database: Database) -> None:
    download_id = await given.row(database, paused=1, available_at="2999-01-01 00:00:00")
    await Requests(database, actor="test").ask(Ask.RESUME, [download_id])
    await given.claimed(given.runner(database))


@pytest.mark.parametrize(
    ("columns", "back"),
    [
        ({"status": "failed", "failed_stage": "download"}, Status.PENDING),
        ({"status": "failed", "failed_stage": "upload", "file_path": "/files"}, Status.DOWNLOADED),
        ({"status": "failed", "failed_stage": "upload"}, Status.PENDING),  # there is nothing to deliver
        ({"status": "failed"}, Status.PENDING),
        ({"status": "cancelled", "cancelled": 1, "paused": 1, "available_at": "2999-01-01 00:00:00"}, Status.PENDING),
    ],
    ids=str,
)
async def test_a_retry_goes_back_to_the_stage_that_failed(
    database: Database, hand: Hand, columns: dict[str, object], back: Status
) -> None:
    download_id = await given.row(database, attempts=6, **columns)
    if "file_path" in columns:
        await hand(
            "INSERT INTO media_files (download_id, position, path, kind, bytes)"
            f" VALUES ({download_id}, 0, '/files/a', 'video', 1)"
        )
    await Requests(database, actor="test").ask(Ask.RETRY, [download_id])
    row = await Queries(database).get(download_id)
    assert row is not None
    assert (row.status, row.attempts, row.cancelled, row.paused, row.available_at) == (back, 0, False, False, None)
    await given.claimed(given.runner(database, stage=UPLOAD_STAGE) if back == "downloaded" else given.runner(database))


async def test_who_may_ask_is_decided_in_the_statement_that_writes(database: Database) -> None:
    own = await given.row(database, user_id=1, guild_id=100)
    elsewhere = await given.row(database, user_id=1, guild_id=200)
    private = await given.row(database, user_id=1)
    others = await given.row(database, user_id=2, guild_id=100)
    every = [own, elsewhere, private, others]
    requests = Requests(database, actor="bot")

    assert await requests.ask(Ask.CANCEL, every, only=asked_by(1, guild_id=100)) == [own]
    assert await requests.ask(Ask.CANCEL, every, only=asked_by(1, guild_id=None)) == [private]
    assert await requests.ask(Ask.CANCEL, every, only=asked_by(3, guild_id=100)) == []
    assert sorted(await requests.ask(Ask.CANCEL, every, only=asked_in(100))) == [own, others]


async def test_the_progress_message_is_remembered(database: Database) -> None:
    requests, queries = Requests(database, actor="bot"), Queries(database)
    download_id = await given.row(database)

    await requests.show_progress_at(download_id, 77)
    assert [row.progress_message_id for row in await queries.with_stale_message()] == [77]
    await requests.progress_shown(download_id, Status.PENDING, message_id=77)
    assert await queries.with_stale_message() == []

    claim = await given.claimed(given.runner(database))
    await requests.progress_shown(download_id, Status.EXTRACTING, message_id=77)
    assert len(await queries.with_stale_message()) == 1, "numbers of a moving row change all the time"
    await given.runner(database).settle(claim, Settlement(Status.FAILED))
    (row,) = await queries.with_stale_message()
    assert row.progress_message_status is Status.EXTRACTING
    await requests.progress_shown(download_id, Status.FAILED, message_id=None)
    assert await queries.with_stale_message() == [], "the message is gone"


async def test_upload_limits_are_learned_by_guild(database: Database) -> None:
    requests, queries = Requests(database, actor="bot"), Queries(database)
    assert await queries.learned_upload_limit(1) is None
    await requests.learn_upload_limit(1, 100)
    await requests.learn_upload_limit(2, 200)
    await requests.learn_upload_limit(1, 50)
    assert (await queries.learned_upload_limit(1), await queries.learned_upload_limit(2)) == (50, 200)
