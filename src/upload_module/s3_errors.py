"""The one place where refusals of an S3 store become errors of ours.

Codes: "Error responses" of the Amazon S3 API reference, which the compatible stores follow. An answer to HEAD has no
body, so its status stands for the code.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from core.errors import (
    DestinationForbidden,
    DestinationGone,
    DestinationUnavailable,
    FileTooLarge,
    SendFailed,
    UploadError,
)

LOOK_AGAIN = 600.0  # seconds, for what an admin has to do
UNSAID = 30.0  # seconds to wait when the store asks to wait and does not say how long
FORBIDDEN = {"AccessDenied", "AllAccessDisabled", "AccountProblem"}
UNSAID_WHY = "403"
KEYS = {
    *("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "InvalidClientTokenId"),
    *("UnrecognizedClientException", "AuthFailure", "RequestTimeTooSkewed", "401"),
}
PLACE = {
    *("PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"),
    "301",
}
SLOWER = {"SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests", "429", "503"}
TOO_LARGE = {"EntityTooLarge", "413"}


@contextmanager
def as_ours(bucket: str) -> Iterator[None]:
    """Turn what the client raises about a bucket into an error with a sentence."""
    try:
        yield
    except ClientError as error:
        raise refusal(bucket, error) from error
    except ParamValidationError as error:
        raise UploadError(f"{bucket} can't be the name of a bucket.") from error
    except (BotoCoreError, aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
        raise SendFailed("The S3 store does not answer.") from error


def refusal(bucket: str, error: ClientError) -> UploadError:
    """The error of ours for an answer that is none of success."""
    answer = error.response
    code = answer.get("Error", {}).get("Code", "")
    about = answer.get("ResponseMetadata", {})
    status = about.get("HTTPStatusCode", 0)
    if code == "NoSuchBucket":
        return DestinationGone(f"The bucket {bucket} does not exist. Create it, or choose another one.")
    if code in KEYS:
        return DestinationUnavailable(
            f"The S3 store does not accept the keys of this bot ({code}). The admin has to look after "
            "S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and the clock.",
            retry_after=LOOK_AGAIN,
        )
    if code in PLACE:
        return DestinationUnavailable(
            f"The bucket {bucket} is in another region. The admin has to set S3_REGION or S3_ENDPOINT_URL.",
            retry_after=LOOK_AGAIN,
        )
    if code == UNSAID_WHY:
        return DestinationForbidden(
            f"This bot may not look into the bucket {bucket}: its keys are wrong, or lack s3:GetObject and "
            "s3:ListBucket there."
        )
    if code in FORBIDDEN:
        return DestinationForbidden(
            f"This bot may not write to the bucket {bucket}. Its keys need s3:PutObject, s3:GetObject, s3:ListBucket "
            "and s3:AbortMultipartUpload there."
        )
    if code in SLOWER or status == 429:
        return SendFailed(
            "The S3 store asks to wait before sending more.",
            retry_after=_seconds(about.get("HTTPHeaders", {}).get("retry-after")),
        )
    if code in TOO_LARGE:
        return FileTooLarge("The file is larger than this S3 store takes.")
    if status >= 500 or status in (404, 408, 409) or code in ("BadDigest", "RequestTimeout", "IncompleteBody"):
        return SendFailed(f"The S3 store did not take the file ({code or status}).")
    return UploadError(f"The S3 store refuses the file ({code or status}).")


def _seconds(header: str | None) -> float:
    try:
        return max(float(header), 0.0) if header is not None else UNSAID
    except ValueError:  # it may be a date
        return UNSAID
