"""The media for measuring: as many and as different as they should be, and what they say they are."""

from pathlib import Path

from tests.support.corpus import RECORDINGS, VIDEOS, recording, video
from upload_module.fitting.source_facts import facts_of


def test_there_are_thirty_videos_and_ten_recordings() -> None:
    names = [sample.name for sample in (*VIDEOS, *RECORDINGS)]
    assert (len(VIDEOS), len(RECORDINGS), len(set(names))) == (30, 10, 40)
    assert (min(s.seconds for s in VIDEOS), max(s.seconds for s in VIDEOS)) == (5, 1800)


async def test_a_sample_is_made_once(tmp_path: Path) -> None:
    sample = video("card", 240, 25, 1)
    made = sample.path(tmp_path)
    before = made.stat()
    assert sample.path(tmp_path) == made
    assert made.stat().st_mtime_ns == before.st_mtime_ns
    assert [path.name for path in tmp_path.iterdir()] == [sample.name]


async def test_a_picture_may_lie_and_a_song_have_a_cover(tmp_path: Path) -> None:
    lying = await facts_of(video("card", 240, 25, 1, lying=True).path(tmp_path))
    covered = await facts_of(recording("song.mp3", 1, cover=True).path(tmp_path))
    assert lying is not None
    assert covered is not None
    assert lying.picture is not None
    assert (lying.picture.width, lying.picture.height) == (240, 426)
    assert (covered.picture, covered.streams) == (None, 2)
