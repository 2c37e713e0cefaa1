"""The child process that decodes strangers' pictures: one job on its input, JSON lines on its output.

    job      {"do": "look" | "fit" | "convert" | "shrink", "file", "target", "limit", "min_quality"}
    answers  {"percent"} ..., then {"looked": {...}}, {"made": path} or {"refused": "..."}

`target` is a path without its suffix.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from upload_module.fitting.picture_frames_child import shrunk
from upload_module.fitting.picture_pixels_child import RefusedError, looked_at, opened
from upload_module.fitting.picture_search_child import converted, fitted


def _say(**said: Any) -> None:
    print(json.dumps(said), flush=True)  # noqa: T201  (the parent reads it)


def _percent(percent: float) -> None:
    _say(percent=round(percent, 1))


def _work(job: dict[str, Any]) -> None:
    file = Path(job["file"])
    with opened(file) as image:
        if job["do"] == "look":
            _say(looked=asdict(looked_at(image)))
            return
        limit, min_quality = int(job["limit"]), int(job["min_quality"])
        if job["do"] == "fit":
            made = fitted(image, file.stat().st_size, limit, min_quality, _percent)
        elif job["do"] == "convert":
            made = converted(image, limit, min_quality, _percent)
        else:
            made = shrunk(image, limit, min_quality, _percent)
    path = Path(job["target"]).with_name(Path(job["target"]).name + made.suffix)
    path.write_bytes(made.data)
    _say(made=str(path))


def main() -> None:
    """Do one job."""
    job = json.loads(sys.stdin.readline())
    try:
        _work(job)
    except RefusedError as refused:
        print(repr(refused.__cause__), file=sys.stderr)  # noqa: T201  (the parent logs it)
        _say(refused=str(refused))


if __name__ == "__main__":
    main()
