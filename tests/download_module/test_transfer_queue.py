"""Which parts may run at once."""

from collections import Counter
from pathlib import Path

import pytest

from download_module import transfer_queue
from download_module.live_transfers import Live, Row
from download_module.plan import Part
from download_module.transfer_limits import TransferLimits
from download_module.transfer_queue import PARTS, PARTS_OF_A_ROW, TransferQueue
from download_module.transfers import Amount, Transfer
from tests.download_module.given import MIB, nothing


def row(*parts: Part, connections: int = 0) -> Row:
    """A row with these parts."""
    made = Row(Amount(parts=0), 10**15, nothing)
    made.lives = [
        Live(
            Transfer(
                gid=f"{number:016x}",
                part=part,
                target=Path("x"),
                restart=nothing,
                drop=nothing,
                finish=nothing,
                connections=connections,
            ),
            made,
        )
        for number, part in enumerate(parts)
    ]
    return made


def file(host: str = "a", size: int | None = 100 * MIB, chunk: int | None = None) -> Part:
    return Part(uris=(f"http://{host}.test/x",), size=size, chunk=chunk)


@pytest.fixture
async def queue() -> TransferQueue:
    return TransferQueue(TransferLimits(host_connections=64))


async def test_one_file_gets_16_connections_and_the_last_comers_what_is_left(queue: TransferQueue) -> None:
    rows = [row(file()) for _ in range(8)]
    for one in rows:
        queue.put(one.lives)
    begun = queue.admit()
    assert [live.connections for live in begun] == [16, 16, 16, 8, 7, 1]
    queue.release(begun[0])
    assert [live.connections for live in queue.admit()] == [8, 7]


@pytest.mark.parametrize(
    ("part", "connections"),
    [
        (file(size=1), 1),
        (file(size=2 * MIB), 2),
        (file(size=None), 16),
        (file(size=35 * MIB, chunk=10 * MIB), 3),
        (Part(uris=("http://a.test/x",), size=900 * MIB, ranges=((0, MIB),)), 1),
        (Part(uris=("magnet:?xt=1",)), 1),
    ],
)
async def test_a_small_part_is_not_split(queue: TransferQueue, part: Part, connections: int) -> None:
    queue.put(row(part).lives)
    assert [live.connections for live in queue.admit()] == [connections]


async def test_of_many_parts_of_unknown_size_none_is_split_and_few_run_at_once(queue: TransferQueue) -> None:
    gallery = row(*(file(size=None) for _ in range(500)))
    queue.put(gallery.lives)
    begun = queue.admit()
    assert {live.connections for live in begun} == {1}
    assert len(begun) == PARTS_OF_A_ROW == queue.running_of(gallery)
    assert queue.admit() == []
    queue.release(begun[3])
    assert len(queue.admit()) == 1


async def test_a_host_is_never_asked_over_more_connections_than_allowed() -> None:
    queue = TransferQueue(TransferLimits(host_connections=5))
    for number in range(30):
        queue.put(row(*(file(host=f"h{number % 3}", size=size) for size in (MIB, None, 50 * MIB, MIB))).lives)
    running: list[Live] = []
    ended = 0
    while begun := queue.admit():
        running += begun
        per_host = Counter[str]()
        for live in running:
            assert live.connections > 0
            per_host[live.host] += live.connections
        assert max(per_host.values()) <= 5
        for live in running[: 1 + ended % 3]:
            queue.release(live)
            running.remove(live)
            ended += 1
    assert ended + len(running) == 120
    assert queue.waiting() == []


async def test_rows_take_turns(queue: TransferQueue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer_queue, "PARTS", 9)
    rows = [row(*(file(size=MIB) for _ in range(100))) for _ in range(3)]
    for one in rows:
        queue.put(one.lives)
    queue.admit()
    assert [queue.running_of(one) for one in rows] == [3, 3, 3]


async def test_a_row_without_a_part_may_begin_even_when_all_places_are_taken(queue: TransferQueue) -> None:
    queue.put(row(*(file(host="b", size=1) for _ in range(100))).lives)
    queue.put(row(*(file(host="c", size=1) for _ in range(100))).lives)
    assert len(queue.admit()) == PARTS
    late = row(file())
    queue.put(late.lives)
    assert queue.admit() == late.lives


async def test_a_sites_own_limit_holds_for_each_row(queue: TransferQueue) -> None:
    rows = [row(file(), file(), connections=4) for _ in range(2)]
    for one in rows:
        queue.put(one.lives)
    assert [live.connections for live in queue.admit()] == [4, 4]


async def test_a_host_that_is_full_holds_up_no_other(queue: TransferQueue) -> None:
    queue.limits = TransferLimits(host_connections=1)
    mixed = row(file("a"), file("a"), file("b"))
    queue.put(mixed.lives)
    assert [live.host for live in queue.admit()] == ["a.test", "b.test"]


async def test_what_is_withdrawn_never_begins(queue: TransferQueue) -> None:
    one, other = row(file()), row(file())
    queue.put([*one.lives, *other.lives])
    queue.withdraw(one)
    assert queue.admit() == other.lives
    assert queue.waiting() == []
