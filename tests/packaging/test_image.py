"""The Dockerfile and compose.yaml: what can be seen of them without an engine. `make image-test` carries them out."""

from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own, for these lines alone

from cli.app import app
from scripts.image.dockerfile import Stage, parse
from tests.packaging.wheels import ROOT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
BUILD_PACKAGES = ("gcc", "build-essential", "git", "make", "python3-venv", "python3-pip")


@pytest.fixture
def stages() -> list[Stage]:
    return parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))


def allowed_files() -> set[str]:
    """What .dockerignore lets into the build: it begins with nothing."""
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    return {rule[1:] for rule in rules if rule.startswith("!")}


def test_every_file_that_it_copies_is_there_and_let_in_and_nothing_else_is(stages: list[Stage]) -> None:
    copied = {
        source
        for stage in stages
        for step in stage.steps
        if step.word == "COPY" and not step.words[0].startswith("--from=")
        for source in step.words[:-1]
    }
    assert all((ROOT / name).exists() for name in copied)
    assert {name.partition("/")[0] for name in copied} == allowed_files()


def test_the_end_stage_has_another_user_no_tools_and_a_check_that_exists(stages: list[Stage]) -> None:
    *_, build, last = stages
    assert build.name == "build"
    assert build.base == last.base
    assert any(character.isdigit() for character in last.base.partition(":")[2]), "the base is pinned by its version"
    assert int(last.last("USER").text.partition(":")[0]) >= 1000
    installed = " ".join(step.text for step in last.steps if step.word == "RUN").split()
    assert not set(BUILD_PACKAGES) & set(installed)
    assert {"aria2", "ffmpeg", "tini", "chromium"} - set(installed) == {"chromium"}
    assert any(step.word == "ARG" and step.pairs == {"BROWSER": "chromium"} for step in last.steps)
    words = last.last("HEALTHCHECK").text.partition(" CMD ")[2]
    assert words == '["bossbotctl", "health"]'
    assert "health" in {command.name for command in app.registered_commands}
    assert last.last("ENTRYPOINT").words == ["tini", "--"]


def test_without_the_argument_for_a_browser_there_is_none() -> None:
    last = parse((ROOT / "Dockerfile").read_text(encoding="utf-8"), {"BROWSER": ""})[-1]
    assert any(step.word == "ARG" and step.pairs == {"BROWSER": ""} for step in last.steps)


def test_an_instruction_that_the_reader_does_not_know_is_a_fault() -> None:
    with pytest.raises(ValueError, match="ONBUILD"):
        parse("FROM debian:13.2-slim\nONBUILD RUN true\n")


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_a_service_of_compose_has_no_rights_and_bounds(name: str, stages: list[Stage]) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert {"mem_limit", "pids_limit", "restart"} <= set(service)
    places = {volume.partition(":")[2] for volume in service["volumes"]}
    assert places == set(stages[-1].last("VOLUME").words)
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert {volume.partition(":")[0] for volume in service["volumes"]} == set(COMPOSE["volumes"])


def test_the_pins_of_the_image_are_those_of_the_program() -> None:
    def pins(name: Path) -> set[str]:
        return {line.split()[0] for line in name.read_text(encoding="utf-8").splitlines() if "==" in line[:60]}

    image = pins(ROOT / "packaging" / "requirements.txt")
    assert pins(ROOT / "requirements" / "runtime.txt") <= image, "run: make lock"
    assert image <= pins(ROOT / "requirements" / "dev.txt"), "run: make lock"
