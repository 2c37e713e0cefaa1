"""The plan for the files of a download: what is done with each, and what will come of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.models import MediaFile
from upload_module.display_names import display_name
from upload_module.fitting.fit import Fitter, Step, Way
from upload_module.upload_manager import Limits, in_units, plan_messages

VERBS = {
    Step.REMUX: "repacking",
    Step.STRIP: "stripping",
    Step.CONVERT: "converting",
    Step.COMPRESS: "compressing",
    Step.SPLIT: "splitting",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is planned for one file."""

    file: MediaFile
    ways: tuple[Way, ...]  # one after the other, until one succeeds; empty: it can't be made to fit
    fitter: Fitter | None = None  # who goes them; None: there is nothing to do
    made: tuple[Path, ...] = ()  # what was made of it before, and still fits

    @property
    def step(self) -> Step:
        """What is tried first."""
        return self.ways[0].step if self.ways else Step.KEEP

    @property
    def needs_work(self) -> bool:
        """Whether something has to be made."""
        return self.fitter is not None and not self.made

    def says(self, place: str = "") -> str:
        """A few words for people: `compressing 1/2: 720p, 9.6 MiB`; `place` is `1/2`."""
        way = self.ways[0]
        size = f"{way.parts} x {in_units(way.predicted_bytes)}" if way.parts > 1 else in_units(way.predicted_bytes)
        head = f"{VERBS.get(way.step, way.step)} {place}".rstrip()
        return f"{head}: {', '.join(told for told in (way.says, size) if told)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """What is planned for all files that are not delivered yet."""

    files: tuple[Planned, ...]
    limits: Limits
    rest: Step = Step.KEEP  # what is done with files that can't be made to fit

    @property
    def work(self) -> list[Planned]:
        """Where something has to be made."""
        return [planned for planned in self.files if planned.needs_work]

    @property
    def messages(self) -> int:
        """How many messages it will give, as far as sizes can be foretold."""
        return len(plan_messages(self._predicted(), self.limits))

    def as_json(self) -> dict[str, Any]:
        """What is stored in the row and shown; sizes are bytes."""
        return {
            "limit": self.limits.file,
            "messages": self.messages,
            "files": [_as_json(planned, self.rest) for planned in self.files],
        }

    def _predicted(self) -> list["_Predicted"]:
        ways = [planned.ways[0] for planned in self.files if planned.ways]
        return [_Predicted(way.predicted_bytes) for way in ways for _ in range(way.parts)]


@dataclass(frozen=True, slots=True)
class _Predicted:
    bytes: int


def as_is(file: MediaFile) -> Planned:
    """The plan for a file that fits."""
    return Planned(file=file, ways=(Way(step=Step.AS_IS, predicted_bytes=file.bytes, says=""),))


def usable(ways: Sequence[Way], limit: int) -> tuple[Way, ...]:
    """The ways that end in files for this destination, the cheapest first."""
    return tuple(way for way in ways if way.step not in (Step.LINK, Step.KEEP) and way.predicted_bytes <= limit)


def _as_json(planned: Planned, rest: Step) -> dict[str, Any]:
    name = display_name(Path(planned.file.path).name)
    known: dict[str, Any] = {"name": name, "bytes": planned.file.bytes, "step": planned.step if planned.ways else rest}
    if planned.ways:
        way = planned.ways[0]
        known |= {"says": way.says, "parts": way.parts, "predicted_bytes": way.predicted_bytes}
    return known
