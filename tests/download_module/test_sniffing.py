"""What the first bytes of an answer show."""

import pytest

from download_module.extractors.sniffing import Described, head_says, sniffed


@pytest.mark.parametrize(
    ("head", "described"),
    [
        (b"<!DOCTYPE html><title>x</title>", Described.PAGE),
        (b"\xef\xbb\xbf \n<!-- hello --><HTML lang=en>", Described.PAGE),
        (b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', Described.PAGE),
        (b'<?xml version="1.0"?>\n<rss version="2.0"><channel>', Described.PAGE),
        (b"#EXTM3U\n#EXT-X-VERSION:3\n", Described.PAGE),
        (b"d8:announce30:http://tracker.example/announce", Described.TORRENT),
        (b"d4:infod6:lengthi7e", Described.TORRENT),
        (b'<?xml version="1.0"?><metalink xmlns="urn:ietf:params:xml:ns:metalink">', Described.TORRENT),
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", None),
        (b"<htmlish>", None),
        (b"\x00\x00\x00\x20ftypisom", None),
        (b"do not 4:info", None),
        (b"", None),
    ],
)
def test_descriptions_of_media_are_told_from_media(head: bytes, described: Described | None) -> None:
    assert head_says(head) is described


@pytest.mark.parametrize(
    ("head", "mime_type"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "image/png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(64), "image/jpeg"),
        (b"\0\0\0\x20ftypM4A \0\0\0\0M4A mp42isom" + bytes(64), "audio/mp4"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(64), "video/mp4"),
        (b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf" + bytes(64), "image/heif"),
        (b"", None),
    ],
)
def test_a_type_is_shown_by_the_bytes(head: bytes, mime_type: str | None) -> None:
    assert sniffed(head) == mime_type


def test_a_long_row_of_comments_is_read_in_linear_time() -> None:
    assert head_says(b"<!--" * 50_000) is None
