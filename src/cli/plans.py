"""The upload stage's plan in words: what is done with each file so that it fits."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from cli.units import size

SHOWN = 8  # files


class PlannedFile(BaseModel):
    """One file, as `upload_plan` has it."""

    name: str
    bytes: int
    step: str
    says: str = ""
    parts: int = 1
    predicted_bytes: int | None = None


class Plan(BaseModel):
    """What stands in the column `upload_plan`."""

    limit: int
    messages: int
    files: list[PlannedFile]


def plan_in_words(upload_plan: Mapping[str, Any]) -> list[str]:
    """Lines: number of messages and limit, then each file that is not sent as it is; none for no plan."""
    try:
        plan = Plan.model_validate(upload_plan)
    except ValidationError:  # there is none yet, or a hand wrote it
        return []
    counted = "1 message" if plan.messages == 1 else f"{plan.messages} messages"
    changed = [file for file in plan.files if file.step != "as is"]
    lines = [f"{counted}, at most {size(plan.limit)} a file{'' if changed else ', all as they are'}"]
    lines += [_line(file) for file in changed[:SHOWN]]
    lines += [f"and {len(changed) - SHOWN} more"] if len(changed) > SHOWN else []
    return lines


def _line(file: PlannedFile) -> str:
    told = [file.step, file.says] if file.says else [file.step]
    before = f"{file.name} ({size(file.bytes)}): "
    if file.predicted_bytes is None:
        return before + "can't be made to fit"
    each = f"{file.parts} x " if file.parts > 1 else ""
    return before + ", ".join([*told, f"{each}{size(file.predicted_bytes)}"])
