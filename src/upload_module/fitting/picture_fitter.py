"""Makes a still picture fit: as it is, packed better, at the highest quality that fits, with fewer pixels at last."""

from pathlib import Path

from core.errors import CompressionFailed
from upload_module.fitting.fit import Report, Step, Way
from upload_module.fitting.picture_process import PictureProcess

SAYS = "as a smaller picture"


class PictureFitter:
    """Implements `Fitter`."""

    def __init__(self, process: PictureProcess) -> None:
        self._process = process

    async def ways(self, file: Path, limit_bytes: int) -> list[Way]:
        """See `Fitter`. Pictures in any format are sent as they are when they fit."""
        size = file.stat().st_size
        if size <= limit_bytes:
            return [Way(step=Step.AS_IS, predicted_bytes=size, says="")]
        try:
            look = await self._process.look(file)
        except CompressionFailed:
            return []
        if look.animated:
            return []
        pages = f", the first of {look.frames} pages" if look.frames > 1 and look.format == "TIFF" else ""
        return [Way(step=Step.COMPRESS, predicted_bytes=limit_bytes, says=SAYS + pages)]

    async def make(self, file: Path, way: Way, limit_bytes: int, directory: Path, report: Report) -> list[Path]:
        """See `Fitter`."""

        def tell(percent: float) -> None:
            report(way.says, percent, None)

        return [await self._process.fit(file, limit_bytes, directory / "picture", tell)]
