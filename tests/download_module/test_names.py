"""Names for files, made of what strangers send."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from download_module.names import clean_name, kind_of, name_from_url, with_extension
from download_module.plan import Kind

HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="./\\ :\x00\u202e~-aé🎬\u200b\ud800", max_size=400),
    st.text(min_size=150, max_size=4000),
)


@given(HOSTILE)
@example("../" * 50 + "etc/passwd")
@example("🎬" * 1000 + ".mp4")
@example("a" * 300 + "." + "b" * 300)
@example("a" * 178 + " .mp4")
@example("con.mp4")
@example("\u202egp4.exe")
@example("....")
@example("~/.bashrc")
def test_any_text_becomes_one_safe_component(text: str) -> None:
    name = clean_name(text)
    assert 0 < len(name.encode()) <= 200
    assert not set(name) & set('/\\\0:*?"<>|')
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert not [c for c in name if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]
    assert name.split(".")[0].lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


@given(HOSTILE)
def test_a_clean_name_stays_as_it_is(text: str) -> None:
    name = clean_name(text)
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cat.mp4", "cat.mp4"),
        ("My cat \u2013 it\u2019s 10/10?.mp4", "My cat \u2013 it\u2019s 10_10_.mp4"),
        ("  a \t\n b  .mp4", "a b.mp4"),
        ("猫の動画🐈.webm", "猫の動画🐈.webm"),
        ("cafe\u0301.mp4", "café.mp4"),
        ("", "download"),
        ("...", "download"),
        ("\u202e\u200b", "download"),
        ("nul", "download nul"),
        ("COM1.txt", "download COM1.txt"),
        (".hidden.mp4", "hidden.mp4"),
        ("a" * 300 + ".mp4", "a" * 176 + ".mp4"),
        ("é" * 300, "é" * 89),
        ("no extension but. a long sentence at the end", "no extension but. a long sentence at the end"),
    ],
)
def test_a_name_keeps_what_people_can_read(text: str, name: str) -> None:
    assert clean_name(text) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://site.test/videos/My%20cat.mp4?token=1#t=3", "My cat.mp4"),
        ("http://site.test/videos/", "videos"),
        ("http://site.test", "download"),
        ("http://site.test/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "_.._etc_passwd"),
        ("http://site.test/a%00b.mp4", "ab.mp4"),
        ("http://site.test/%ff%fe.mp4", "��.mp4"),
    ],
)
def test_a_url_gives_the_name_of_its_last_component(url: str, name: str) -> None:
    assert name_from_url(url) == name


@pytest.mark.parametrize(
    ("name", "mime_type", "result"),
    [
        ("cat", "video/mp4", "cat.mp4"),
        ("cat.webm", "video/mp4", "cat.webm"),
        ("cat", None, "cat"),
        ("cat", "made/up", "cat"),
    ],
)
def test_a_name_without_an_ending_gets_the_one_of_its_type(name: str, mime_type: str | None, result: str) -> None:
    assert with_extension(name, mime_type) == result


@pytest.mark.parametrize(
    ("mime_type", "name", "kind"),
    [
        ("video/mp4", "a", Kind.VIDEO),
        ("audio/mpeg", "a.mp4", Kind.AUDIO),
        ("image/png", "", Kind.IMAGE),
        ("application/pdf", "a.mp4", Kind.DOCUMENT),
        ("application/octet-stream", "a.mp4", Kind.VIDEO),
        ("application/ogg", "a.ogg", Kind.AUDIO),
        ("application/ogg", "a.ogv", Kind.VIDEO),
        (None, "a.jpg", Kind.IMAGE),
        (None, "a", Kind.DOCUMENT),
        ("", "", Kind.DOCUMENT),
    ],
)
def test_a_kind_follows_from_type_or_name(mime_type: str | None, name: str, kind: Kind) -> None:
    assert kind_of(mime_type, name) is kind
