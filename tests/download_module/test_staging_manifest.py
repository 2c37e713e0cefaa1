"""What is known of parts, whenever the process is killed."""

from pathlib import Path

import pytest

from download_module.staging_manifest import ManifestFile


def written(directory: Path) -> ManifestFile:
    file = ManifestFile(directory)
    file.known.url = "http://site.test/a"
    file.known.identities = {0: "v1", 1: "v2"}
    file.save()
    return file


def test_what_happened_since_it_was_written_is_known_afterwards(tmp_path: Path) -> None:
    file = written(tmp_path)
    for word, position in (("begun", 0), ("done", 0), ("done", 1), ("dropped", 1), ("begun", 1), ("replaced", 0)):
        file.note(word, position)
    known = ManifestFile(tmp_path).known
    assert known == file.known
    assert (known.identities, known.done, known.begun) == ({1: "v2"}, set(), {1})


def test_a_journal_counts_for_one_manifest_alone(tmp_path: Path) -> None:
    file = written(tmp_path)
    file.note("done", 0)
    old = next(tmp_path.glob("*.journal")).read_text()
    file.known.done.clear()
    file.save()
    (tmp_path / "manifest.1.journal").write_text(old)  # killed before it was removed
    assert ManifestFile(tmp_path).known.done == set()
    file.note("done", 1)
    assert ManifestFile(tmp_path).known.done == {1}


@pytest.mark.parametrize("torn", ["done", "done ", "done 1", "done x\n", "\n", "nonsense 1\n", "\x00\n"])
def test_a_line_that_was_torn_or_means_nothing_is_passed_over(tmp_path: Path, torn: str) -> None:
    file = written(tmp_path)
    file.note("done", 0)
    with next(tmp_path.glob("*.journal")).open("a") as journal:
        journal.write(torn)
    assert ManifestFile(tmp_path).known.done == {0}


def test_two_thousand_parts_write_little(tmp_path: Path) -> None:
    file = written(tmp_path)
    before = (tmp_path / "manifest.json").stat().st_mtime_ns
    for position in range(2000):
        file.note("done", position)
    assert (tmp_path / "manifest.json").stat().st_mtime_ns == before
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 40_000
    assert len(ManifestFile(tmp_path).known.done) == 2000
