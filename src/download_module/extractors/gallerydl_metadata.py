"""gallery-dl's metadata of a post as `MediaMetadata`; each site has names of its own for the same things."""

import html
import re
from collections.abc import Mapping
from typing import Any

from download_module.extractors.gallerydl_answer import Answer
from download_module.extractors.gallerydl_fields import at
from download_module.media_metadata import MediaMetadata

MAX_TITLE = 100  # characters
IDS = ("tweet_id", "post_id", "post_shortcode", "gallery_id", "album_id", "id")
TITLES = ("title", "subject")
DESCRIPTIONS = ("content", "text", "description", "caption", "selftext", "body", "summary", "tag_string", "tags")
AUTHORS = (
    ("author", "nick"),
    ("author", "displayName"),
    ("author", "name"),
    ("author", "handle"),
    ("account", "display_name"),
    ("account", "acct"),
    ("user", "name"),
    ("user", "username"),
    ("user", "nick"),
    ("author",),
    ("artist",),
    ("tag_string_artist",),
    ("fullname",),
    ("username",),
    ("uploader",),
    ("owner",),
)
LIKES = ("favorite_count", "favourites_count", "likeCount", "likes", "like_count", "reactionCount", "fav_count", "ups")
REPOSTS = ("retweet_count", "reblogs_count", "repostCount", "renoteCount")
VIEWS = ("view_count", "views", "viewCount")
COMMENTS = ("reply_count", "replies_count", "replyCount", "repliesCount", "num_comments", "comment_count")
_MARKUP = re.compile(r"</?(?:p|br|a|div|span|b|i|em|strong)\b", re.IGNORECASE)


def metadata_of(answer: Answer, method: str) -> MediaMetadata:
    """What is known of the first post.

    Args:
        answer: the post and where it is from.
        method: `api` or `cli`.
    """
    post = answer.post
    host = re.search(r"[.:]", answer.category)  # an instance has the name of its host
    platform = (answer.owner if host else answer.category).lower() or None
    description = _description(post)
    known = MediaMetadata(
        platform=platform,
        url=_web(post.get("url")) or _web(post.get("post_url")),
        id=_first(post, IDS),
        title=_shortened(_first(post, TITLES) or description),
        description=description,
        author=next((name for path in AUTHORS if (name := _word(at(post, *path)))), None),
        published_at=_word(post.get("date")),
        download_method=method,
        like_count=_count(post, LIKES),
        retweet_count=_count(post, REPOSTS),
        view_count=_count(post, VIEWS),
        comment_count=_count(post, COMMENTS),
        platform_data=post,
    )
    return known.model_copy(update=_twitter(answer)) if platform == "twitter" else known


def _twitter(answer: Answer) -> dict[str, Any]:
    post, tweet = answer.post, _word(answer.post.get("tweet_id"))
    name = _word(at(post, "author", "name"))
    thread = answer.thread if len(answer.thread) > 1 else []
    return {
        "url": f"https://x.com/{name}/status/{tweet}" if name and tweet else None,
        "tweet_id": tweet,
        "user_screen_name": name,
        "is_retweet": bool(post.get("retweet_id")),
        "is_quote_tweet": bool(post.get("quoted_id")),
        "thread_position": next((n for n, one in enumerate(thread, 1) if str(one) == tweet), None),
    }


def _description(post: Mapping[str, Any]) -> str | None:
    text = _first(post, DESCRIPTIONS) or ""
    if _MARKUP.search(text):
        text = re.sub(r"<(br\b[^>]*|/p)>", "\n", text, flags=re.IGNORECASE)
        text = html.unescape(re.sub(r"<[^<>]*>", "", text))
    return text.strip() or None


def _shortened(text: str | None) -> str | None:
    """One line."""
    line = " ".join((text or "").split())
    return (line if len(line) <= MAX_TITLE else line[: MAX_TITLE - 1].rstrip() + "…") or None


def _first(post: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((word for name in names if (word := _word(post.get(name)))), None)


def _word(value: Any) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and value else None


def _count(post: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    counts = (post.get(name) for name in names)
    return next((n for n in counts if isinstance(n, int) and not isinstance(n, bool) and n >= 0), None)


def _web(value: Any) -> str | None:
    return value if isinstance(value, str) and re.match(r"https?://", value) else None
