"""Whose limit a download hits, and what its error says."""

from dataclasses import replace

import pytest

from core.errors import OverQuota, QuotaExceeded, TooLarge
from core.quotas import Left
from download_module.size_limit import limited, within_quota
from tests.cogs.rows import a_download

LEFT = Left(bytes=50, error=OverQuota("Ask again after 14:20 UTC."))


@pytest.mark.parametrize(
    ("left", "own", "error"),
    [(LEFT, None, QuotaExceeded), (LEFT, 80, QuotaExceeded), (LEFT, 40, TooLarge), (None, 40, TooLarge)],
)
def test_the_tightest_limit_is_named(left: Left | None, own: int | None, error: type[Exception]) -> None:
    def transfer() -> None:
        claim = a_download(size_limit_bytes=own)
        with within_quota(claim, left, 100) as allowed, limited(allowed, 100) as most:
            assert most == min(own or 100, left.bytes if left else 100)
            raise TooLarge

    with pytest.raises(error) as refused:
        transfer()
    assert (error is QuotaExceeded) is (str(LEFT.error) in str(refused.value))


@pytest.mark.parametrize(("left", "expected"), [(50, 70), (-5, 20)])
def test_what_is_on_disk_was_counted_before(left: int, expected: int) -> None:
    with within_quota(a_download(), replace(LEFT, bytes=left), 100, here=20) as allowed:
        assert allowed.size_limit_bytes == expected
