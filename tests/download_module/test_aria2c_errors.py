"""What aria2's exit codes mean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from download_module.aria2c_errors import error_of

REFUSED = "The response status is not successful. status={}"


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (1, "Connection refused", SourceUnreachable),
        (1, "Got EOF from 127.0.0.1", SourceUnreachable),
        (1, "SSL/TLS handshake failure: certificate has expired", MediaNotFound),
        (2, "Timeout.", SourceUnreachable),
        (3, "Resource not found", SourceExpired),
        (5, "Too slow Downloading speed", SourceUnreachable),
        (6, "Network problem has occurred.", SourceUnreachable),
        (7, "", SourceUnreachable),
        (8, "Invalid range header.", ChecksumMismatch),
        (9, "Failed to write", DiskFull),
        (10, "", ChecksumMismatch),
        (11, "", AlreadyTransferring),
        (12, "InfoHash is already registered.", AlreadyTransferring),
        (13, "File already exists", TransferError),
        (19, "Could not resolve host", SourceUnreachable),
        (22, REFUSED.format(401), SourceExpired),
        (22, REFUSED.format(403), SourceExpired),
        (22, REFUSED.format(410), SourceExpired),
        (22, REFUSED.format(429), RateLimited),
        (22, REFUSED.format(500), SourceUnreachable),
        (22, "Invalid header", SourceUnreachable),
        (24, "Authorization failed.", SourceExpired),
        (26, "Bencode parse error", MediaNotFound),
        (32, "Checksum error detected.", ChecksumMismatch),
        (99, "", TransferError),
    ],
)
def test_a_code_becomes_an_error(code: int, message: str, kind: type[BossBotError]) -> None:
    assert type(error_of(code, message)) is kind


@pytest.mark.parametrize("code", [9, 11, 12])
def test_a_full_disk_or_a_torrent_that_runs_already_costs_no_attempt(code: int) -> None:
    error = error_of(code, "")
    assert error.transient
    assert not error.costs_attempt


@given(st.integers(min_value=0, max_value=40), st.text())
def test_every_code_and_message_gives_a_sentence_that_does_not_repeat_the_message(code: int, message: str) -> None:
    sentence = str(error_of(code, f"secret-token {message}"))
    assert sentence.endswith(".")
    assert "secret-token" not in sentence
