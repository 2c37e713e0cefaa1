"""What `to=s3://bucket/prefix` names, and how the files of a download are called there."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import UploadError
from core.models import MediaFile
from upload_module.display_names import display_name

SCHEME = "s3://"


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Address:
    """A bucket, and what the keys in it begin with: empty, or with a slash at its end."""

    bucket: str
    prefix: str

    def uri(self, key: str = "") -> str:
        """How a key, or what all keys begin with, is written down."""
        return f"{SCHEME}{self.bucket}/{key or self.prefix}"

    def keys(self, file: MediaFile) -> Iterator[str]:
        """The key of a file, `7/0-clip.mp4`, then others for when something else has it, `7/0-clip (2).mp4` ..."""
        name = Path(display_name(Path(file.path).name))
        plain = f"{self.prefix}{file.download_id}/{file.position}-"
        yield f"{plain}{name}"
        for number in count(2):
            yield f"{plain}{name.stem} ({number}){name.suffix}"


def is_s3(to: object) -> bool:
    """Whether the option `to` of a download means a bucket."""
    return isinstance(to, str) and to.lower().startswith(SCHEME)


def parse_s3(to: object) -> S3Address:
    """Read the option `to`.

    Raises:
        UploadError: it names no bucket; the sentence says how one is named.
    """
    text = to if isinstance(to, str) else ""
    try:
        parts = urlsplit(text)
        plain = parts.scheme == "s3" and not parts.query and not parts.fragment and parts.netloc == parts.hostname
    except ValueError:
        plain = False
    pieces = [piece for piece in parts.path.split("/") if piece] if plain else []
    if not plain or not text.isprintable() or {".", ".."} & set(pieces):
        raise UploadError("The option `to` must be s3://BUCKET or s3://BUCKET/FOLDER.")
    return S3Address(bucket=parts.netloc, prefix="".join(f"{piece}/" for piece in pieces))
