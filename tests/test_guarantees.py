"""What docs/guarantees.md names as proof is there."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TOLD = HERE.parent / "docs" / "guarantees.md"
PROOFS = sorted({*re.findall(r"`([a-z_0-9/]+/test_[a-z_0-9]+\.py|[a-z_]+/egress)`", TOLD.read_text(encoding="utf-8"))})


def test_proofs_are_named() -> None:
    assert len(PROOFS) > 10


@pytest.mark.parametrize("proof", [*PROOFS, "torture", "nth_failure"])
def test_each_proof_is_there(proof: str) -> None:
    assert (HERE / proof).exists()
