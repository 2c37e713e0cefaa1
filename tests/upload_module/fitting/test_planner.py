"""What a plan says before it is done."""

import json
from pathlib import Path

from tests.upload_module.cutter import Cutter
from tests.upload_module.given import media_file
from upload_module.fitting.fit import Step, Way
from upload_module.fitting.planner import FitPlan, Planned, as_is, usable
from upload_module.upload_manager import Limits

MIB = 1024 * 1024
LIMITS = Limits(file=10 * MIB, message=25 * MIB)
SMALLER = Way(step=Step.COMPRESS, predicted_bytes=int(9.6 * MIB), says="720p")
SPLIT = Way(step=Step.SPLIT, predicted_bytes=9 * MIB, parts=3, says="3 parts of about 4:30")


def test_a_plan_is_json_with_predicted_sizes_and_messages() -> None:
    files = (
        as_is(media_file(0, MIB)),
        Planned(file=media_file(1, 31 * MIB, "clip.mkv"), ways=(SMALLER, SPLIT), fitter=Cutter()),
        Planned(file=media_file(2, 99 * MIB, "film.mkv"), ways=(SPLIT,), fitter=Cutter()),
        Planned(file=media_file(3, 40 * MIB, "book.pdf"), ways=()),
    )
    plan = FitPlan(files=files, limits=LIMITS)
    told = json.loads(json.dumps(plan.as_json()))
    assert (told["limit"], told["messages"]) == (10 * MIB, 2)
    assert [(file["name"], file["step"], file.get("parts")) for file in told["files"]] == [
        ("0.mp4", "as is", 1),
        ("clip.mkv", "compress", 1),
        ("film.mkv", "split", 3),
        ("book.pdf", "keep", None),
    ]
    assert [file.get("predicted_bytes") for file in told["files"]] == [MIB, int(9.6 * MIB), 9 * MIB, None]
    assert plan.work == list(files[1:3])


def test_what_is_done_is_said_in_a_few_words() -> None:
    compressed = Planned(file=media_file(0, 31 * MIB), ways=(SMALLER,), fitter=Cutter())
    cut = Planned(file=media_file(0, 31 * MIB), ways=(SPLIT,), fitter=Cutter())
    assert compressed.says("2/3") == "compressing 2/3: 720p, 9.5 MiB"
    assert cut.says() == "splitting: 3 parts of about 4:30, 3 x 9 MiB"


def test_what_was_made_before_is_no_work() -> None:
    planned = Planned(file=media_file(0, 31 * MIB), ways=(SMALLER,), made=(Path("/made.mp4"),))
    plan = FitPlan(files=(planned,), limits=LIMITS)
    assert (plan.work, plan.messages) == ([], 1)


def test_ways_that_end_elsewhere_or_above_the_limit_are_not_taken() -> None:
    link = Way(step=Step.LINK, predicted_bytes=0, says="")
    keep = Way(step=Step.KEEP, predicted_bytes=0, says="")
    over = Way(step=Step.REMUX, predicted_bytes=10 * MIB + 1, says="")
    assert usable([over, link, SMALLER, keep], 10 * MIB) == (SMALLER,)
