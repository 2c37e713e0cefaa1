"""Wheels of this tree, and environments that hold nothing of ours but such a wheel."""

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OF_THE_PRODUCT = ("src", "migrations", "packaging", "aria2.conf", "sites.example.toml", "README.md", "pyproject.toml")
PASSING = shutil.ignore_patterns("__pycache__", "*.pyc")


def build(tree: Path, into: Path) -> Path:
    """The wheel of a source tree, without network."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(into)]
    subprocess.run(command, cwd=tree, check=True, capture_output=True, timeout=60)
    (wheel,) = into.glob("*.whl")
    return wheel


def older_tree(directory: Path) -> Path:
    """This tree as a version before its newest migration."""
    directory.mkdir()
    for name in OF_THE_PRODUCT:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, directory / name, ignore=PASSING)
        else:
            shutil.copy(source, directory / name)
    newest = max((directory / "migrations" / "versions").glob("*.py"))
    for file in newest.parent.glob(f"{newest.stem}*"):
        file.unlink()
    project = directory / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(re.sub(r'^version = ".*"$', 'version = "0.0.1"', text, flags=re.MULTILINE), encoding="utf-8")
    return directory


class Environment:
    """A virtual environment; the packages of others come from the one that runs the tests."""

    def __init__(self, directory: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(directory)], check=True, timeout=60)
        self.directory = directory
        self.python = directory / "bin" / "python"
        # Lines of the other environment's own .pth files count only there, so its editable install is not seen.
        (self.packages / "of-others.pth").write_text(sysconfig.get_path("purelib") + "\n")

    @property
    def packages(self) -> Path:
        (found,) = self.directory.glob("lib/python3*/site-packages")
        return found

    def program(self, name: str) -> Path:
        return self.directory / "bin" / name

    def install(self, wheel: Path) -> None:
        """Install a wheel, in place of an older one."""
        command = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet", "--no-deps"]
        subprocess.run(
            [*command, "--no-index", "--force-reinstall", str(wheel)], check=True, capture_output=True, timeout=60
        )
