"""Which way is gone when one does not lead to the end, and what is said of a file when none does."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from core.errors import BossBotError, CompressionFailed, ProgramEnded
from core.models import MediaFile
from upload_module.fitting.fit import Report, Step, Way
from upload_module.fitting.fitted_files import FittedFiles
from upload_module.fitting.fitting_room import FittingRoom
from upload_module.fitting.planner import Planned

LIMIT = 100


@dataclass
class Scripted:
    """A fitter whose ways end as was written down for them."""

    ends: dict[str, BossBotError | None]
    gone: list[str] = field(default_factory=list)

    async def ways(self, file: Path, limit_bytes: int) -> list[Way]:
        return [Way(step=Step.COMPRESS, predicted_bytes=1, says=name) for name in self.ends]

    async def make(self, file: Path, way: Way, limit_bytes: int, directory: Path, report: Report) -> list[Path]:
        self.gone.append(way.says)
        if error := self.ends[way.says]:
            raise error
        made = directory / "made.mp4"
        made.write_bytes(b"x" * limit_bytes)
        return [made]


async def made_by(fitter: Scripted, directory: Path) -> tuple[Path, ...]:
    """What a room makes of a film by that fitter."""
    film = directory / "1" / "film.mp4"
    film.parent.mkdir()
    film.write_bytes(b"x" * 2 * LIMIT)
    nothing = dict.fromkeys(
        ("mime_type", "sha256", "duration_seconds", "width", "height", "delivered_url", "delivered_message_id", "nonce")
    )
    file = MediaFile(id=1, download_id=1, position=0, path=str(film), kind="video", bytes=2 * LIMIT, **nothing)
    room = FittingRoom(fitters={"video": (fitter,)}, fitted=FittedFiles(directory), at_once=1)
    planned = Planned(file=file, ways=tuple(await fitter.ways(film, LIMIT)), fitter=fitter)
    return await room.make(planned, LIMIT, epoch=1, report=lambda *_: None)


async def test_a_way_that_was_cut_off_leaves_the_next_one(tmp_path: Path) -> None:
    fitter = Scripted({"first": ProgramEnded(), "second": None})
    assert len(await made_by(fitter, tmp_path)) == 1
    assert fitter.gone == ["first", "second"]


async def test_a_file_is_not_given_up_because_its_encoder_was_killed(tmp_path: Path) -> None:
    with pytest.raises(ProgramEnded):
        await made_by(Scripted({"first": ProgramEnded(), "second": CompressionFailed()}), tmp_path)


async def test_a_file_is_given_up_when_no_way_leads_to_the_end(tmp_path: Path) -> None:
    assert await made_by(Scripted({"first": CompressionFailed()}), tmp_path) == ()
