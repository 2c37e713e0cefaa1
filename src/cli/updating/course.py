"""The course of an update: look, put aside, install, check, and put back when a check fails."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.updating.aside import Aside, put_aside
from cli.updating.installer import Environment, Installer, InstallFailed
from core.package_lock import replacing, updating

PACKAGES = ("yt-dlp", "gallery-dl")
COUPLED = {"yt-dlp": ("yt-dlp-ejs",)}  # each release of the first names the versions of the others that it works with
_NAME = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A package that an update would bring, or has brought."""

    name: str
    before: str | None  # None: it was not there
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """How it went. With a fault, everything is as it was before."""

    changes: tuple[Change, ...]
    faults: tuple[str, ...] = ()


Check = Callable[[], Sequence[str]]  # the faults of what is installed now


def what_is_new(installer: Installer) -> tuple[Change, ...]:
    """What an update would change; nothing is touched.

    Raises:
        InstallFailed: the package index does not answer.
    """
    return _news(installer, installer.environment())


def update(installer: Installer, aside_in: Path, check: Check) -> Updated:
    """Install what is new, and keep it only if it passes the check.

    Args:
        installer: of the environment.
        aside_in: a directory that is not there yet, for copies of what is replaced.
        check: looks at what is installed.

    Raises:
        InstallFailed: nothing could be installed; everything is as it was before.
        ConfigurationError: another update of this environment runs.
    """
    packages = Path(installer.environment().places[0])
    with updating(packages):
        return _update(installer, aside_in, check, packages)


def _update(installer: Installer, aside_in: Path, check: Check, packages: Path) -> Updated:
    here = installer.environment()
    changes = _news(installer, here)
    if not changes:
        return Updated(changes=())
    names = {change.name for change in changes} | {name for coupled in COUPLED.values() for name in coupled}
    aside = put_aside(here.places, sorted(names), aside_in)
    try:
        with replacing(packages):
            installer.install([f"{change.name}=={change.after}" for change in changes])
            if wanted := _coupled(installer.environment()):
                installer.install(wanted)
        faults = tuple(check())
    except BaseException:
        _put_back(aside, packages)
        raise
    if faults:
        _put_back(aside, packages)
        return Updated(changes=changes, faults=faults)
    aside.remove()
    after = installer.environment()
    made = {name: version for name, version in after.versions.items() if here.versions.get(name) != version}
    return Updated(changes=_changes(here, made))


def _put_back(aside: Aside, packages: Path) -> None:
    """The copies go only when all of them are back in their places."""
    try:
        with replacing(packages):
            aside.put_back()
    except BaseException as error:
        raise InstallFailed(
            f"The former versions could not be put back ({error}). Their files are kept in {aside.directory}; install "
            "yt-dlp and gallery-dl again."
        ) from error
    aside.remove()


def _news(installer: Installer, here: Environment) -> tuple[Change, ...]:
    return _changes(here, installer.newer([name for name in PACKAGES if name in here.versions]))


def _changes(here: Environment, found: dict[str, str]) -> tuple[Change, ...]:
    return tuple(
        Change(name=name, before=here.versions.get(name), after=version)
        for name, version in sorted(found.items())
        if here.versions.get(name) != version
    )


def _coupled(here: Environment) -> list[str]:
    """The requirements of what was installed for those that go with it, where these are there."""
    wanted = []
    for name, others in COUPLED.items():
        for requirement in here.requires.get(name, ()):
            found = _NAME.match(requirement)
            name_ = found[0].lower() if found else ""
            exact = requirement.partition(";")[0].strip()
            if name_ in others and name_ in here.versions and exact != f"{name_}=={here.versions[name_]}":
                wanted.append(exact)
    return wanted
