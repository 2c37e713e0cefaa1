"""What gallery-dl is told for one request: its configuration, made anew of wishes, the admin's rules and our own."""

import copy
from collections.abc import Mapping
from typing import Any, TypedDict

# For single sites, where gallery-dl would do something else.
DEFAULTS: dict[str, dict[str, Any]] = {
    "twitter": {"quoted": True, "replies": True, "retweets": True, "videos": True},
    "instagram": {"videos": "merged"},  # one file; else a manifest that only gallery-dl's own downloader can use
    "reddit": {"videos": "dash"},
    "directlink": {"filename": "{filename}.{extension}"},
}
# A member's wishes in the words of each site.
SPELLINGS: dict[str, dict[str, str]] = {
    "twitter": {"quoted": "quoted", "replies": "replies", "retweets": "retweets"},
    "nitter": {"quoted": "quoted", "retweets": "retweets"},
    "bluesky": {"quoted": "quoted", "retweets": "reposts"},
    "mastodon": {"replies": "replies", "retweets": "reblogs"},
    "misskey": {"replies": "replies", "retweets": "renotes"},
    "tumblr": {"retweets": "reblogs"},
}
# These stand at the root, where they go over everything that the admin set for a site.
FORCED: dict[str, Any] = {
    "retries": 1,
    "timeout": 20.0,  # seconds
    "sleep-429": 0,  # no sleep: an error, so that the download waits in the queue
    "proxy-env": False,
    "cookies-select": None,
    "cookies-update": False,
    "netrc": False,
    "input": False,
    "async": False,
    "actions": None,
    "postprocessors": None,
    "keywords-eval": False,
    "write-pages": False,
}


class Request(TypedDict):
    """What a child is asked."""

    url: str
    instance: str | None  # one of `gallerydl_instances.INSTANCES`, for a host that gallery-dl does not know by itself
    items: list[tuple[int, int | None]]  # wanted files from first to last, counted from 1; empty: all
    max_items: int
    seconds: float  # after which what was found is enough
    asked: dict[str, bool]  # the member's `quoted`, `replies`, `retweets`, `videos`
    site: dict[str, Any]  # the admin's options for this site
    admin: dict[str, Any]  # gallery-dl's configuration file, when the admin named one
    cookies: str | None  # the admin's for this site, as a file of Netscape's kind has them
    proxy: str | None


def address_of(request: Request) -> str:
    """The URL as gallery-dl is to read it."""
    return f"{request['instance']}:{request['url']}" if request["instance"] else request["url"]


def config_for(request: Request, owner: str | None = None, *, cookie_file: str | None = None) -> dict[str, Any]:
    """The whole configuration.

    Args:
        request: what is asked.
        cookie_file: where its cookies lie, for as long as the library needs them.
        owner: gallery-dl's name for the site of the URL, whose options are the site's; None: not known yet.
    """
    extractor: dict[str, Any] = copy.deepcopy(request["admin"].get("extractor", {}))
    mine = {**request["site"], **({"cookies": cookie_file} if cookie_file else {})}
    if owner is None:
        extractor |= mine
    for name in {*DEFAULTS, *SPELLINGS, *([owner] if owner else [])}:
        site = mine if owner in (None, name) else {}
        extractor[name] = {**DEFAULTS.get(name, {}), **extractor.get(name, {}), **site, **_wishes(name, request)}
    root = FORCED | {"proxy": request["proxy"]}
    if request["asked"].get("videos") is False:
        root["videos"] = False
    return {**root, "extractor": extractor, "cache": {"file": None}}


def _wishes(name: str, request: Request) -> Mapping[str, Any]:
    asked = request["asked"]
    wishes = {word: asked[wish] for wish, word in SPELLINGS.get(name, {}).items() if wish in asked}
    if asked.get("videos") and "videos" in DEFAULTS.get(name, {}):
        wishes["videos"] = DEFAULTS[name]["videos"]
    return wishes
