"""Rules 4, 5, 8 and 9: what is left on the machine."""

import contextlib
import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil

from tests.torture.crowd import Crowd, kind_of
from tests.torture.watch import Watch
from tests.torture.world import World

MIB = 1024 * 1024
MORE_FILES = {"guard": 96, "aria2c": 48}  # descriptors more than before: connections are kept for up to two minutes
MORE_MEMORY = 96 * MIB
NEEDS_STAGING = ("pending", "extracting", "downloading", "failed")
NEEDS_FILES = ("downloaded", "uploading", "failed")


class Load(defaultdict[str, list[tuple[int, int]]]):
    """Descriptors and resident bytes of each process, by its kind."""

    def __init__(self) -> None:
        super().__init__(list)


def load_of(crowd: Crowd) -> Load:
    """What all processes hold now."""
    load = Load()
    for process in crowd.living():
        with contextlib.suppress(psutil.Error):
            load[kind_of(process)].append((process.num_fds(), process.memory_info().rss))
    return load


def stray_files(world: World) -> Iterator[str]:
    """Files of downloads that need them no more, after a sweep. What has no file in it is no stray."""
    rows = {
        number: (status, path)
        for number, status, path in world.house.query("SELECT id, status, file_path FROM downloads")
    }
    for path in sorted((world.house.downloads / ".staging").iterdir()):
        number = path.name.partition("-")[0]
        status = rows.get(int(number), (None,))[0] if number.isdecimal() else None
        if status not in NEEDS_STAGING and (number.isdecimal() or _files_in(path)):
            yield f"{path.name} of a row that is {status}: {_files_in(path)}"
    needed = [Path(path) for status, path in rows.values() if path and status in NEEDS_FILES]
    for path in sorted(world.house.downloads.rglob("*")):
        inside = path.relative_to(world.house.downloads).parts[0]
        if inside in (".staging", "delivered") or not path.is_file():
            continue
        if not any(path.is_relative_to(directory) for directory in needed):
            yield f"a file that no row needs: {path.relative_to(world.house.downloads)}"
    for path in world.house.delivered.glob(".*"):
        yield f"half a copy in the folder: {path.name}"
    yield from (f"left in the temporary directory: {path.name}" for path in world.house.temporary.iterdir())


def _files_in(path: Path) -> list[str]:
    return [str(inside.relative_to(path)) for inside in sorted(path.rglob("*")) if inside.is_file()][:10]


def unsound_database(world: World) -> Iterator[str]:
    """What SQLite itself complains of."""
    with closing(sqlite3.connect(world.house.database, timeout=30)) as connection:
        for (line,) in connection.execute("PRAGMA integrity_check"):
            if line != "ok":
                yield str(line)
        yield from map(str, connection.execute("PRAGMA foreign_key_check"))


def leaks(world: World, watch: Watch) -> Iterator[str]:
    """Where a secret can be read."""
    yield from sorted(watch.leaks)
    for name, output in world.outputs():
        yield from (f"the log of {name} has {secret[:12]}..." for secret in watch.secrets if secret in output)
    with closing(sqlite3.connect(world.house.database, timeout=30)) as connection:
        rows = "\n".join(connection.iterdump())
    messages = json.dumps([message.to_json() for message in world.said()])
    messages += str([request.payload for request in world.discord.log])
    for where, text in (("the database", rows), ("messages", messages)):
        yield from (f"{where}: {secret[:12]}..." for secret in watch.secrets if secret in text)


def not_given_back(before: Load, after: Load, left: list[str]) -> Iterator[str]:
    """What is held after all that was not held before it; who is still there when all were ended."""
    # A browser that was just needed is warm, and ends by itself; before there was none to compare it with.
    for kind in sorted((before.keys() | after.keys()) - {"browser"}):
        now, then = after[kind], before[kind]
        if len(now) > len(then):
            yield f"{len(now)} processes of the kind {kind}, {len(then)} before"
        for what, place, more in (("descriptors", 0, MORE_FILES.get(kind, 16)), ("bytes", 1, MORE_MEMORY)):
            most = max((one[place] for one in then), default=0) + more
            yield from (
                f"a process {kind} holds {one[place]} {what}, at most {most}" for one in now if one[place] > most
            )
    # Chromium's crash reporters leave the browser's process group, and end when they notice that it was killed.
    yield from (f"outlived the end: {one}" for one in left if "crashpad" not in one)
