"""What aria2's exit codes mean for a download.

The codes are those of aria2c(1), "EXIT STATUS"; what to do about each was tried against aria2 1.36.
"""

import re

from core.errors import (
    AlreadyTransferring,
    BossBotError,
    ChecksumMismatch,
    DiskFull,
    MediaNotFound,
    RateLimited,
    SourceExpired,
    SourceUnreachable,
    TransferError,
)

_STALLED = "Nobody who shares this torrent could be reached. It is tried again later."
_GONE = "The file is not there any more. Check that the link opens in a browser."
_BY_CODE: dict[int, tuple[type[BossBotError], str | None]] = {
    2: (SourceUnreachable, "The server of this media stopped answering."),
    3: (SourceExpired, _GONE),
    4: (SourceExpired, _GONE),
    5: (SourceUnreachable, "The server of this media is too slow."),
    6: (SourceUnreachable, "The connection to the server of this media broke."),
    7: (SourceUnreachable, _STALLED),
    8: (ChecksumMismatch, "The server of this media can't continue an interrupted transfer."),
    9: (DiskFull, None),
    10: (ChecksumMismatch, None),
    11: (AlreadyTransferring, None),
    12: (AlreadyTransferring, None),
    19: (SourceUnreachable, "The host of this media was not found."),
    20: (MediaNotFound, "The description of this media is damaged."),
    21: (MediaNotFound, "The FTP server refuses this file."),
    23: (MediaNotFound, "This link redirects in circles."),
    24: (SourceExpired, "The server of this media asks for a login."),
    25: (MediaNotFound, "This torrent is damaged."),
    26: (MediaNotFound, "This torrent is damaged."),
    27: (MediaNotFound, "This magnet link is damaged."),
    29: (SourceUnreachable, "The server of this media is overloaded."),
    32: (ChecksumMismatch, None),
}


def error_of(code: int, message: str) -> BossBotError:
    """Our error for an ended transfer.

    Args:
        code: aria2's errorCode.
        message: aria2's errorMessage; it is only searched, never shown.
    """
    if code == 22:
        return _http_error(message)
    if code == 1 and re.search(r"SSL|TLS|certificate|handshake", message, re.IGNORECASE):
        return MediaNotFound("The server of this media has no valid certificate.")
    if code == 1:
        return SourceUnreachable()
    kind, sentence = _BY_CODE.get(code, (TransferError, None))
    return kind(sentence)


def http_status(code: int, message: str) -> int:
    """The status with which a server refused; 0 when it was something else. Arguments as of `error_of`."""
    found = re.search(r"status=(\d{3})", message)
    return int(found[1]) if found and code in (22, 29) else 0


def _http_error(message: str) -> BossBotError:
    status = http_status(22, message)
    if status == 429:
        return RateLimited()
    if status in (401, 403, 410):
        return SourceExpired(f"The server of this media refuses it (HTTP {status}).")
    return SourceUnreachable(f"The server of this media has a problem (HTTP {status or 'error'}).")
