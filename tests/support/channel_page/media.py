"""Attachments and pictures: the bytes themselves, so that the page needs no server."""

import base64
import subprocess
import tempfile
from collections.abc import Mapping
from html import escape

from tests.support.discord_server import Attachment

UNITS = ("bytes", "KB", "MB", "GB")


def shown(attachment: Attachment) -> str:
    """A picture, a video by its first frame with a play button, a player, or a box with the name."""
    if attachment.content_type.startswith("image/"):
        return f'<div class="media">{_picture(attachment.content, attachment.content_type)}</div>'
    if attachment.content_type.startswith("video/") and (frame := _first_frame(attachment.content)):
        return f'<div class="media video">{_picture(frame, "image/jpeg")}<span class="play">▶</span></div>'
    sign = "🎵" if attachment.content_type.startswith("audio/") else "📄"
    name, size = escape(attachment.filename), _size(attachment.size)
    return f'<div class="file"><span class="emoji">{sign}</span><div><a>{name}</a><small>{size}</small></div></div>'


def address(url: str, attachments: Mapping[str, Attachment], pictures: Mapping[str, bytes]) -> str:
    """What an address in a layout shows: an attachment, a picture of somewhere else, or an empty frame."""
    if url in attachments:
        return shown(attachments[url])
    return _picture(pictures[url], "image/jpeg") if url in pictures else '<div class="frame">🖼</div>'


def _picture(content: bytes, kind: str) -> str:
    return f'<img alt="" src="data:{kind};base64,{base64.b64encode(content).decode()}">'


def _first_frame(video: bytes) -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".video") as file:  # its index may stand at the end, so no pipe
        file.write(video)
        file.flush()
        argv = ["ffmpeg", "-v", "error", "-i", file.name, "-frames:v", "1", "-vf", "scale=480:-2"]
        argv += ["-c:v", "mjpeg", "-f", "image2pipe", "pipe:1"]
        return subprocess.run(argv, capture_output=True, check=False, timeout=30).stdout


def _size(count: float) -> str:
    for unit in UNITS[:-1]:
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == UNITS[0] else f"{count:.2f} {unit}"
        count /= 1024
    return f"{count:.2f} {UNITS[-1]}"
