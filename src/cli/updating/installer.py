"""Installs packages into an environment: with pip, or with uv where the environment has no pip."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from core.children import built_environment
from core.errors import ConfigurationError

TIMEOUT = 600.0  # seconds
LOOK_TIMEOUT = 30.0
OF_INSTALLERS = ("PIP_", "UV_", "SSL_", "REQUESTS_CA", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "HOME")
_UV_LINE = re.compile(r"^ \+ ([\w.-]+)==(\S+)", re.MULTILINE)
_ASK = """
import json, sysconfig
from importlib.metadata import distributions
paths = sysconfig.get_paths()
places = [paths["purelib"], paths["platlib"]]
found = {one.metadata["Name"].lower().replace("_", "-"): [one.version, one.requires or []] for one in distributions()}
print(json.dumps({"places": places, "packages": found}))
"""


class InstallFailed(ConfigurationError):
    """The installer did not do it; the sentence has its own last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is installed."""

    places: tuple[str, ...]  # directories of packages
    versions: Mapping[str, str]
    requires: Mapping[str, Sequence[str]]  # by package, as its metadata writes them


class Installer:
    """pip or uv, for the environment of one interpreter."""

    def __init__(self, python: str = sys.executable) -> None:
        """Find one.

        Raises:
            ConfigurationError: there is none.
        """
        self.python = python
        pip = [sys.executable, "-m", "pip"]
        if find_spec("pip") is not None:
            self._base, self._reports = [*pip, "--python", python], True
        elif uv := shutil.which("uv"):
            self._base, self._reports = [uv, "pip"], False
        else:
            raise ConfigurationError(
                "This environment has neither pip nor uv, so nothing can be updated in it. Install one, or make the "
                "environment (or the image) anew."
            )

    def environment(self) -> Environment:
        """Look at what is installed now, as a new process sees it."""
        done = _run([self.python, "-c", _ASK], LOOK_TIMEOUT)
        told = json.loads(done.stdout)
        packages = told["packages"]
        return Environment(
            places=tuple(dict.fromkeys(told["places"])),
            versions={name: version for name, (version, _) in packages.items()},
            requires={name: requires for name, (_, requires) in packages.items()},
        )

    def newer(self, names: Sequence[str]) -> dict[str, str]:
        """What an upgrade of these packages would install, with what they need in newer versions; by name.

        Raises:
            InstallFailed: the package index does not answer.
        """
        if self._reports:
            # Of what is installed, pip says "already satisfied" even when the index does not answer.
            newest = self._planned("--ignore-installed", "--no-deps", *names)
            here = self.environment().versions
            new = [f"{name}=={version}" for name, version in newest.items() if here.get(name) != version]
            return self._planned(*new) if new else {}
        done = _run([*self._install(), "--dry-run", "--upgrade", *names], TIMEOUT)
        return {_plain(name): version for name, version in _UV_LINE.findall(done.stdout + done.stderr)}

    def _planned(self, *arguments: str) -> dict[str, str]:
        """What pip would install, by name."""
        done = _run([*self._install(), "--dry-run", "--quiet", "--report", "-", *arguments], TIMEOUT)
        entries = (one["metadata"] for one in json.loads(done.stdout)["install"])
        return {_plain(entry["name"]): entry["version"] for entry in entries}

    def install(self, requirements: Sequence[str]) -> None:
        """Install these, such as `yt-dlp==2026.10.26`.

        Raises:
            InstallFailed: it did not.
        """
        _run([*self._install(), "--quiet", *requirements], TIMEOUT)

    def _install(self) -> list[str]:
        where = [] if self._reports else ["--python", self.python]
        # Wheels alone: nothing of what is downloaded runs while it is installed.
        return [*self._base, "install", *where, "--only-binary", ":all:"]


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _environment() -> dict[str, str]:
    """Without the bot's token, but with what people set for installers."""
    theirs = {name: value for name, value in os.environ.items() if name.upper().startswith(OF_INSTALLERS)}
    return built_environment(**{**theirs, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"})


def _run(command: Sequence[str], timeout: float) -> subprocess.CompletedProcess[str]:
    program = Path(command[0]).name
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=timeout, check=False, env=_environment()
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallFailed(f"{program} did not end well: {type(error).__name__}.") from error
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise InstallFailed(f"{program} failed: {(lines or ['no word of why'])[-1][:300]}")
    return done
