"""Makes media files of fetched parts, without encoding anything again."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import ffmpeg
import puremagic
from loguru import logger

from core.children import end_child, start_child
from core.errors import ChecksumMismatch
from download_module.names import clean_name
from download_module.plan import Assemble, Output

TIMEOUT = 1800.0  # seconds
# The demuxer is forced from what the bytes are: left to itself, ffmpeg would obey a playlist that is named .mp4.
DEMUXERS = {
    ".mp4": "mov",
    ".m4a": "mov",
    ".m4v": "mov",
    ".mov": "mov",
    ".3gp": "mov",
    ".webm": "matroska",
    ".mkv": "matroska",
    ".mp3": "mp3",
    ".ogg": "ogg",
    ".opus": "ogg",
    ".flac": "flac",
    ".wav": "wav",
    ".aac": "aac",
    ".ts": "mpegts",
    ".flv": "flv",
}


class Assembler:
    """Puts the parts of an output into one directory, under the names that people will see."""

    def __init__(self, *, inherit: tuple[int, ...] = ()) -> None:
        self._inherit = inherit

    async def assemble(self, output: Output, parts: Sequence[Sequence[Path]], directory: Path) -> list[Path]:
        """The files of an output, in `directory`.

        Args:
            output: what is made.
            parts: the files that each part became, in the order of `output.parts`.
            directory: an existing directory of ours.

        Raises:
            ChecksumMismatch: the parts are not the media that they should be.
        """
        if output.assemble is Assemble.MERGE:
            target = _free_path(directory, output.filename)
            await self._merge([files[0] for files in parts], target)
            return [target]
        if output.parts[0].is_torrent:
            return [_take(file, directory, file.name) for file in parts[0]]
        return [_take(parts[0][0], directory, output.filename)]

    async def _merge(self, parts: Sequence[Path], target: Path) -> None:
        inputs = [ffmpeg.input(str(part), f=_demuxer(part), protocol_whitelist="file") for part in parts]
        faststart = {"movflags": "+faststart"} if target.suffix == ".mp4" else {}
        arguments = ffmpeg.output(*inputs, str(target), c="copy", **faststart).compile(overwrite_output=True)
        child = await start_child(
            [*arguments, "-nostdin", "-loglevel", "error"],
            inherit=self._inherit,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(TIMEOUT):
                _, said = await child.communicate()
        except TimeoutError as error:
            raise ChecksumMismatch("Video and sound could not be put together in time.") from error
        finally:
            await asyncio.shield(end_child(child))
        if child.returncode != 0:
            logger.bind(status=child.returncode).warning("ffmpeg: {}", said.decode(errors="replace")[-2000:])
            raise ChecksumMismatch("Video and sound of this media could not be put together: it arrived damaged.")


def _demuxer(part: Path) -> str:
    try:
        endings = [found.extension for found in puremagic.magic_file(str(part))]
    except (puremagic.PureError, ValueError, OSError):
        endings = []
    for ending in endings:
        if ending in DEMUXERS:
            return DEMUXERS[ending]
    raise ChecksumMismatch("What arrived is not the media that it should be.")


def _take(file: Path, directory: Path, name: str) -> Path:
    target = _free_path(directory, name)
    try:
        target.hardlink_to(file)  # the part stays too: an interruption before the last output must not cost it
    except OSError:  # a file system without links
        file.rename(target)
    return target


def _free_path(directory: Path, name: str) -> Path:
    """A path for a name that a stranger gave, beside files that may have the same one."""
    clean = clean_name(name)
    path = directory / clean
    number = 2
    while path.exists():
        path = directory / f"{Path(clean).stem} ({number}){Path(clean).suffix}"
        number += 1
    return path
