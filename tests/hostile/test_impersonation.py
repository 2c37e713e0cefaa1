"""A site that serves browsers alone, told by their handshake, is read with a browser's handshake."""

from pathlib import Path

from download_module.extractors.warm_children import ChildLimits
from download_module.extractors.ytdlp_extractor import YtdlpExtractor
from download_module.sites import Site, Sites
from tests.download_module.given import LOOPBACK, MIB
from tests.support.choosy_server import ChoosyServer
from tests.support.media_server import MediaServer
from tests.support.sample_media import page


async def test_a_page_that_refuses_other_handshakes_is_read_with_that_of_a_browser(tmp_path: Path) -> None:
    async with MediaServer() as media:
        video = media.add("/video.mp4", 1000, content_type="video/mp4")
        html = page("For browsers", f"<video controls><source src='{video}' type='video/mp4'></video>")
        async with ChoosyServer(tmp_path, lambda: html) as site:
            limits = ChildLimits(timeout=60, memory_bytes=768 * MIB, resident_bytes=768 * MIB)
            rules = Site(options={"ytdlp": {"nocheckcertificate": True}})
            extractor = YtdlpExtractor(LOOPBACK, limits, sites=Sites({}, rules))
            try:
                plan = await extractor.extract(site.url)
            finally:
                await extractor.close()
            assert site.shaken[0] is False, "yt-dlp comes as itself first"
            assert site.shaken[-1] is True
    (output,) = plan.outputs
    assert output.parts[0].uris == (video,)
    assert "browsers" in output.filename.lower()
