"""The kept inputs of the fuzzers, each through its parser: what once went wrong does not again."""

import time

import pytest

from tests.fuzz.targets import CORPUS, TARGETS, corpus_of

LONGEST = 5.0  # seconds of CPU for one input; most take a millisecond


@pytest.mark.parametrize("name", TARGETS)
def test_every_kept_input_is_read_or_refused(name: str) -> None:
    kept = corpus_of(name)
    assert len(kept) >= 2
    for path in kept:
        began = time.process_time()
        try:
            TARGETS[name](path.read_bytes())
        except Exception as error:
            raise AssertionError(f"{path.relative_to(CORPUS)}: {error!r}") from error
        assert time.process_time() - began < LONGEST, path


def test_every_corpus_has_its_parser() -> None:
    assert {path.name for path in CORPUS.iterdir()} == set(TARGETS)
