"""The nine rules that hold after every fault, looked at from outside: the table, the channels, the disk, the kernel."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.torture import rules_of_downloads as downloads
from tests.torture import rules_of_the_host as host
from tests.torture.crowd import Crowd
from tests.torture.members import Members
from tests.torture.watch import Watch
from tests.torture.world import World

Rule = Callable[["Evidence"], Iterator[str]]


@dataclass(kw_only=True)
class Evidence:
    """All that can be looked at when it is over."""

    world: World
    members: Members
    watch: Watch
    crowd: Crowd
    before: host.Load = field(default_factory=host.Load)  # of each kind of main process, when nothing was asked yet
    after: host.Load = field(default_factory=host.Load)  # the same, when everything was over
    left: list[str] = field(default_factory=list)  # processes when all should have ended


RULES: dict[str, Rule] = {
    "1. every command that was acknowledged has a row": lambda e: downloads.acknowledged_without_row(
        e.world, e.members
    ),
    "2. every row ends": lambda e: downloads.unfinished(e.world),
    "3. uploaded if and only if the messages exist with the right bytes, once": lambda e: downloads.wrongly_delivered(
        e.world
    ),
    "4. no stray files": lambda e: host.stray_files(e.world),
    "5. the database is sound": lambda e: host.unsound_database(e.world),
    "6. no connection to an address that is not allowed": lambda e: iter(e.world.connections_inward),
    "7. the outcome is told within 60 s": lambda e: downloads.untold(e.watch),
    "8. no secret in logs, rows, messages, arguments": lambda e: host.leaks(e.world, e.watch),
    "9. processes, memory and descriptors are back": lambda e: host.not_given_back(e.before, e.after, e.left),
}


def breaches(evidence: Evidence) -> dict[str, list[str]]:
    """What broke which rule."""
    found = {rule: list(look(evidence)) for rule, look in RULES.items()}
    return {rule: faults for rule, faults in found.items() if faults}
