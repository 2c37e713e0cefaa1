"""Turns what the child found into a plan."""

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from core.errors import LiveNotSupported
from download_module.extractors.base_extractor import Wish
from download_module.extractors.segments import SegmentedStream, dash_track, hls_track, join, whole_track
from download_module.extractors.ytdlp_answers import Answer, Entry, Stream, Subtitle
from download_module.extractors.ytdlp_metadata import metadata_of, platform_of
from download_module.extractors.ytdlp_renditions import NO_CHOICE, renditions_of
from download_module.media_metadata import MediaMetadata
from download_module.names import clean_name, kind_of, name_from_url
from download_module.plan import Assemble, Chapter, Child, Cut, DownloadPlan, Kind, LiveWindow, Output, Part

UNWANTED_HEADERS = frozenset(("accept-encoding", "range", "host", "content-length", "connection", "cookie"))
MP4 = frozenset(("mp4", "m4a", "mov", "m4v"))
SOUND_ENDINGS = (("mp4a", "m4a"), ("aac", "m4a"), ("mp3", "mp3"), ("opus", "opus"), ("vorbis", "ogg"), ("flac", "flac"))
Headers = tuple[tuple[str, str], ...]


def plan_of(url: str, answer: Answer, wish: Wish, *, method: str) -> DownloadPlan:
    """The plan for what was found.

    Raises:
        LiveNotSupported: it goes on, or has not begun, and was not asked to be recorded.
    """
    if answer.children:
        children = tuple(Child(url=child.url, title=child.title) for child in answer.children)
        return DownloadPlan(
            source_url=url,
            extractor=(answer.extractor or "ytdlp").lower(),
            title=answer.title,
            author=answer.author,
            children=children,
            metadata=MediaMetadata(url=url, title=answer.title, author=answer.author, download_method=method),
        )
    for entry in answer.entries:
        _refuse_live(entry)
    first = answer.entries[0]
    if len(answer.entries) == 1 and first.title:  # yt-dlp numbers the <video> tags of a page, also when there is one
        first.title = first.title.removesuffix(" (1)")
    outputs = [output for entry in answer.entries for output in _outputs(entry, wish)]
    return DownloadPlan(
        source_url=url,
        extractor=(answer.extractor or first.extractor or "ytdlp").lower(),
        title=(answer.title if len(answer.entries) > 1 else None) or first.title or answer.title,
        author=first.uploader or first.channel or answer.author,
        outputs=tuple(outputs),
        metadata=metadata_of(first, method=method),
        **(renditions_of(first) if len(answer.entries) == 1 and not wish.options.wants_audio else NO_CHOICE),
    )


def _refuse_live(entry: Entry) -> None:
    if entry.streams:
        return
    if entry.live_status == "is_upcoming":
        begins = f" It begins <t:{entry.release_timestamp:.0f}:R>." if entry.release_timestamp else ""
        raise LiveNotSupported(f"This live stream has not begun.{begins} Try again when it is over.")
    raise LiveNotSupported("This is a live stream. Try again when it has ended, or ask with `live:` minutes to record.")


def _outputs(entry: Entry, wish: Wish) -> list[Output]:
    outputs = [_media(entry, wish)]
    stem = clean_name(entry.title or entry.id or "video")
    outputs += [_subtitle(stem, subtitle) for subtitle in entry.subtitles]
    if wish.options.thumbnail and entry.thumbnail and entry.thumbnail.startswith(("http://", "https://")):
        outputs.append(_thumbnail(stem, entry.thumbnail))
    return outputs


def _media(entry: Entry, wish: Wish) -> Output:
    streams = entry.streams
    with_picture = any(stream.has_video for stream in streams) and not wish.options.wants_audio
    extension = _extension(streams, with_picture=with_picture)
    output = Output(
        filename=clean_name(f"{clean_name(entry.title or entry.id or 'video')}.{extension}"),
        kind=Kind.VIDEO if with_picture else Kind.AUDIO,
        parts=(),
        chapters=_chapters(entry),
        cut=Cut(start=entry.section_start, end=entry.section_end) if entry.section_start is not None else None,
    )
    if entry.is_live:
        return replace(output, assemble=Assemble.HLS, live=_live(streams, wish), chapters=(), cut=None)
    if all(_is_plain(stream) for stream in streams):
        # Sound that comes with a picture alone has to be taken out of it.
        as_it_is = len(streams) == 1 and with_picture == streams[0].has_video
        parts = tuple(_part(entry, stream) for stream in streams)
        return replace(output, parts=parts, assemble=Assemble.NONE if as_it_is else Assemble.MERGE)
    parts, tracks = join([_segmented(entry, stream) for stream in streams])
    return replace(output, parts=parts, tracks=tracks, assemble=Assemble.HLS)


# -- streams ---------------------------------------------------------------------------------------------------------


def _is_plain(stream: Stream) -> bool:
    return stream.playlist is None and stream.fragments is None


def _part(entry: Entry, stream: Stream) -> Part:
    identity = _identity(entry, stream)
    return Part(
        uris=(stream.url,),
        headers=_with_cookie(_headers(stream.http_headers), stream.url, stream.cookies),
        size=stream.filesize,
        identity=f"{identity} {stream.filesize}" if identity and stream.filesize else None,
        chunk=stream.chunk,
        impersonate=stream.impersonate,
    )


def _segmented(entry: Entry, stream: Stream) -> SegmentedStream:
    if _is_plain(stream):
        return whole_track(_part(entry, stream), entry.duration or 0.0)
    headers, identity = _headers(stream.http_headers), _identity(entry, stream)
    if stream.playlist is not None:
        found = hls_track(stream.playlist, stream.playlist_url or stream.url, headers=headers, identity=identity)
    else:
        base = stream.fragment_base_url or stream.url
        found = dash_track(stream.fragments or (), base, headers=headers, identity=identity)
    return replace(found, parts=tuple(_dressed(part, stream) for part in found.parts))


def _dressed(part: Part, stream: Stream) -> Part:
    """A segment's part with the cookies of its host, and what the site wants to see in each request."""
    if not part.uris:
        return part
    uri = _with_query(part.uris[0], stream.extra_param_to_segment_url)
    headers = _with_cookie(part.headers, uri, stream.cookies)
    return replace(part, uris=(uri,), headers=headers, impersonate=stream.impersonate)


def _with_query(uri: str, query: str | None) -> str:
    if not query:
        return uri
    parts = urlsplit(uri)
    merged = dict(parse_qsl(parts.query, keep_blank_values=True)) | dict(parse_qsl(query, keep_blank_values=True))
    return parts._replace(query=urlencode(merged)).geturl()


def _identity(entry: Entry, stream: Stream) -> str | None:
    """What two extractions have in common when they mean the same bytes."""
    if not entry.id or not stream.format_id:
        return None
    return f"{platform_of(entry)} {entry.id} {stream.format_id}"


def _live(streams: list[Stream], wish: Wish) -> LiveWindow:
    first = streams[0]
    return LiveWindow(
        playlists=tuple(stream.url for stream in streams),
        headers=_with_cookie(_headers(first.http_headers), first.url, first.cookies),
        seconds=min((wish.options.live or 0) * 60.0, wish.max_live_seconds),
    )


def _headers(said: Mapping[str, str] | None) -> Headers:
    return tuple((name, value) for name, value in (said or {}).items() if name.lower() not in UNWANTED_HEADERS)


def _with_cookie(headers: Headers, url: str, cookies: Mapping[str, str]) -> Headers:
    cookie = cookies.get(urlsplit(url).netloc)
    return (*headers, ("Cookie", cookie)) if cookie else headers


# -- names and what comes beside -------------------------------------------------------------------------------------


def _extension(streams: list[Stream], *, with_picture: bool) -> str:
    """The container that holds these streams as they are, and that plays in most places."""
    whole = len(streams) == 1 and _is_plain(streams[0])
    if whole and with_picture == streams[0].has_video:
        return streams[0].ext or "mp4"
    if not with_picture:
        return _sound_extension(streams[-1])
    endings = {stream.ext for stream in streams}
    if endings <= MP4:
        return "mp4"
    return "webm" if endings <= {"webm", "weba"} else "mkv"


def _sound_extension(stream: Stream) -> str:
    codec = (stream.acodec or "").lower()
    known = next((ending for name, ending in SOUND_ENDINGS if codec.startswith(name)), None)
    return known or ("m4a" if stream.ext in MP4 else "mka")


def _chapters(entry: Entry) -> tuple[Chapter, ...]:
    return tuple(
        Chapter(start=said.start_time, end=said.end_time, title=(said.title or f"Chapter {number}")[:200])
        for number, said in enumerate(entry.chapters, 1)
        if said.start_time is not None and said.end_time is not None and said.end_time > said.start_time
    )


def _subtitle(stem: str, subtitle: Subtitle) -> Output:
    headers = _headers(subtitle.http_headers)
    if subtitle.data is not None:
        part = Part(content=subtitle.data.encode(errors="replace"))
    else:
        url = subtitle.url or ""
        part = Part(uris=(url,), headers=_with_cookie(headers, url, {urlsplit(url).netloc: subtitle.cookie or ""}))
    name = clean_name(f"{stem}.{subtitle.language}.{subtitle.ext or 'vtt'}")
    return Output(filename=name, kind=Kind.DOCUMENT, parts=(part,), optional=True)


def _thumbnail(stem: str, url: str) -> Output:
    name = name_from_url(url)
    ending = name.rpartition(".")[2] if kind_of(None, name) is Kind.IMAGE else "jpg"
    return Output(filename=clean_name(f"{stem}.{ending}"), kind=Kind.IMAGE, parts=(Part(uris=(url,)),), optional=True)
