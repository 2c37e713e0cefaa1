"""Small media that ffmpeg makes of nothing, and the pages and manifests that stand before them.

Making a clip blocks for some tenths of a second. With `cache`, a directory of the caller's, equal clips are made
once and copied afterwards; `path` never holds half a file.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from tests.support.media_server import MediaServer

_VIDEO_CODEC = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25")
_AUDIO_CODEC = ("-c:a", "aac", "-b:a", "64k")
_CODECS = {"video": "avc1.42c01e", "audio": "mp4a.40.2"}


def clip(
    path: Path,
    seconds: float = 2,
    size: str = "320x180",
    rate: int = 25,
    audio: bool = True,
    *,
    cache: Path | None = None,
    options: Sequence[str] = (),
) -> Path:
    """A video with a moving picture and, with `audio`, a tone; the container is that of the file's suffix.

    Args:
        path: Where it goes; overwritten.
        seconds: Its length.
        size: `WIDTHxHEIGHT`, both even.
        rate: Pictures a second.
        audio: Whether it has an audio track.
        cache: A directory in which equal media are kept.
        options: More ffmpeg output options, which win over the defaults.
    """
    sound = [*_tone(seconds), *_AUDIO_CODEC] if audio else []
    inputs = [*_picture_source(seconds, size, rate), *sound[:4]]
    return _made(path, [*inputs, *_VIDEO_CODEC, *sound[4:], *options], cache)


def video_only(
    path: Path, seconds: float = 2, size: str = "320x180", rate: int = 25, *, cache: Path | None = None
) -> Path:
    """A video without an audio track."""
    return clip(path, seconds, size, rate, audio=False, cache=cache)


def audio_only(path: Path, seconds: float = 2, *, cache: Path | None = None) -> Path:
    """A tone; the codec is that of the file's suffix, AAC in m4a and mp4."""
    codec = _AUDIO_CODEC if path.suffix in {".m4a", ".mp4"} else ()
    return _made(path, [*_tone(seconds), *codec], cache)


def picture(path: Path, size: str = "320x180", *, cache: Path | None = None) -> Path:
    """A still picture; the format is that of the file's suffix (png, jpg, webp, gif ...)."""
    return _made(path, ["-f", "lavfi", "-i", f"testsrc2=size={size}", "-frames:v", "1"], cache)


def add_video_page(
    server: MediaServer,
    path: str,
    video: Path,
    *,
    title: str = "A clip",
    content_type: str = "video/mp4",
    **behaviour: Any,
) -> str:
    """An HTML page at `path` with a <video> tag, whose file is served beside it; returns the page's URL.

    The file's own path is `path` with the file's name appended; `behaviour` is that of the file.
    """
    source = f"{path.rstrip('/')}/{video.name}"
    server.add(source, video, content_type=content_type, **behaviour)
    tag = f"<video controls><source src={quoteattr(source)} type={quoteattr(content_type)}></video>"
    return server.add_page(path, page(title, tag))


def page(title: str, body: str) -> str:
    """A page of HTML."""
    return f"<!DOCTYPE html><html><head><title>{escape(title)}</title></head><body>{body}</body></html>"


def add_split_video(
    server: MediaServer,
    prefix: str,
    directory: Path,
    *,
    seconds: float = 2,
    sizes: Sequence[str] = ("320x180",),
    **behaviour: Any,
) -> str:
    """Video and audio in files of their own behind one URL, that of a DASH manifest, which it returns.

    The manifest has one BaseURL and a SegmentBase for each rendition. yt-dlp's generic extractor makes of it, with
    the format `bestvideo+bestaudio`, two `requested_formats` of whole files over plain http: `ext` mp4 and m4a,
    `protocol` http, no `fragments`, `filesize` from yt:contentLength.

    The paths on the server are `{prefix}/manifest.mpd`, `{prefix}/video-{size}.mp4` and `{prefix}/audio.m4a`;
    `behaviour` is that of the media files, which are made once in `directory`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    fragmented = ("-movflags", "+faststart")
    audio = _once(directory / "audio.m4a", [*_tone(seconds), *_AUDIO_CODEC, *fragmented])
    sets = [_adaptation_set("audio", [_representation("audio", audio, 'audioSamplingRate="44100"')])]
    server.add(f"{prefix}/{audio.name}", audio, content_type="audio/mp4", **behaviour)
    videos = []
    for size in sizes:
        source = _picture_source(seconds, size, 25)
        video = _once(directory / f"video-{size}.mp4", [*source, *_VIDEO_CODEC, *fragmented])
        server.add(f"{prefix}/{video.name}", video, content_type="video/mp4", **behaviour)
        width, height = size.split("x")
        videos.append(_representation("video", video, f'width="{width}" height="{height}" frameRate="25"'))
    manifest = _manifest(seconds, [_adaptation_set("video", videos), *sets])
    return server.add(f"{prefix}/manifest.mpd", manifest, content_type="application/dash+xml")


def add_dash(server: MediaServer, prefix: str, directory: Path, *, seconds: float = 4, **behaviour: Any) -> str:
    """A DASH stream of many segments, video and audio apart; returns the manifest's URL.

    yt-dlp gives its formats with `fragments` and the protocol `http_dash_segments`.
    """
    inputs = [*_picture_source(seconds, "320x180", 25), *_tone(seconds), *_VIDEO_CODEC, *_AUDIO_CODEC]
    sets = ["-adaptation_sets", "id=0,streams=v id=1,streams=a", "-seg_duration", "1", "-f", "dash"]
    _once(directory / "dash.mpd", [*inputs, *sets], in_place=True)
    return add_stream(server, prefix, directory, "dash.mpd", **behaviour)


def add_hls(
    server: MediaServer,
    prefix: str,
    directory: Path,
    *,
    seconds: float = 4,
    fragmented_mp4: bool = False,
    encrypted: bool = False,
    **behaviour: Any,
) -> str:
    """An HLS stream with segments of a second (TS, or fragmented MP4; AES-128 if `encrypted`); returns the URL.

    yt-dlp gives one format, with the protocol `m3u8_native` and without `fragments`.
    """
    directory.mkdir(parents=True, exist_ok=True)
    inputs = [*_picture_source(seconds, "320x180", 25), *_tone(seconds), *_VIDEO_CODEC, *_AUDIO_CODEC]
    kind = ["-hls_time", "1", "-hls_playlist_type", "vod", "-f", "hls"]
    if fragmented_mp4:
        kind = ["-hls_segment_type", "fmp4", *kind]
    if encrypted:
        (directory / "key.bin").write_bytes(bytes(range(16)))
        (directory / "key.info").write_text(f"key.bin\n{directory / 'key.bin'}\n")
        kind = ["-hls_key_info_file", str(directory / "key.info"), *kind]
    _once(directory / "hls.m3u8", [*inputs, *kind], in_place=True)
    return add_stream(server, prefix, directory, "hls.m3u8", **behaviour)


_STREAM_TYPES = {
    ".mpd": "application/dash+xml",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".m4s": "video/iso.segment",
    ".mp4": "video/mp4",
    ".ts": "video/mp2t",
}


def add_stream(server: MediaServer, prefix: str, directory: Path, manifest: str, **behaviour: Any) -> str:
    """Serves all files of a directory below `prefix`; returns the URL of the manifest.

    `behaviour` is that of the media: manifests are answered as they are.
    """
    for file in sorted(directory.rglob("*")):
        if file.is_file() and file.suffix != ".info":
            how = {} if file.suffix in {".m3u8", ".mpd"} else behaviour
            path = f"{prefix}/{file.relative_to(directory).as_posix()}"
            server.add(path, file, content_type=_STREAM_TYPES.get(file.suffix), **how)
    return server.url(f"{prefix}/{manifest}")


def _manifest(seconds: float, sets: Sequence[str]) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:yt="http://youtube.com/yt/2012/10/10" type="static"'
        f' profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" mediaPresentationDuration="PT{seconds}S">'
        f"<Period>{''.join(sets)}</Period></MPD>"
    )


def _adaptation_set(kind: str, representations: Sequence[str]) -> str:
    return f'<AdaptationSet contentType="{kind}" mimeType="{kind}/mp4">{"".join(representations)}</AdaptationSet>'


def _representation(kind: str, file: Path, attributes: str) -> str:
    size = file.stat().st_size
    return (
        f'<Representation id="{file.stem}" codecs="{_CODECS[kind]}" bandwidth="{size}" {attributes}>'
        f'<BaseURL yt:contentLength="{size}">{file.name}</BaseURL><SegmentBase/></Representation>'
    )


def _picture_source(seconds: float, size: str, rate: int) -> list[str]:
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]


def _tone(seconds: float) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=44100:duration={seconds}"]


def _made(path: Path, arguments: Sequence[str], cache: Path | None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if cache is None:
        return _run_ffmpeg(arguments, path)
    cache.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256("\0".join(arguments).encode()).hexdigest()[:16]
    shutil.copyfile(_once(cache / f"{name}{path.suffix}", arguments), path)
    return path


def _once(path: Path, arguments: Sequence[str], *, in_place: bool = False) -> Path:
    """Makes the file unless it is there; `in_place` for manifests, which name the files beside them."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _run_ffmpeg(arguments, path, in_place=in_place)
    return path


def _run_ffmpeg(arguments: Sequence[str], path: Path, *, in_place: bool = False) -> Path:
    target = path if in_place else path.with_name(f".{os.getpid()}-{path.name}")
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments, str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        target.unlink(missing_ok=True)
        raise RuntimeError(f"ffmpeg could not make {path.name}: {done.stderr.strip()}")
    return target.replace(path)
