"""Makes an animated GIF, PNG or WebP fit: as a video, or as a smaller animated WebP where it is see-through."""

from pathlib import Path

from core.errors import CompressionFailed
from upload_module.fitting.fit import Fitter, Report, Step, Way
from upload_module.fitting.picture_process import PictureProcess

AS_WEBP = "as a smaller animated WebP"
READ_AS_VIDEO = ("GIF", "PNG")  # the animated pictures that every ffmpeg of today decodes


class AnimationFitter:
    """Implements `Fitter`; knows no way for still pictures."""

    def __init__(self, process: PictureProcess, *, video: Fitter) -> None:
        """Make it; `video` makes videos of what moves."""
        self._process = process
        self._video = video

    async def ways(self, file: Path, limit_bytes: int) -> list[Way]:
        """See `Fitter`."""
        size = file.stat().st_size
        if size <= limit_bytes:
            return [Way(step=Step.AS_IS, predicted_bytes=size, says="")]
        try:
            look = await self._process.look(file)
        except CompressionFailed:
            return []
        if not look.animated:
            return []
        webp = Way(step=Step.COMPRESS, predicted_bytes=limit_bytes, says=AS_WEBP)
        if look.see_through or look.format not in READ_AS_VIDEO:
            return [webp]
        videos = await self._video.ways(file, limit_bytes)
        return [*(way for way in videos if way.step is Step.COMPRESS), webp]

    async def make(self, file: Path, way: Way, limit_bytes: int, directory: Path, report: Report) -> list[Path]:
        """See `Fitter`."""
        if way.says != AS_WEBP:
            return await self._video.make(file, way, limit_bytes, directory, report)

        def tell(percent: float) -> None:
            report(way.says, percent, None)

        return [await self._process.shrink(file, limit_bytes, directory / "animation", tell)]
