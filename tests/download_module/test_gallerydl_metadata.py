"""gallery-dl's metadata in one shape, and what is read out of it on the way."""

import inspect
import json
from datetime import datetime
from typing import Any

import pytest
from gallery_dl import dt, util
from gallery_dl.extractor import bluesky, mastodon, misskey, twitter

from download_module.extractors.gallerydl_answer import Answer
from download_module.extractors.gallerydl_fields import MAX_WHOLE, alt_text, bounded
from download_module.extractors.gallerydl_metadata import metadata_of

TWEET = {
    "tweet_id": 643211948184596480,
    "retweet_id": 0,
    "quote_id": 0,
    "quoted_id": 5,
    "conversation_id": 643211948184596480,
    "date": "2015-09-14 00:00:00",
    "author": {"id": 7, "name": "bob", "nick": "Bob \U0001f431"},
    "user": {"id": 8, "name": "eve", "nick": "Eve"},
    "content": "A long post " * 20,
    "favorite_count": 1,
    "retweet_count": 2,
    "reply_count": 3,
    "view_count": 4,
}


def test_a_tweet_has_the_fields_of_twitter() -> None:
    for name in ("tweet_id", "retweet_id", "quoted_id", "conversation_id", "content", "favorite_count", "view_count"):
        assert f'"{name}"' in inspect.getsource(twitter)
    known = metadata_of(Answer(category="twitter", owner="twitter", post=TWEET), "api")
    assert known.url == "https://x.com/bob/status/643211948184596480"
    assert (known.platform, known.id, known.tweet_id) == ("twitter", "643211948184596480", "643211948184596480")
    assert (known.user_screen_name, known.author) == ("bob", "Bob \U0001f431")
    assert (known.is_retweet, known.is_quote_tweet, known.thread_position) == (False, True, None)
    assert (known.like_count, known.retweet_count, known.comment_count, known.view_count) == (1, 2, 3, 4)
    assert known.published_at == "2015-09-14 00:00:00"
    assert known.title is not None
    assert len(known.title) <= 100
    assert known.title.endswith("…")
    assert known.description == ("A long post " * 20).strip()


@pytest.mark.parametrize(
    ("thread", "position"), [([], None), ([643211948184596480], None), ([1, 643211948184596480, 3], 2), ([1, 2], None)]
)
def test_a_tweet_knows_its_place_in_a_thread(thread: list[int], position: int | None) -> None:
    known = metadata_of(Answer(category="twitter", owner="twitter", post=TWEET, thread=thread), "api")
    assert known.thread_position == position


@pytest.mark.parametrize(
    ("category", "owner", "platform"),
    [
        ("twitter", "twitter", "twitter"),
        ("mastodon.social", "mastodon", "mastodon"),
        ("127.0.0.1:80", "Danbooru", "danbooru"),
        ("yandere", "moebooru", "yandere"),
        ("", "", None),
    ],
)
def test_the_platform_is_the_site_or_the_software_of_an_instance(
    category: str, owner: str, platform: str | None
) -> None:
    assert metadata_of(Answer(category=category, owner=owner), "api").platform == platform


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        ({"title": "T", "author": "carol"}, {"title": "T", "author": "carol"}),
        ({"author": {"handle": "a.b"}, "text": "x"}, {"title": "x", "author": "a.b"}),
        ({"user": {"username": "u", "nick": ""}}, {"author": "u"}),
        ({"content": "<p>a<br>b</p><p>1 &lt; 2</p>"}, {"description": "a\nb\n1 < 2", "title": "a b 1 < 2"}),
        ({"description": "1 < 2 & 3 > 2"}, {"description": "1 < 2 & 3 > 2"}),
        ({"likes": "many", "like_count": -1, "ups": 4}, {"like_count": 4}),
        ({"url": "javascript:alert(1)"}, {"url": None}),
        ({"id": {"a": 1}, "title": ["x"], "author": [1], "date": {}, "content": 5}, {"id": None, "author": None}),
        ({}, {"title": None, "id": None}),
    ],
    ids=str,
)
def test_other_sites_names_for_the_same_things(post: dict[str, Any], expected: dict[str, Any]) -> None:
    known = metadata_of(Answer(category="site", owner="site", post=post), "cli")
    assert {name: getattr(known, name) for name in expected} == expected
    assert known.download_method == "cli"


@pytest.mark.parametrize(
    ("owner", "values", "alt"),
    [
        ("twitter", {"description": " a cat "}, "a cat"),
        ("bluesky", {"description": "a cat"}, "a cat"),
        ("mastodon", {"media": {"description": "a cat"}}, "a cat"),
        ("misskey", {"file": {"comment": "a cat"}}, "a cat"),
        ("instagram", {"description": "the post's own words"}, None),
        ("twitter", {"description": None}, None),
        ("mastodon", {"media": "x"}, None),
        ("misskey", {"file": {"comment": ""}}, None),
    ],
)
def test_alt_text_is_found_where_the_site_has_it(owner: str, values: dict[str, Any], alt: str | None) -> None:
    assert alt_text(owner, values) == alt


def test_alt_text_stands_there_in_the_installed_library() -> None:
    assert 'file["description"] = media.get("ext_alt_text")' in inspect.getsource(twitter)
    assert '"description": media.get("alt")' in inspect.getsource(bluesky)
    assert 'status["media"] = media' in inspect.getsource(mastodon)
    assert 'note["file"] = file' in inspect.getsource(misskey)


def test_a_copy_is_bounded_and_json() -> None:
    deep: dict[str, Any] = {}
    deep["self"] = deep
    values: dict[Any, Any] = {
        "date": datetime(2026, 1, 2, 3, 4, 5),  # noqa: DTZ001 - the library's are naive UTC
        "none": dt.NONE,
        "nothing": util.NONE,
        "_private": "x",
        "list": list(range(1000)),
        "inner": {"_private": 1, "bytes": b"x", "call": print},
        "deep": deep,
        "huge": "x" * 10**6,
        5: "no name",
        **{f"more{n}": "y" * 4000 for n in range(50)},
    }
    kept = bounded(values)
    assert len(json.dumps(kept)) < 2 * MAX_WHOLE
    assert kept["date"] == "2026-01-02 03:04:05"
    assert kept["none"] is None
    assert kept["nothing"] is None
    assert kept["inner"] == {"bytes": None, "call": None}
    assert len(kept["list"]) < 1000
    assert "_private" not in kept
    assert "more49" not in kept
