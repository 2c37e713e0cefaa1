"""What the refusals of an S3 store become."""

import pytest
from botocore.exceptions import ClientError

from core.errors import (
    DestinationForbidden,
    DestinationGone,
    DestinationUnavailable,
    FileTooLarge,
    SendFailed,
    UploadError,
)
from upload_module.s3_errors import UNSAID, as_ours


def answered(code: str, status: int, headers: dict[str, str] | None = None) -> ClientError:
    about = {"HTTPStatusCode": status, "HTTPHeaders": headers or {}}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": about}, "PutObject")


@pytest.mark.parametrize(
    ("code", "status", "error", "words"),
    [
        ("NoSuchBucket", 404, DestinationGone, "bucket media does not exist"),
        ("AccessDenied", 403, DestinationForbidden, "may not write to the bucket media"),
        ("403", 403, DestinationForbidden, "keys are wrong, or lack"),
        ("InvalidAccessKeyId", 403, DestinationUnavailable, "does not accept the keys"),
        ("SignatureDoesNotMatch", 403, DestinationUnavailable, "S3_SECRET_ACCESS_KEY"),
        ("RequestTimeTooSkewed", 403, DestinationUnavailable, "clock"),
        ("PermanentRedirect", 301, DestinationUnavailable, "S3_REGION"),
        ("301", 301, DestinationUnavailable, "S3_REGION"),
        ("SlowDown", 503, SendFailed, "asks to wait"),
        ("TooManyRequests", 429, SendFailed, "asks to wait"),
        ("EntityTooLarge", 400, FileTooLarge, "larger than this S3 store takes"),
        ("InternalError", 500, SendFailed, "InternalError"),
        ("BadDigest", 400, SendFailed, "BadDigest"),
        ("NoSuchUpload", 404, SendFailed, "NoSuchUpload"),
        ("", 502, SendFailed, "502"),
        ("InvalidArgument", 400, UploadError, "refuses the file"),
    ],
)
def test_each_refusal_has_its_error_and_its_sentence(
    code: str, status: int, error: type[UploadError], words: str
) -> None:
    with pytest.raises(UploadError, match=words) as refused, as_ours("media"):
        raise answered(code, status)
    assert type(refused.value) is error


@pytest.mark.parametrize(
    ("header", "seconds"), [("12", 12.0), (None, UNSAID), ("Sat, 21 Nov 2026 10:00:00 GMT", UNSAID)]
)
def test_the_wait_is_what_the_store_says(header: str | None, seconds: float) -> None:
    headers = {} if header is None else {"retry-after": header}
    with pytest.raises(SendFailed) as refused, as_ours("media"):
        raise answered("SlowDown", 503, headers)
    assert refused.value.retry_after == seconds
