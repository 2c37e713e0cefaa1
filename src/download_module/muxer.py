"""Puts streams together without encoding anything again: video beside sound, stretches after one another."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import ChecksumMismatch, MediaNotFound, TooLarge
from core.ffmpeg_run import Ffmpeg, Report
from core.media_input import MediaInput, concatenation, plain, playlist
from core.media_probe import MediaFacts, probe_input
from download_module.local_playlist import runs_of, whole_file, write_playlist
from download_module.media_tags import tag_arguments
from download_module.plan import Segment, Track

SAME_CLOCK = 10.0  # seconds; tracks whose first timestamps are further apart than expected have clocks of their own
MAX_RUNS = 1000  # each takes a process
ACTIVITY = "merging"
SILENT = "This video has no sound. Ask for it without `audio`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An input among others."""

    media: MediaInput
    facts: MediaFacts
    offset: float  # seconds after the first of all inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Muxer:
    """Makes one file of many, in a directory of its own."""

    ffmpeg: Ffmpeg
    work: Path
    report: Report
    sound_only: bool = False  # leave out the picture

    async def join(self, tracks: Sequence[Track], files: Sequence[Path], target: Path, tags: Path | None) -> None:
        """One file of all tracks.

        Raises:
            ChecksumMismatch: the parts are not the media that they should be.
            TooLarge: they are interrupted more often than is worth the work.
            DiskFull: there is no room.
        """
        periods = [runs_of(track) for track in tracks]
        if sum(len(runs) for runs in periods) > MAX_RUNS:
            raise TooLarge("This stream is interrupted too often to be put together.")
        if len(tracks) > 1 and len({len(runs) for runs in periods}) > 1:
            await self._join_apart(tracks, files, target, tags)
            return
        starts = [track.start for track in tracks]
        ends = target if len(periods[0]) == 1 else None
        made = []
        for number, period in enumerate(zip(*periods, strict=True)):
            inputs = [await self._input(run, files, f"{target.stem}-{number}-{i}") for i, run in enumerate(period)]
            made.append(ends or self.work / f"{target.stem}-{number}{target.suffix}")
            seconds = sum(segment.seconds for segment in period[0])
            await self.merge(inputs, made[-1], tags=tags if ends else None, starts=starts, seconds=seconds)
            starts = [0.0] * len(tracks)
        if not ends:
            await self._concatenate(made, target, tags, tracks[0])

    async def merge(
        self,
        inputs: Sequence[MediaInput],
        target: Path,
        *,
        tags: Path | None = None,
        starts: Sequence[float] | None = None,
        seconds: float | None = None,
    ) -> None:
        """One file of one input, or of video and sound.

        Args:
            inputs: what is put together.
            target: the file.
            tags: see `media_tags`.
            starts: where each input should begin, in seconds of a common clock.
            seconds: how long the result will be.

        Raises:
            ChecksumMismatch: an input is not the media that it should be.
            MediaNotFound: only the sound is wanted, and there is none.
            DiskFull: there is no room.
        """
        if len(inputs) == 1:  # whatever ffmpeg finds best in it
            if self.sound_only:
                await self.align(inputs, [0.0])
            arguments = [*inputs[0].arguments]
            choice = ["-sn", "-dn", *(["-vn"] if self.sound_only else [])]
        else:
            sources = await self.align(inputs, starts or [0.0] * len(inputs))
            arguments = [word for source in sources for word in _delayed(source)]
            choice = self.selection(sources)
            seconds = seconds or sources[0].facts.duration_seconds
        more, tagged = tag_arguments(tags, len(inputs)) if tags else ((), ())
        await self.ffmpeg.run(
            [*arguments, *more, *choice, *tagged, "-c", "copy", *output_arguments(target)],
            activity=ACTIVITY,
            reads=[path for media in inputs for path in media.reads],
            writes=(self.work, target.parent),
            seconds=seconds,
            report=self.report,
            cwd=self.work,
        )

    async def align(self, inputs: Sequence[MediaInput], starts: Sequence[float]) -> list[Source]:
        """What the inputs hold, and when each begins after the first.

        Timestamps say it to the sample when all inputs count from the same moment, as playlists of one stream must
        (RFC 8216, 6.2.4), and as files of one video do; a playlist and a file may not. Then `starts` says it.

        Raises:
            ChecksumMismatch: an input is no media.
            MediaNotFound: only the sound is wanted, and there is none.
        """
        facts = await asyncio.gather(*(probe_input(media, cwd=self.work) for media in inputs))
        if self.sound_only and not any(found is None or found.has_audio for found in facts):
            raise MediaNotFound(SILENT)
        offsets = []
        for media, found, start in zip(inputs, facts, starts, strict=True):
            if found is None or facts[0] is None:
                raise ChecksumMismatch("What arrived is not the media that it should be.")
            measured, said = found.start_seconds - facts[0].start_seconds, start - starts[0]
            same_clock = media.options == inputs[0].options and abs(measured - said) < SAME_CLOCK
            offsets.append(measured if same_clock else said)
        return [
            Source(media=media, facts=found, offset=offset - min(offsets))
            for media, found, offset in zip(inputs, facts, offsets, strict=True)
            if found is not None
        ]

    def selection(self, sources: Sequence[Source]) -> list[str]:
        """Which streams are taken: the first picture and the last sound, for a video may bring a lesser one along."""
        pictures = [number for number, source in enumerate(sources) if source.facts.has_video and not self.sound_only]
        sounds = [number for number, source in enumerate(sources) if source.facts.has_audio]
        video = ["-map", f"{pictures[0]}:V:0"] if pictures else []
        return [*video, *(["-map", f"{sounds[-1]}:a:0"] if sounds else [])]

    async def _join_apart(
        self, tracks: Sequence[Track], files: Sequence[Path], target: Path, tags: Path | None
    ) -> None:
        """Tracks that are interrupted at different places: each becomes a file first."""
        made = [self.work / f"{target.stem}-track-{number}{target.suffix}" for number in range(len(tracks))]
        for track, file in zip(tracks, made, strict=True):
            await self.join([track], files, file, None)
        await self.merge([plain(file) for file in made], target, tags=tags, starts=[track.start for track in tracks])

    async def _input(self, run: Sequence[Segment], files: Sequence[Path], name: str) -> MediaInput:
        whole = whole_file(run, files)
        if whole is not None:
            return plain(whole)
        await asyncio.to_thread(write_playlist, run, files, self.work / f"{name}.m3u8")
        return playlist(f"{name}.m3u8", await self.ffmpeg.hls_options(), files)

    async def _concatenate(self, files: Sequence[Path], target: Path, tags: Path | None, track: Track) -> None:
        listed = self.work / f"{target.stem}.ffconcat"
        listed.write_text("".join(["ffconcat version 1.0\n", *(f"file {file.name}\n" for file in files)]))
        await self.merge(
            [concatenation(listed.name)],
            target,
            tags=tags,
            seconds=sum(segment.seconds for segment in track.segments),
        )


def output_arguments(target: Path) -> list[str]:
    """The output itself: one that can be played while it arrives."""
    return [*(["-movflags", "+faststart"] if target.suffix in (".mp4", ".m4a", ".m4v", ".mov") else []), str(target)]


def _delayed(source: Source) -> list[str]:
    return [*(["-itsoffset", f"{source.offset:.6f}"] if source.offset else []), *source.media.arguments]
