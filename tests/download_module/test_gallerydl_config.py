"""What gallery-dl is told: wishes, the admin's rules and our own, in the words of the installed version."""

import inspect
from typing import Any, cast

import pytest
from gallery_dl import config, extractor
from gallery_dl.extractor import bluesky, instagram, mastodon, misskey, nitter, reddit, tumblr, twitter
from gallery_dl.extractor.common import BaseExtractor

from download_module.extractors.gallerydl_config import DEFAULTS, FORCED, SPELLINGS, Request, config_for
from download_module.extractors.gallerydl_instances import INSTANCES, guessed_instance

MODULES = {
    "twitter": twitter,
    "nitter": nitter,
    "bluesky": bluesky,
    "mastodon": mastodon,
    "misskey": misskey,
    "tumblr": tumblr,
    "instagram": instagram,
    "reddit": reddit,
}


def request(**more: Any) -> Request:
    found: dict[str, Any] = {
        "url": "https://x.com/a/status/1",
        "instance": None,
        "items": [],
        "max_items": 100,
        "seconds": 60.0,
        "asked": {},
        "site": {},
        "admin": {},
        "cookies": None,
        "proxy": None,
    }
    return cast("Request", found | more)


def test_options_of_sites_are_those_of_the_installed_library() -> None:
    for name, words in SPELLINGS.items():
        for word in words.values():
            assert f'config("{word}"' in inspect.getsource(MODULES[name]), (name, word)
    for name in DEFAULTS.keys() & MODULES.keys():
        for word in DEFAULTS[name]:
            assert f'config("{word}"' in inspect.getsource(MODULES[name]), (name, word)


def test_instances_are_those_of_the_installed_library() -> None:
    classes = [one for one in extractor.extractors() if issubclass(one, BaseExtractor)]
    named = {one.basecategory for one in classes if one.pattern.pattern.startswith(f"(?:{one.basecategory}:(https?")}
    # Only there to lead elsewhere, or for a few hosts that the library names itself.
    assert named - INSTANCES <= {"urlshortener", "hentaicosplays", "IMHentai", "manganelo", "booru", "Nijie"}
    assert named >= INSTANCES


@pytest.mark.parametrize(
    ("url", "instance"),
    [
        ("https://fosstodon.org/@kev/109348529034278543", "mastodon"),
        ("https://site.test/web/@kev/109348529034278543?x=1", "mastodon"),
        ("https://site.test/users/kev/statuses/109348529034278543", "mastodon"),
        ("https://misskey.test/notes/9bhqfo835v", "misskey"),
        ("https://site.test/@kev/12", None),
        ("https://site.test/notes/today", None),
        ("https://site.test/a/@kev/109348529034278543", None),
    ],
)
def test_software_is_guessed_by_its_paths_alone(url: str, instance: str | None) -> None:
    assert guessed_instance(url) == instance


def seen(values: dict[str, Any], category: str, option: str) -> Any:
    """What an extractor of the library finds for an option."""
    config.clear()
    for key, value in values.items():
        config.setg(key, value)
    try:
        return config.interpolate(("extractor", category, "tweet"), option)
    finally:
        config.clear()


@pytest.mark.parametrize(
    ("more", "quoted"),
    [
        ({}, True),
        ({"admin": {"extractor": {"twitter": {"quoted": False}}}}, False),
        ({"site": {"quoted": False}}, False),
        ({"site": {"quoted": True}, "admin": {"extractor": {"twitter": {"quoted": False}}}}, True),
        ({"site": {"quoted": False}, "asked": {"quoted": True}}, True),
        ({"asked": {"quoted": False}}, False),
    ],
    ids=str,
)
@pytest.mark.parametrize("owner", ["twitter", None])
def test_a_wish_goes_over_the_site_over_the_admin_over_the_default(
    more: dict[str, Any], quoted: bool, owner: str | None
) -> None:
    assert seen(config_for(request(**more), owner), "twitter", "quoted") is quoted


def test_options_of_one_site_are_not_those_of_another() -> None:
    values = config_for(request(site={"api-key": "secret"}), "flickr", cookie_file="/a/cookies.txt")
    assert seen(values, "flickr", "cookies") == "/a/cookies.txt"
    assert seen(values, "flickr", "api-key") == "secret"
    assert seen(values, "imgur", "cookies") is None
    assert seen(values, "imgur", "api-key") is None


@pytest.mark.parametrize(("asked", "found"), [(None, "dash"), (True, "dash"), (False, False)])
def test_videos_are_left_out_where_they_are_not_wanted(asked: bool | None, found: Any) -> None:
    values = config_for(request(asked={} if asked is None else {"videos": asked}), "reddit")
    assert seen(values, "reddit", "videos") == found


def test_what_is_forced_goes_over_everything() -> None:
    mine = dict.fromkeys(FORCED, "theirs")
    values = config_for(
        request(site=mine, admin={"extractor": {"twitter": mine, **mine}}, proxy="http://p/"), "twitter"
    )
    for name, value in FORCED.items():
        assert seen(values, "twitter", name) == value
    assert seen(values, "twitter", "proxy") == "http://p/"


def test_the_admin_s_file_is_not_changed() -> None:
    admin = {"extractor": {"twitter": {"quoted": False}}, "downloader": {"part": False}}
    values = config_for(request(admin=admin, site={"quoted": True}), "twitter")
    assert admin == {"extractor": {"twitter": {"quoted": False}}, "downloader": {"part": False}}
    assert "downloader" not in values
