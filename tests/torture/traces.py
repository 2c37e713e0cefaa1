"""What a failed run leaves for whoever looks into it."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.torture.rules import Evidence


def keep_traces(evidence: Evidence, faults: dict[str, list[str]], to: Path) -> None:
    """The database, the logs, what was said, and the diary."""
    to.mkdir(parents=True, exist_ok=True)
    world = evidence.world
    with (
        closing(sqlite3.connect(world.house.database, timeout=30)) as source,
        closing(sqlite3.connect(to / "boss-bot.db")) as copy,
    ):
        source.backup(copy)
    logs = to / "logs"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir()
    for program in world.house.started:
        shutil.copy(program.output_path, logs)
    said = [one.to_json() | {"deleted": one.deleted} for channel in world.channels for one in channel.all_messages]
    requests = [f"{one.at:.3f} {one.method} {one.path}: {one.status} {one.seconds}" for one in world.discord.log]
    for name, content in {
        "messages": said,
        "diary": world.diary.lines,
        "breaches": faults,
        "discord": requests,
    }.items():
        (to / f"{name}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False, default=str))
    site = [f"{one.at:.3f} {one.method} {one.target} {one.range}" for one in world.site.server.requests()]
    (to / "site.txt").write_text("\n".join(site))
