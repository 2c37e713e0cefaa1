"""The sound alone of files that have a picture too, for those who asked for nothing else."""

from dataclasses import replace
from pathlib import PurePosixPath

from download_module.plan import Assemble, DownloadPlan, Kind, Output

# What holds the sound of such a file as it is, whichever of its usual codecs it has.
ENDINGS = {".mp4": ".m4a", ".m4v": ".m4a", ".mov": ".m4a", ".webm": ".ogg", ".ogv": ".ogg"}
OTHERWISE = ".mka"


def sound_only(plan: DownloadPlan) -> DownloadPlan:
    """The plan with the sound of each video in place of the video; torrents stay as they are."""
    return replace(plan, outputs=tuple(_sound_of(output) for output in plan.outputs))


def _sound_of(output: Output) -> Output:
    if output.kind is not Kind.VIDEO or output.assemble is Assemble.HLS or output.live is not None:
        return output
    if output.parts[-1].is_torrent:
        return output
    name = PurePosixPath(output.filename)
    return replace(
        output,
        filename=name.stem + ENDINGS.get(name.suffix.lower(), OTHERWISE),
        kind=Kind.AUDIO,
        parts=output.parts[-1:],  # of a picture and a sound that come apart, the sound is the last
        assemble=Assemble.MERGE,
    )
