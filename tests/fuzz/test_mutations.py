"""Kept inputs, changed at random in every run: what must hold of a parser's result holds."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, corpus_of

# What parsers stumble over, wherever it is put.
PIECES = (
    *(
        b"\0",
        b"\r\n",
        b"../",
        b"/",
        b"\\",
        b"%00",
        b"%2e%2e%2f",
        b"\xff",
        b"\xed\xa0\x80",
        b"\xe2\x80\xae",
        b"\xef\xbb\xbf",
    ),
    *(
        b"-1",
        b"0",
        b"99999999999999999999",
        b"nan",
        b"inf",
        b"1e999",
        b"\xff\xff\xff\xff",
        b"\x7f\xff\xff\xff",
        b"\x80\0\0\0",
    ),
    *(
        b"http://",
        b"file:///",
        b"@",
        b"#",
        b"?",
        b"&",
        b":",
        b"<",
        b">",
        b'"',
        b"'",
        b"=",
        b",",
        b"e",
        b"l",
        b"d",
        b"i",
    ),
)


@st.composite
def mutated(draw: st.DrawFn, kept: list[bytes]) -> bytes:
    """A kept input after some changes: bytes replaced, taken out, doubled, joined with another's."""
    data = bytearray(draw(st.sampled_from(kept)))
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["replace", "remove", "double", "join", "cut"])):
            case "replace":
                data[at:end] = draw(st.sampled_from(PIECES) | st.binary(max_size=8))
            case "remove":
                del data[at:end]
            case "double":
                data[at:at] = bytes(data[at:end]) * draw(st.sampled_from((1, 2, 200)))
            case "join":
                data[at:end] = draw(st.sampled_from(kept))
            case "cut":
                del data[at:]
    return bytes(data)


@pytest.mark.parametrize("name", TARGETS)
def test_what_holds_survives_mutations(name: str) -> None:
    kept = [path.read_bytes() for path in corpus_of(name)]

    @settings(max_examples=150)
    @given(mutated(kept))
    def look(data: bytes) -> None:
        TARGETS[name](data)

    look()


@pytest.mark.parametrize("name", TARGETS)
def test_noise_is_refused(name: str) -> None:
    noise = random.Random(name)
    for size in (0, 1, 7, 100, 3000):
        TARGETS[name](noise.randbytes(size))
