"""What is planned for a download, in one line: "720p, about 18 of 20 MiB, one file"."""

from collections.abc import Sequence
from typing import Any

from cogs.language import ENGLISH, Language
from cogs.texts import duration, plain, size
from core.download_plan import FetchPlan
from core.models import Download, Status

KEPT_AS_IS = ("as is", "link", "keep")
LADDER = (2160, 1440, 1080, 720, 480, 360, 240, 144)


def planned(download: Download, limit: int | None, *, t: Language = ENGLISH) -> str | None:
    """What is going to be fetched, or made to fit; None when nothing is known.

    Args:
        download: the row.
        limit: bytes that one file may have at the destination, where that is known.
        t: the language.
    """
    if download.status in (Status.DOWNLOADED, Status.UPLOADING):
        return _fitting(download.upload_plan, t)
    plan = FetchPlan.read(download.download_plan)
    if plan is None:
        return None
    parts = [
        f"{plan.height}p" if plan.height else None,
        _bytes(plan, limit, t),
        duration(plan.seconds) if plan.seconds else None,
        t("one file") if plan.files == 1 else t.plural("{count} file", "{count} files", plan.files),
    ]
    told = [part for part in parts if part]
    if plan.files == 1 and len(told) == 1:  # which says nothing
        return None
    return t("Planned: {what}", what=", ".join(told))


def _bytes(plan: FetchPlan, limit: int | None, t: Language) -> str | None:
    if not plan.bytes:
        return None
    if limit is None or plan.files != 1:
        return t("about {size}", size=size(plan.bytes, t))
    if plan.bytes <= limit:
        return t("about {size} of {limit}", size=size(plan.bytes, t), limit=size(limit, t))
    return t("about {size}, made to fit into {limit}", size=size(plan.bytes, t), limit=size(limit, t))


def _fitting(plan: dict[str, Any], t: Language) -> str | None:
    """What the upload stage does with the files; nothing where they are sent as they are."""
    files = [one for one in _list(plan.get("files")) if one.get("step") not in KEPT_AS_IS]
    limit = plan.get("limit")
    if not files or not isinstance(limit, int):
        return None
    made = sum(_number(one.get("parts"), 1) for one in files)
    largest = max(_number(one.get("predicted_bytes"), 0) for one in files)
    what = plain(str(files[0].get("says") or ""), 60) if len(files) == 1 else ""
    told = [
        t("Made to fit: {size} of {limit}", size=size(largest, t), limit=size(limit, t)),
        what or None,
        t("one file") if made == 1 else t.plural("{count} file", "{count} files", made),
    ]
    return ", ".join(part for part in told if part)


def offered(download: Download) -> tuple[str, ...]:
    """The qualities that a member may choose instead, highest first; empty when there is no choice."""
    plan = FetchPlan.read(download.download_plan)
    if plan is None or len(plan.heights) < 2:
        return ()
    heights = [height for height in LADDER if any(_rung(one) == height for one in plan.heights)]
    return ("best", *[f"{height}p" for height in heights], "audio")


def chosen(download: Download) -> str:
    """The quality that is being fetched, as `offered` names it."""
    plan = FetchPlan.read(download.download_plan)
    asked = download.options.get("quality")
    if download.options.get("audio") is True or asked == "audio":
        return "audio"
    if isinstance(asked, str) and asked in offered(download):
        return asked
    return f"{_rung(plan.height)}p" if plan is not None and plan.height and asked not in (None, "best") else "best"


def lower_quality(download: Download) -> str:
    """The next quality below the one that failed."""
    plan = FetchPlan.read(download.download_plan)
    asked = str(download.options.get("quality") or "").removesuffix("p")
    heights = [int(asked)] if asked.isdecimal() else []
    heights += [plan.height] if plan is not None and plan.height else []
    highest = min(heights, default=1080)
    return next((f"{height}p" for height in LADDER if height < highest), "worst")


def _rung(height: int) -> int:
    """The usual name of a height: 1072 is shown as 1080p."""
    return min(LADDER, key=lambda usual: abs(usual - height))


def _list(value: Any) -> Sequence[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _number(value: Any, otherwise: int) -> int:
    return int(value) if isinstance(value, int | float) else otherwise
