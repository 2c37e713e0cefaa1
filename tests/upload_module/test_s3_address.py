"""What a bucket and the files in it are called."""

from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from core.errors import UploadError
from tests.upload_module.given import media_file
from upload_module.s3_address import S3Address, is_s3, parse_s3
from upload_module.s3_destination import _harmless


@pytest.mark.parametrize(
    ("to", "bucket", "prefix"),
    [
        ("s3://media", "media", ""),
        ("s3://media/", "media", ""),
        ("s3://media/clips//2026/", "media", "clips/2026/"),
        ("S3://media.site.test/ü x", "media.site.test", "ü x/"),
    ],
)
def test_an_address_is_a_bucket_and_a_folder(to: str, bucket: str, prefix: str) -> None:
    assert is_s3(to)
    assert parse_s3(to) == S3Address(bucket=bucket, prefix=prefix)


@pytest.mark.parametrize(
    "to",
    [
        *("s3://", "s3:///x", "s3://media/../x", "s3://user:word@media/x", "s3://media:80/x", "s3://media/x?y"),
        *("s3://media/x#y", "s3://m\n/x", "s3://media/\u202e", "s3://Media/x", "s3://[/", "/media", "", 7, None),
    ],
)
def test_anything_else_is_refused_with_an_example(to: Any) -> None:
    with pytest.raises(UploadError, match="must be s3://BUCKET"):
        parse_s3(to)


@pytest.mark.parametrize("to", ["/folder", "", None, 7, "https://media/x", "xs3://media"])
def test_other_destinations_are_no_bucket(to: Any) -> None:
    assert not is_s3(to)


def test_keys_follow_from_the_download_and_the_place_of_the_file() -> None:
    address = S3Address(bucket="media", prefix="clips/")
    file = replace(media_file(3, 10), path="/downloads/7/a<b>..mp4")
    assert list(islice(address.keys(file), 3)) == [
        "clips/7/3-a_b_.mp4",
        "clips/7/3-a_b_ (2).mp4",
        "clips/7/3-a_b_ (3).mp4",
    ]
    assert address.uri() == "s3://media/clips/"
    assert address.uri("clips/7/3-x") == "s3://media/clips/7/3-x"


@pytest.mark.parametrize(
    ("mime_type", "served"),
    [
        ("video/mp4", "video/mp4"),
        ("image/webp", "image/webp"),
        ("audio/ogg", "audio/ogg"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/html", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
def test_only_what_runs_no_scripts_keeps_its_type(mime_type: str | None, served: str) -> None:
    assert _harmless(mime_type) == served
