"""Hosts that gallery-dl does not know by name: what the admin may say runs there, and what seems to."""

import re

# gallery-dl's names for the software that people run themselves: what `gallery_instance` of a site may be.
INSTANCES = frozenset(
    (
        "2chen",
        "Danbooru",
        "E621",
        "blogger",
        "chevereto",
        "foolfuuka",
        "foolslide",
        "gelbooru_v01",
        "gelbooru_v02",
        "jschan",
        "kokonotsuba",
        "lolisafe",
        "lynxchan",
        "mastodon",
        "misskey",
        "moebooru",
        "nitter",
        "philomena",
        "postmill",
        "reactor",
        "shimmie2",
        "shopify",
        "szurubooru",
        "vichan",
        "wikimedia",
        "xenforo",
    )
)
# Paths that hardly anything else has; who asks must expect that the guess is wrong.
LOOKS = (
    (re.compile(r"https?://[^/?#]+(?:/web)?/(?:@[^/?#]+|users/[^/?#]+/statuses)/\d{15,20}(?:$|[/?#])"), "mastodon"),
    (re.compile(r"https?://[^/?#]+/notes/(?:[\da-z]{10}|[\da-z]{16})(?:$|[?#])"), "misskey"),
)


def guessed_instance(url: str) -> str | None:
    """gallery-dl's name for the software that seems to run at a URL."""
    return next((name for looks, name in LOOKS if looks.match(url)), None)
