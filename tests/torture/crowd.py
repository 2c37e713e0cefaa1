"""The processes of the program as the kernel shows them: who is what, who is whose, who is nobody's any more."""

import contextlib
import ctypes
import os
from collections.abc import Iterable
from dataclasses import dataclass, field

import psutil

PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
MAINS = {"bot": "bot", "pooler.download_runner": "download", "pooler.upload_runner": "upload"}
BY_MODULE = {"guard_child": "guard", "ytdlp": "extractor", "gallerydl": "extractor", "playwright": "browser"}
BY_NAME = {"aria2c": "aria2c", "ffmpeg": "ffmpeg", "ffprobe": "ffmpeg", "chrom": "browser", "node": "browser"}


def adopt_orphans() -> None:
    """From now on orphans of our descendants become our children, where they can be seen and counted."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


@dataclass(slots=True)
class Crowd:
    """All descendants of this process but those that belong to the site."""

    strangers: set[int]  # pids of the tracker and the seeder
    mains: set[int] = field(default_factory=set)  # pids of processes that the keeper started and will wait for

    def living(self) -> list[psutil.Process]:
        """Those that are there and no zombies; zombies that became ours are laid to rest."""
        found = []
        for process in psutil.Process().children(recursive=True):
            if process.pid in self.strangers:
                continue
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
                elif process.ppid() == os.getpid() and process.pid not in self.mains:
                    with contextlib.suppress(ChildProcessError):
                        os.waitpid(process.pid, os.WNOHANG)
        return found

    def by_kind(self) -> dict[str, list[psutil.Process]]:
        """The living by what they are."""
        kinds: dict[str, list[psutil.Process]] = {}
        for process in self.living():
            kinds.setdefault(kind_of(process), []).append(process)
        return kinds

    def orphans(self) -> list[psutil.Process]:
        """Those whose parent died before them."""
        return [one for one in self.living() if one.ppid() == os.getpid() and one.pid not in self.mains]


def kind_of(process: psutil.Process) -> str:
    """bot, download, upload, aria2c, guard, extractor, ffmpeg, browser, or other: a launcher, a probe."""
    try:
        words, name = process.cmdline(), process.name()
    except psutil.Error:
        return "other"
    if "-m" in words and (kind := MAINS.get(words[words.index("-m") + 1])):
        return kind
    return next((kind for sign, kind in BY_NAME.items() if name.startswith(sign)), None) or _by_module(words)


def _by_module(words: Iterable[str]) -> str:
    ours = [word for word in words if "/" in word or "." in word]
    return next((kind for sign, kind in BY_MODULE.items() if any(sign in word for word in ours)), "other")
