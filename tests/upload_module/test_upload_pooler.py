"""Which courier gets a download."""

import json

import pytest

from core.errors import DestinationUnavailable, UploadError
from tests.upload_module.given import ONE, Stage, downloaded


async def test_a_store_is_a_folder_with_an_address(stage: Stage) -> None:
    options = json.dumps({"to": "s3://bucket/prefix"})
    row = await downloaded(stage.database, stage.download_dir, ONE, options=options)
    with pytest.raises(DestinationUnavailable, match="no store"):
        await stage.deliver(row)


async def test_a_download_without_files_says_what_to_do(stage: Stage) -> None:
    row = await downloaded(stage.database, stage.download_dir, {})
    with pytest.raises(UploadError, match="Ask for the link again"):
        await stage.deliver(row)
