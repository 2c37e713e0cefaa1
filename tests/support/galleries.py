"""Sites with pictures, on loopback, that answer as the real software does.

Mastodon, Misskey, two boorus (Moebooru and Danbooru), Postmill and Nitter, written after
https://docs.joinmastodon.org/entities/Status/, https://misskey-hub.net/en/docs/for-developers/api/,
https://konachan.com/help/api, https://danbooru.donmai.us/wiki_pages/help:api, and the HTML of the last two.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from aiohttp import web

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGE = 40  # statuses that Mastodon gives at once
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Galleries:
    """One server with all of them. What a test adds is served; requests are kept.

    Every path of `refusals` answers with that status and those headers instead.
    """

    root: str = ""
    statuses: list[dict[str, Any]] = field(default_factory=list)  # of @bob, the newest first
    notes: list[dict[str, Any]] = field(default_factory=list)  # of @eve, the newest first
    posts: list[dict[str, Any]] = field(default_factory=list)  # of both boorus
    submissions: dict[int, str] = field(default_factory=dict)  # of Postmill: number, HTML
    tweets: dict[int, str] = field(default_factory=dict)  # of Nitter: number, HTML
    refusals: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    hanging: set[str] = field(default_factory=set)  # paths that never answer
    requests: list[str] = field(default_factory=list)  # path and query
    cookies: list[str] = field(default_factory=list)  # one a request
    reached: asyncio.Event = field(default_factory=asyncio.Event)  # a hanging path was asked

    # Mastodon

    def toot(self, *media: dict[str, Any], text: str = "<p>A post</p>", **more: Any) -> str:
        """Add a status of @bob; its URL."""
        number = 109_000_000_000_000_000 + len(self.statuses)
        url = f"{self.root}/@bob/{number}"
        self.statuses.insert(
            0,
            {
                "id": str(number),
                "created_at": _iso(len(self.statuses)),
                "in_reply_to_id": None,
                "sensitive": False,
                "spoiler_text": "",
                "visibility": "public",
                "uri": f"{self.root}/users/bob/statuses/{number}",
                "url": url,
                "replies_count": 3,
                "reblogs_count": 5,
                "favourites_count": 7,
                "content": text,
                "reblog": None,
                "account": {"id": "1", "username": "bob", "acct": "bob", "display_name": "Bob B."},
                "media_attachments": list(media),
                "mentions": [],
                "tags": [{"name": "cats", "url": f"{self.root}/tags/cats"}],
                "emojis": [],
                "card": None,
                "poll": None,
            }
            | more,
        )
        return url

    def attachment(self, name: str = "1.jpg", kind: str = "image", alt: str | None = None) -> dict[str, Any]:
        """A file of a status."""
        return {
            "id": name.partition(".")[0],
            "type": kind,
            "url": f"{self.root}/files/{name}",
            "preview_url": f"{self.root}/files/small-{name}",
            "remote_url": None,
            "meta": {"original": {"width": 640, "height": 480}},
            "description": alt,
            "blurhash": "UBL_:rOpGG-oBUNG,qRj2so|=eE1w^n4S5NH",
        }

    # Misskey

    def note(self, *files: str, text: str = "A note", comment: str | None = None) -> str:
        """Add a note of @eve with files of these names; its URL."""
        number = f"9bhqfo{len(self.notes):04d}"
        self.notes.insert(
            0,
            {
                "id": number,
                "createdAt": _iso(len(self.notes)),
                "userId": "7",
                "user": {"id": "7", "name": "Eve", "username": "eve", "host": None},
                "text": text,
                "cw": None,
                "visibility": "public",
                "renoteCount": 2,
                "repliesCount": 1,
                "reactionCount": 4,
                "fileIds": list(files),
                "files": [
                    {
                        "id": f"f{position}",
                        "createdAt": _iso(0),
                        "name": name,
                        "type": "image/webp",
                        "md5": "0" * 32,
                        "size": 1234,
                        "isSensitive": False,
                        "url": f"{self.root}/files/{name}",
                        "thumbnailUrl": None,
                        "comment": comment,
                    }
                    for position, name in enumerate(files)
                ],
                "replyId": None,
                "renoteId": None,
            },
        )
        return f"{self.root}/notes/{number}"

    # Boorus

    def picture(self, count: int = 1) -> None:
        """Add posts to both boorus, which list the newest first."""
        for number in range(len(self.posts) + 1, len(self.posts) + count + 1):
            self.posts.append(
                {
                    "id": number,
                    "md5": f"{number:032x}",
                    "author": "uploader",
                    "source": "",
                    "score": 9,
                    "rating": "s",
                    "file_size": 1000 + number,
                    "width": 640,
                    "height": 480,
                    "file_url": f"{self.root}/files/{number:032x}.png",
                }
            )

    # What a client sees

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        self.requests.append(request.path_qs)
        self.cookies.append(request.headers.get("Cookie", ""))
        if request.path in self.hanging:
            self.reached.set()
            await asyncio.Event().wait()
        if request.path in self.refusals:
            status, headers = self.refusals[request.path]
            return web.json_response({"error": "refused"}, status=status, headers=headers)
        routes: dict[str, Handler] = {
            "/api/v1/statuses/": self._status,
            "/api/v1/accounts/": self._account,
            "/api/users/": self._misskey,
            "/api/notes/": self._misskey,
            "/post.json": self._moebooru,
            "/posts": self._danbooru,
            "/f/": self._postmill,
            "/i/status/": self._nitter,
        }
        for start, handler in routes.items():
            if request.path.startswith(start):
                return await handler(request)
        return web.json_response({"error": "Record not found"}, status=404)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        number = request.path.rpartition("/")[2]
        for status in self.statuses:
            if status["id"] == number:
                return web.json_response(status)
        return web.json_response({"error": "Record not found"}, status=404)

    async def _account(self, request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/lookup"):
            if request.query.get("acct") != "bob":
                return web.json_response({"error": "Record not found"}, status=404)
            return web.json_response({"id": "1", "username": "bob", "acct": "bob", "display_name": "Bob B."})
        if not request.path.endswith("/accounts/1/statuses"):
            return web.json_response([])
        before = int(request.query.get("max_id", "9" * 18))
        older = [status for status in self.statuses if int(status["id"]) < before]
        if request.query.get("only_media") == "true":
            older = [status for status in older if status["media_attachments"]]
        page = older[:PAGE]
        more = f'<{self.root}{request.path}?only_media=true&max_id={page[-1]["id"]}>; rel="next"' if page else ""
        return web.json_response(page, headers={"Link": more} if len(older) > PAGE else {})

    async def _misskey(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        match request.path:
            case "/api/users/show" if asked["username"] == "eve":
                return web.json_response({"id": "7", "name": "Eve", "username": "eve", "host": None})
            case "/api/notes/show":
                found = [note for note in self.notes if note["id"] == asked["noteId"]]
                if found:
                    return web.json_response(found[0])
            case "/api/users/notes":
                before = asked.get("untilId", "~")
                return web.json_response([note for note in self.notes if note["id"] < before][: asked["limit"]])
        error = {"message": "No such note.", "code": "NO_SUCH_NOTE", "kind": "client"}
        return web.json_response({"error": error}, status=400)

    async def _moebooru(self, request: web.Request) -> web.StreamResponse:
        wanted = [post | {"created_at": int(START.timestamp()), "tags": "cat outdoors"} for post in self.posts]
        tags = request.query.get("tags", "")
        if tags.startswith("id:"):
            wanted = [post for post in wanted if post["id"] == int(tags[3:])]
        wanted.reverse()
        return web.json_response(_page(wanted, int(request.query.get("page", 1)), int(request.query["limit"])))

    async def _danbooru(self, request: web.Request) -> web.StreamResponse:
        tags = {"tag_string": "cat outdoors", "tag_string_artist": "painter", "tag_string_general": "cat outdoors"}
        empty = {"tag_string_character": "", "tag_string_copyright": "", "tag_string_meta": ""}
        wanted = [post | {"created_at": _iso(0)} | tags | empty for post in self.posts]
        if request.path.startswith("/posts/"):
            number = int(request.path.removeprefix("/posts/").removesuffix(".json"))
            found = [post for post in wanted if post["id"] == number]
            if found:
                return web.json_response(found[0])
            error = {"success": False, "error": "ActiveRecord::RecordNotFound", "message": "That record was not found."}
            return web.json_response(error, status=404)
        wanted.reverse()
        page = request.query.get("page") or "1"
        if page.startswith("b"):  # before that number
            wanted, page = [post for post in wanted if post["id"] < int(page[1:])], "1"
        return web.json_response(_page(wanted, int(page), int(request.query["limit"])))

    def submission(self, *, title: str, body: str, link: str) -> str:
        """Add a post to Postmill's forum `pics`; its URL. A `link` that begins with `/` makes a post of text."""
        number = len(self.submissions) + 1
        url = f"{self.root}/f/pics/{number}/a-post"
        self.submissions[number] = f"""<html><head>
<meta property="og:title" content="{escape(title)}">
<meta property="og:article:published_time" content="2026-01-02T03:04:05+00:00">
<meta property="og:article:author" content="carol">
<link rel="canonical" href="{url}">
</head><body>
<h1 class="submission__title unheaderize inline"><a href="{escape(link)}" class="submission__link">x</a></h1>
<div class="submission__body break-text text-flow">{body}</div>
</body></html>"""
        return url

    async def _postmill(self, request: web.Request) -> web.StreamResponse:
        if request.path == "/f/pics":  # the newest first
            links = (f'<nav class="submission__nav"><a href="/f/pics/{n}/a-post">x</a></nav>' for n in self.submissions)
            return web.Response(text=f"<html>{''.join(reversed(list(links)))}</html>", content_type="text/html")
        number = int(request.path.split("/")[3])
        if number not in self.submissions:
            return web.Response(status=404)
        return web.Response(text=self.submissions[number], content_type="text/html")

    def tweet(self, *attached: str, text: str = "A tweet") -> str:
        """Add a tweet to Nitter, with attachments as HTML; its URL."""
        number = len(self.tweets) + 20
        self.tweets[number] = f"""<html><body><div class="main-tweet" id="m"><div class="timeline-item">
<a class="fullname" href="/dan" title="Dan D.">Dan D.</a>
<span class="tweet-date"><a href="/dan/status/{number}#m" title="Jan 2, 2026 · 3:04 AM UTC">2 Jan</a></span>
<div class="tweet-content media-body" dir="auto">{escape(text)}</div>
<div class="attachments">{"".join(attached)}</div>
<div class="tweet-stats"><span class="tweet-stat"><div class="icon-container"><span class="icon-comment"></span> 1</div>
</span><span class="tweet-stat"><div class="icon-container"><span class="icon-heart"></span> 2</div></span></div>
                </div>
              </div></div></div></body></html>"""
        return f"{self.root}/dan/status/{number}"

    async def _nitter(self, request: web.Request) -> web.StreamResponse:
        number = int(request.path.rpartition("/")[2])
        return web.Response(text=self.tweets[number], content_type="text/html")


@asynccontextmanager
async def serving() -> AsyncIterator[Galleries]:
    """All of them on one port of loopback."""
    galleries = Galleries()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", galleries.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    galleries.root = f"http://{host}:{port}"
    try:
        yield galleries
    finally:
        await runner.cleanup()


def _page(posts: list[dict[str, Any]], page: int, limit: int) -> list[dict[str, Any]]:
    return posts[(page - 1) * limit : page * limit]


def _iso(minutes: int) -> str:
    return (START + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
