"""Makes media files of fetched parts; nothing is encoded again but the picture of a clip that needs it."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.ffmpeg_run import Ffmpeg, Report, silent
from core.media_input import plain
from download_module import cutter
from download_module.cutter import Stretch
from download_module.media_tags import tags_text
from download_module.muxer import Muxer
from download_module.names import clean_name
from download_module.plan import Assemble, Cut, Kind, Output


class Assembler:
    """Puts the parts of an output into one directory, under the names that people will see."""

    def __init__(self, *, inherit: tuple[int, ...] = ()) -> None:
        self._ffmpeg = Ffmpeg(inherit=inherit)

    async def assemble(
        self,
        output: Output,
        parts: Sequence[Sequence[Path]],
        directory: Path,
        *,
        title: str | None = None,
        report: Report = silent,
    ) -> list[Path]:
        """The files of an output, in `directory`.

        Args:
            output: what is made.
            parts: the files that each part became, in the order of `output.parts`.
            directory: an existing directory of ours; what is only passing is kept beside it.
            title: written into what is made.
            report: told what is being done ("merging", "cutting") and how many percent of it are.

        Raises:
            ChecksumMismatch: the parts are not the media that they should be.
            MediaNotFound: the media ends before what was to be cut out of it.
            DiskFull: there is no room.
        """
        if not is_made(output):
            if output.parts[0].is_torrent:
                return [_take(file, directory, file.name) for file in parts[0]]
            return [_take(parts[0][0], directory, output.filename)]
        files = [each[0] for each in parts]
        target = _free_path(directory, output.filename)
        with _workshop(directory.parent / "making") as work:
            muxer = Muxer(ffmpeg=self._ffmpeg, work=work, report=report, sound_only=output.kind is Kind.AUDIO)
            tags = _write_tags(output, title, muxer.work)
            if output.cut is not None:
                made = await _cut(muxer, output, output.cut, files, tags, target.name)
                return [made.rename(_free_path(directory, made.name))]
            if output.assemble is Assemble.HLS:
                await muxer.join(output.tracks, files, target, tags)
            else:
                await muxer.merge([plain(file) for file in files], target, tags=tags)
        return [target]


@contextmanager
def _workshop(path: Path) -> Iterator[Path]:
    """An empty directory for a while; one that a killed runner left would take the room of a whole video."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def is_made(output: Output) -> bool:
    """Whether ffmpeg makes an output; else a part is the file."""
    return output.assemble is not Assemble.NONE or (
        output.cut is not None and output.kind in (Kind.VIDEO, Kind.AUDIO) and not output.parts[0].is_torrent
    )


async def _cut(muxer: Muxer, output: Output, asked: Cut, files: Sequence[Path], tags: Path | None, name: str) -> Path:
    if output.assemble is Assemble.HLS:
        whole = muxer.work / f"whole{Path(name).suffix}"
        await muxer.join(output.tracks, files, whole, None)
        sources = await muxer.align([plain(whole)], [0.0])
        # A segment begins with a picture, and its place in the stream is that of the picture: sound may come before.
        facts = sources[0].facts
        zero = output.tracks[0].start - (facts.video_start_seconds - facts.start_seconds)
    else:
        sources = await muxer.align([plain(file) for file in files], [0.0] * len(files))
        zero = 0.0
    stretch = Stretch(start=max(0.0, asked.start - zero), end=asked.end - zero if asked.end is not None else None)
    return await cutter.cut(muxer, sources, stretch, muxer.work / name, tags)


def _write_tags(output: Output, title: str | None, work: Path) -> Path | None:
    if not title and not output.chapters:
        return None
    kept = output.cut or Cut(start=0.0, end=None)
    file = work / "tags.txt"
    file.write_text(tags_text(title, output.chapters, start=kept.start, end=kept.end), encoding="utf-8")
    return file


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
