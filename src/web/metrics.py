"""`/metrics` in Prometheus' words. The only importer of prometheus_client.

Nothing is counted here: all comes from a snapshot of the database, so that it is true whichever process is asked.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from core.history_measures import BOUNDS, ENDLESS, Measure, Took
from core.models import RunnerState, Status
from core.snapshot import Snapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"  # sites that are not told apart
STAGES = {
    Took.WAIT: ("boss_bot_wait_seconds", "Time from the request to the first claim."),
    Took.EXTRACT: ("boss_bot_extract_seconds", "Time to find the media behind a link."),
    Took.TRANSFER: ("boss_bot_transfer_seconds", "Time to fetch and put together the files of a download."),
    Took.DELIVER: ("boss_bot_deliver_seconds", "Time to fit and deliver the files of a download."),
    Took.WHOLE: ("boss_bot_download_seconds", "Time from the first claim to the delivery."),
}


def exposition(snapshot: Snapshot, *, sites: int, disk: dict[str, int]) -> bytes:
    """The text that Prometheus reads.

    Args:
        snapshot: what it says.
        sites: how many have labels of their own, those with the most downloads.
        disk: bytes `total` and `free` where downloads go.
    """
    registry = CollectorRegistry()
    registry.register(_Snapshot(snapshot, sites, disk))
    return generate_latest(registry)


class _Snapshot(Collector):
    def __init__(self, snapshot: Snapshot, sites: int, disk: dict[str, int]) -> None:
        self._snapshot = snapshot
        self._disk = disk
        count: defaultdict[str, int] = defaultdict(int)
        for (name, site, _), sum_ in snapshot.totals.items():
            count[site] += sum_.number if name == Measure.ENDED and site else 0
        self._own = {site for site, number in sorted(count.items(), key=lambda one: -one[1])[:sites] if number}

    def collect(self) -> Iterable[Metric]:
        yield from self._counters()
        for stage, (name, text) in STAGES.items():
            yield self._histogram(stage, name, text)
        yield from self._gauges()
        yield from self._processes()

    def _site(self, site: str) -> str:
        return site if site in self._own else OTHER

    def _summed(self, measure: Measure) -> Iterator[tuple[str, str, int, float]]:
        """Site, detail, number and sum, the sites beyond the first together."""
        found: defaultdict[tuple[str, str], list[float]] = defaultdict(lambda: [0, 0])
        for (name, site, detail), sum_ in self._snapshot.totals.items():
            if name == measure:
                both = found[self._site(site), detail]
                both[0] += sum_.number
                both[1] += sum_.total
        for (site, detail), (number, total) in sorted(found.items()):
            yield site, detail, int(number), total

    def _counters(self) -> Iterator[Metric]:
        ended = CounterMetricFamily(
            "boss_bot_downloads",
            "Downloads by what became of them; fetched ones are uploaded later.",
            labels=("status", "site"),
        )
        fetched = CounterMetricFamily("boss_bot_fetched_bytes", "Bytes of media fetched.", labels=("site",))
        for site, detail, number, total in self._summed(Measure.ENDED):
            ended.add_metric((detail, site), number)
            if detail == "fetched":
                fetched.add_metric((site,), total)
        errors = CounterMetricFamily("boss_bot_errors", "Tries that ended in an error.", labels=("kind", "site"))
        for site, detail, number, _ in self._summed(Measure.ERRORS):
            errors.add_metric((detail, site), number)
        compressed = CounterMetricFamily("boss_bot_compressed_files", "Files that were made to fit.")
        before = CounterMetricFamily("boss_bot_compressed_before_bytes", "Bytes of such files before.")
        after = CounterMetricFamily("boss_bot_compressed_after_bytes", "Bytes of such files afterwards.")
        known = {detail: (number, total) for _, detail, number, total in self._summed(Measure.COMPRESSED)}
        compressed.add_metric((), known.get("after", (0, 0))[0])
        before.add_metric((), known.get("before", (0, 0))[1])
        after.add_metric((), known.get("after", (0, 0))[1])
        yield from (ended, fetched, errors, compressed, before, after)

    def _histogram(self, stage: Took, name: str, text: str) -> Metric:
        family = HistogramMetricFamily(name, text, labels=("site",))
        counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
        sums: defaultdict[str, float] = defaultdict(float)
        for site, detail, number, total in self._summed(Measure.SECONDS):
            kind, _, bound = detail.partition(" ")
            if kind == stage:
                counts[site][bound] = number
                sums[site] += total
        for site, by_bound in counts.items():
            buckets, below = [], 0
            for bound in (*map(str, BOUNDS), ENDLESS):
                below += by_bound.get(bound, 0)
                buckets.append(("+Inf" if bound == ENDLESS else f"{float(bound)}", below))
            family.add_metric((site,), buckets, sums[site])
        return family

    def _gauges(self) -> Iterator[Metric]:
        rows = GaugeMetricFamily("boss_bot_rows", "Downloads in the table, by status.", labels=("status",))
        for status in Status:
            rows.add_metric((status.value,), self._snapshot.statuses.get(status, 0))
        yield rows
        for measure, name, text in (
            (Measure.WAITING, "boss_bot_queue_length", "Downloads that could begin and wait for a slot."),
            (Measure.OLDEST, "boss_bot_queue_wait_seconds", "How long the first of them has waited."),
            (Measure.RUNNING, "boss_bot_running", "Downloads that are worked on."),
            (Measure.SPEED, "boss_bot_transfer_bytes_per_second", "Speed of all transfers together."),
        ):
            yield GaugeMetricFamily(name, text, value=self._snapshot.moment[measure])
        for kind, size in self._disk.items():
            yield GaugeMetricFamily(f"boss_bot_disk_{kind}_bytes", f"Bytes {kind} where downloads go.", value=size)
        down = GaugeMetricFamily(
            "boss_bot_site_down", "Whether a site is left alone because it fails for everybody.", labels=("site",)
        )
        for site, state in sorted(self._snapshot.sites.items()):
            if site in self._own or state != "closed":
                down.add_metric((site,), state != "closed")
        yield down

    def _processes(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("boss_bot_processes", "Processes by kind and state.", labels=("kind", "state"))
        silent = GaugeMetricFamily(
            "boss_bot_heartbeat_age_seconds", "Since the newest sign of life of a kind of process.", labels=("kind",)
        )
        for kind in sorted({runner.kind for runner in self._snapshot.runners}):
            those = [runner for runner in self._snapshot.runners if runner.kind == kind]
            for state in RunnerState:
                up.add_metric((kind, state.value), sum(runner.state == state for runner in those))
            silent.add_metric((kind,), max(0.0, min(runner.seconds_silent for runner in those)))
        chores = GaugeMetricFamily("boss_bot_chore_age_seconds", "Since a chore last ended.", labels=("chore",))
        failing = GaugeMetricFamily("boss_bot_chore_failed", "Whether a chore failed the last time.", labels=("chore",))
        for chore in self._snapshot.chores:
            if chore.seconds_ago is not None:
                chores.add_metric((chore.name,), max(0.0, chore.seconds_ago))
            failing.add_metric((chore.name,), chore.failed)
        alerts = GaugeMetricFamily("boss_bot_alerts", "Warnings that last.", value=len(self._snapshot.alerts))
        yield from (up, silent, chores, failing, alerts)
