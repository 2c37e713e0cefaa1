"""What was made of a file is there whole, or not at all, and only for the file and limit that it was made for."""

import dataclasses
import json
from pathlib import Path

import pytest

from core.models import MediaFile
from tests.upload_module.given import media_file
from upload_module.fitting.fit import Step, Way
from upload_module.fitting.fitted_files import FittedFiles

WAY = Way(step=Step.COMPRESS, predicted_bytes=100, says="720p")


@pytest.fixture
def fitted(tmp_path: Path) -> FittedFiles:
    return FittedFiles(tmp_path)


@pytest.fixture
def film(tmp_path: Path) -> MediaFile:
    path = tmp_path / "7" / "film.mkv"
    path.parent.mkdir()
    path.write_bytes(bytes(500))
    return dataclasses.replace(media_file(0, 500), path=str(path))


def make(fitted: FittedFiles, film: MediaFile, *sizes: int, limit: int = 100, way: Way = WAY) -> tuple[Path, ...]:
    workshop = fitted.workshop(film, epoch=3)
    (workshop / "pass.log").write_text("what the encoder left")
    made = [workshop / f"{number}.mp4" for number in range(len(sizes))]
    for path, size in zip(made, sizes, strict=True):
        path.write_bytes(bytes(size))
    return fitted.keep(film, way, limit, workshop, made)


def test_what_was_kept_is_found_again(fitted: FittedFiles, film: MediaFile, tmp_path: Path) -> None:
    assert fitted.of(film, 100) is None
    kept = make(fitted, film, 90)
    assert fitted.of(film, 100) == (WAY, kept)
    assert [path.name for path in kept] == ["film.mp4"]
    there = {path.name for path in (tmp_path / "7" / ".fitted" / "1").iterdir()}
    assert there == {"film.mp4", "manifest.json"}


def test_parts_are_numbered(fitted: FittedFiles, film: MediaFile) -> None:
    kept = make(fitted, film, 90, 90)
    assert [path.name for path in kept] == ["film (part 1 of 2).mp4", "film (part 2 of 2).mp4"]


@pytest.mark.parametrize(("limit", "found"), [(100, True), (95, True), (89, False), (101, False)])
def test_it_serves_lower_limits_that_it_keeps_and_no_higher_ones(
    fitted: FittedFiles, film: MediaFile, limit: int, found: bool
) -> None:
    make(fitted, film, 90)
    assert (fitted.of(film, limit) is not None) == found


def test_it_is_replaced_by_what_is_made_later(fitted: FittedFiles, film: MediaFile) -> None:
    make(fitted, film, 90, 90)
    kept = make(fitted, film, 40, limit=50)
    assert fitted.of(film, 50) == (WAY, kept)
    assert fitted.of(film, 100) is None


@pytest.mark.parametrize("harm", ["source", "size", "gone", "manifest", "nonsense"])
def test_what_is_not_as_it_was_is_not_found(fitted: FittedFiles, film: MediaFile, harm: str) -> None:
    (kept,) = make(fitted, film, 90)
    match harm:
        case "source":
            Path(film.path).write_bytes(b"1" * 500)
        case "size":
            kept.write_bytes(bytes(10))
        case "gone":
            kept.unlink()
        case "manifest":
            (kept.parent / "manifest.json").unlink()
        case "nonsense":
            (kept.parent / "manifest.json").write_text("[1]")
    assert fitted.of(film, 100) is None


@pytest.mark.parametrize(("step", "found"), [(Step.COMPRESS, True), (Step.SPLIT, True), (Step.REMUX, False)])
def test_what_took_hours_outlives_a_power_cut_and_what_was_copied_does_not(
    fitted: FittedFiles, film: MediaFile, step: Step, found: bool
) -> None:
    (kept,) = make(fitted, film, 90, way=dataclasses.replace(WAY, step=step))
    assert fitted.of(film, 100) is not None
    manifest = kept.parent / "manifest.json"
    known = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(known | {"start": known["start"] and "an earlier one"}))
    assert (fitted.of(film, 100) is not None) == found


def test_a_workshop_is_empty_whatever_was_left(fitted: FittedFiles, film: MediaFile) -> None:
    left = fitted.workshop(film, epoch=1)
    (left / "half.mp4").write_bytes(b"1")
    assert list(fitted.workshop(film, epoch=2).iterdir()) == []
    assert not left.exists()
