"""Copies of installed packages, to be put back without any network when newer ones turn out to be bad."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Aside:
    """The files of some packages as they were; `names` of those that were not there are kept, too."""

    places: tuple[str, ...]  # directories of packages
    names: tuple[str, ...]
    directory: Path
    files: tuple[tuple[Path, Path], ...]  # where it was, where the copy is

    def put_back(self) -> None:
        """Make these packages what they were: the files of others in their place go."""
        newer = _files(self.places, self.names)
        for file in newer:
            file.unlink(missing_ok=True)
        for directory in {file.parent for file in newer if file.parent.suffix == ".dist-info"}:
            shutil.rmtree(directory)  # an empty one would still be taken for a package
        for original, copy in self.files:
            original.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(copy, original)

    def remove(self) -> None:
        """Remove the copies."""
        shutil.rmtree(self.directory, ignore_errors=True)


def put_aside(places: Sequence[str], names: Sequence[str], directory: Path) -> Aside:
    """Copy the files of these packages.

    Args:
        places: directories of packages; what is installed elsewhere is not touched by an installer either.
        names: of packages, there or not.
        directory: a new one, for the copies.
    """
    directory.mkdir(parents=True)
    files = []
    for number, original in enumerate(_files(places, names)):
        copy = directory / str(number)
        shutil.copy2(original, copy)
        files.append((original, copy))
    return Aside(tuple(places), tuple(names), directory, tuple(files))


def _files(places: Sequence[str], names: Iterable[str]) -> list[Path]:
    wanted = set(names)
    found = dict.fromkeys(
        Path(str(dist.locate_file(file))).resolve()
        for dist in distributions(path=list(places))
        if _name(dist) in wanted
        for file in dist.files or ()
    )
    return [path for path in found if path.is_file()]


def _name(dist: Distribution) -> str:
    return str(dist.metadata["Name"]).lower().replace("_", "-").replace(".", "-")
