"""Reads a Dockerfile as far as ours goes, and refuses what it does not know."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

KNOWN = ("ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "FROM", "HEALTHCHECK", "RUN", "USER", "VOLUME", "WORKDIR")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction."""

    word: str
    text: str

    @property
    def words(self) -> list[str]:
        """Its arguments: those of a JSON list, or what blanks divide."""
        return [str(one) for one in json.loads(self.text)] if self.text.startswith("[") else self.text.split()

    @property
    def pairs(self) -> dict[str, str]:
        """What ENV or ARG set; an ARG without a value is empty."""
        split = (one.partition("=") for one in shlex.split(self.text))
        return {name: value for name, _, value in split}


@dataclass(frozen=True, slots=True)
class Stage:
    """What begins with FROM."""

    base: str
    name: str
    steps: list[Step] = field(default_factory=list)

    def last(self, word: str) -> Step:
        """The instruction that counts where only the last one does."""
        return [step for step in self.steps if step.word == word][-1]


def parse(text: str, arguments: Mapping[str, str] | None = None) -> list[Stage]:
    """The stages of a Dockerfile.

    Args:
        text: of the file.
        arguments: values of ARG, as `--build-arg` gives them.

    Raises:
        ValueError: an instruction is not known here.
    """
    values: dict[str, str] = {}
    stages: list[Stage] = []
    for step in _steps(text):
        if step.word not in KNOWN:
            raise ValueError(f"unknown instruction: {step.word}")
        if step.word == "ARG":
            values |= step.pairs
            values |= {name: value for name, value in (arguments or {}).items() if name in values}
        if step.word == "FROM":
            base, _, name = _filled_in(step.text, values).partition(" AS ")
            stages.append(Stage(base, name))
        elif stages:
            text_ = step.text if step.word == "RUN" else _filled_in(step.text, values)
            chosen = " ".join(f"{name}={values[name]}" for name in step.pairs) if step.word == "ARG" else text_
            stages[-1].steps.append(Step(step.word, chosen))
    return stages


def _filled_in(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], text)


def _steps(text: str) -> Iterator[Step]:
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for line in re.sub(r"\\\n", " ", lines).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield Step(word, re.sub(r"\s+", " ", rest.strip()))
