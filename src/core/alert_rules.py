"""When an admin is warned: pure rules over what was read, with a margin, so that nothing flickers around a limit."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from core.history_measures import Measure
from core.snapshot import Snapshot

MARGIN = 0.8  # a warning is over when the figure is back at this share of the limit
LEAST_ENDED = 10  # downloads in an hour; of fewer, one alone would be a rate
LEASES_GONE = 3  # times the lease that a process may be silent
MOST_SITES = 5  # with warnings of their own
BACKUP = "back up the database"  # the chore
GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLimits:
    """From where on there is a warning; 0 switches one off."""

    error_rate: float = 0.5
    free_space: int = 0  # bytes
    queue_length: int = 0
    queue_wait: float = 0.0  # seconds
    library_days: int = 0
    backup_hours: float = 0.0
    lease: float = 15.0  # seconds
    needed: tuple[str, ...] = ("download", "upload")  # kinds of processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is judged."""

    snapshot: Snapshot
    ended: int  # downloads within the last hour, well or not
    failed: int  # of them
    free_space: int  # bytes
    library: str  # the version of yt-dlp
    library_days: int | None  # since its release; None where its version does not tell


def judge(facts: Facts, limits: AlertLimits, active: Collection[str]) -> dict[str, str]:
    """The warnings that hold now: a name, and a sentence for the admin.

    Args:
        facts: how it stands.
        limits: from where on there is a warning.
        active: the names of those that last since before.
    """
    return dict((*_figures(facts, limits, active), *_processes(facts, limits), *_sites(facts), *_upkeep(facts, limits)))


def _figures(facts: Facts, limits: AlertLimits, active: Collection[str]) -> Iterator[tuple[str, str]]:
    def over(name: str, value: float, limit: float) -> bool:
        return bool(limit) and value > limit * (MARGIN if name in active else 1)

    rate = facts.failed / facts.ended if facts.ended >= LEAST_ENDED else 0.0
    if over("errors", rate, limits.error_rate):
        yield "errors", f"{facts.failed} of {facts.ended} downloads of the last hour failed ({100 * rate:.0f} %)."
    # Room is the other way round: it is over when there is more than the limit and a quarter.
    if limits.free_space and facts.free_space < limits.free_space / (MARGIN if "disk" in active else 1):
        yield "disk", f"Only {facts.free_space / GIB:.1f} GiB are free where downloads go."
    waiting = facts.snapshot.moment[Measure.WAITING]
    if over("queue length", waiting, limits.queue_length):
        yield "queue length", f"{waiting:.0f} downloads wait for a slot."
    oldest = facts.snapshot.moment[Measure.OLDEST]
    if over("queue wait", oldest, limits.queue_wait):
        yield "queue wait", f"A download that could begin has waited for {oldest / 60:.0f} minutes."


def _processes(facts: Facts, limits: AlertLimits) -> Iterator[tuple[str, str]]:
    for kind in limits.needed:
        those = [runner for runner in facts.snapshot.runners if runner.kind == kind]
        if not any(runner.seconds_silent < LEASES_GONE * limits.lease for runner in those):
            yield f"{kind} runner", f"No {kind} runner gives a sign of life."


def _sites(facts: Facts) -> Iterator[tuple[str, str]]:
    down = sorted(site for site, state in facts.snapshot.sites.items() if state != "closed")
    for site in down[:MOST_SITES]:
        yield f"site {site}", f"{site} fails for everybody and is left alone for a while."
    if len(down) > MOST_SITES:
        yield "sites", f"{len(down)} sites fail for everybody. Is this host's network all right?"


def _upkeep(facts: Facts, limits: AlertLimits) -> Iterator[tuple[str, str]]:
    if limits.library_days and facts.library_days is not None and facts.library_days > limits.library_days:
        yield (
            "library",
            f"yt-dlp {facts.library} is {facts.library_days} days old; sites change faster. "
            "`bossbotctl update` brings a newer one.",
        )
    for chore in facts.snapshot.chores:
        if chore.failed:
            yield f"chore {chore.name}", f"The chore `{chore.name}` failed. `bossbotctl doctor` and the log say why."
        elif chore.name == BACKUP and limits.backup_hours and _is_late(chore.seconds_ago, limits.backup_hours):
            hours = (chore.seconds_ago or 0) / 3600
            yield "backup", f"The last backup of the database is {hours:.0f} hours old."


def _is_late(seconds_ago: float | None, hours: float) -> bool:
    return seconds_ago is not None and seconds_ago > hours * 3600
