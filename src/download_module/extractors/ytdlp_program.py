"""yt-dlp's command-line program, for sites where the admin prefers it to the library."""

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from download_module.extractors.unnamed_file import path_of, unnamed_file

TIMEOUT = 110.0  # seconds; the child itself is given little more


class ProgramFailed(Exception):
    """It gave no answer. `status` is that of an HTTP error that it named."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        status = re.search(r"HTTP Error (\d{3})", said)
        self.status = int(status[1]) if status else None
        self.expected = "ERROR:" in said and "please report this issue" not in said


def run_program(arguments: Sequence[str], url: str, *, save: Callable[[str], None], load: Callable[[str], None]) -> Any:
    """What the program prints with `-J`.

    Args:
        arguments: as `ytdlp_options` gives them; they go through a pipe, because others can see a process's arguments.
        url: what to look at; no option, because it begins with the name of a scheme or of an extractor.
        save: writes the cookies to the file of that name, for the program.
        load: reads those that the program had at its end.

    Raises:
        ProgramFailed: it said why, or ended without a word.
    """
    with unnamed_file() as cookies:
        path = path_of(cookies)
        save(path)
        given = [*arguments, f"--cookies={path}", "--dump-single-json", url]
        done = subprocess.run(
            [sys.executable, "-m", "yt_dlp", "--ignore-config", "--config-locations", "-"],
            input=shlex.join(given).encode(),
            capture_output=True,
            pass_fds=(cookies,),
            timeout=TIMEOUT,
            env=dict(os.environ),
            check=False,
        )
        load(path)
    said = done.stderr.decode(errors="replace").strip()
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = None
    if done.returncode or not found:
        errors = [line for line in said.splitlines() if line.startswith("ERROR:")]
        raise ProgramFailed("\n".join(errors) or f"status {done.returncode}: {said[-500:]}")
    return found
