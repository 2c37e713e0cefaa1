"""Makes a still picture fit: as it is, packed better, at the highest quality that fits, with fewer pixels at last.

What telephones record as HEIC is seen by few: it is converted even where it fits.
"""

import asyncio
from pathlib import Path

from core.errors import CompressionFailed
from upload_module.fitting.fit import Report, Step, Way
from upload_module.fitting.picture_process import PictureProcess

SAYS = "as a smaller picture"
FOR_ALL = "as a picture that everybody can see"
UNSEEN = ("HEIF",)  # formats, as Pillow names them, that browsers and Discord's clients don't show
# Major brands of such files, https://github.com/nokiatech/heif/wiki/Brands; AVIF may say "mif1", too.
BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
GROWS = 4  # times the bytes, at most, when it is converted; JPEG takes about twice as many for the same picture


class PictureFitter:
    """Implements `Fitter`."""

    def __init__(self, process: PictureProcess) -> None:
        self._process = process

    async def ways(self, file: Path, limit_bytes: int) -> list[Way]:
        """See `Fitter`. Pictures that fit are sent as they are, unless few could see them."""
        size = file.stat().st_size
        as_it_is = [Way(step=Step.AS_IS, predicted_bytes=size, says="")] if size <= limit_bytes else []
        if as_it_is and not await asyncio.to_thread(_may_be_unseen, file):
            return as_it_is
        try:
            look = await self._process.look(file)
        except CompressionFailed:
            return as_it_is
        if look.animated:
            return []
        if as_it_is:
            converted = Way(step=Step.CONVERT, predicted_bytes=min(limit_bytes, GROWS * size), says=FOR_ALL)
            return [converted, *as_it_is] if look.format in UNSEEN else as_it_is
        pages = f", the first of {look.frames} pages" if look.frames > 1 and look.format == "TIFF" else ""
        return [Way(step=Step.COMPRESS, predicted_bytes=limit_bytes, says=SAYS + pages)]

    async def make(self, file: Path, way: Way, limit_bytes: int, directory: Path, report: Report) -> list[Path]:
        """See `Fitter`."""

        def tell(percent: float) -> None:
            report(way.says, percent, None)

        target = directory / "picture"
        if way.step is Step.CONVERT:
            return [await self._process.convert(file, way.predicted_bytes, target, tell)]
        return [await self._process.fit(file, limit_bytes, target, tell)]


def _may_be_unseen(file: Path) -> bool:
    with file.open("rb") as opened:
        head = opened.read(12)
    return head[4:8] == b"ftyp" and head[8:] in BRANDS
