"""How large pictures are, by their heads alone."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from download_module.picture_size import HEAD, LARGEST, is_known, picture_size

HEADS = {
    "JPEG": b"\xff\xd8\xff\xe0",
    "PNG": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "WEBP": b"RIFF\0\0\0\0WEBPVP8 ",
}


def drawn(kind: str, size: tuple[int, int], **options: object) -> bytes:
    """A picture of this size, as Pillow writes it."""
    written = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(written, kind, **options)
    return written.getvalue()


@pytest.mark.parametrize("size", [(1, 1), (640, 360), (333, 1001)])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("JPEG", {"exif": b"Exif\0\0" + bytes(60_000), "icc_profile": bytes(100_000), "comment": b"\xff\xc0" * 99}),
        ("PNG", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
        ("WEBP", {"exif": b"Exif\0\0" + bytes(100)}),
    ],
)
def test_the_size_is_that_which_was_drawn(kind: str, options: dict[str, object], size: tuple[int, int]) -> None:
    content = drawn(kind, size, **options)
    assert is_known(content)
    assert picture_size(io.BytesIO(content)) == size


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_that_ends_in_its_head_has_no_size(kind: str) -> None:
    content = drawn(kind, (64, 48))
    sizes = {picture_size(io.BytesIO(content[:length])) for length in range(len(content))}
    assert sizes == {None, (64, 48)}


def test_other_kinds_have_none(tmp_path: Path) -> None:
    for kind in ("GIF", "BMP", "TIFF"):
        content = drawn(kind, (64, 48))
        assert not is_known(content)
        assert picture_size(io.BytesIO(content)) is None


@given(head=st.sampled_from(sorted(HEADS.values())), rest=st.binary(max_size=4000))
def test_whatever_follows_a_head_no_error_comes_of_it(head: bytes, rest: bytes) -> None:
    size = picture_size(io.BytesIO(head + rest))
    assert size is None or all(0 < side < LARGEST for side in size)


def test_of_a_picture_of_endless_segments_the_head_alone_is_read() -> None:
    segment = b"\xff\xe1\x00\x02"
    read = io.BytesIO(HEADS["JPEG"][:2] + segment * 200_000)
    assert picture_size(read) is None
    assert read.tell() == HEAD


def test_a_photo_that_is_held_upright_has_the_size_in_which_it_is_shown() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    assert picture_size(io.BytesIO(drawn("JPEG", (64, 48), exif=exif))) == (48, 64)
