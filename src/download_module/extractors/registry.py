"""All extractors, by the kind of URL that they are for."""

from dataclasses import dataclass
from pathlib import Path

from core.models import UrlType
from core.sandbox import Network
from download_module.egress import Egress
from download_module.extractors.base_extractor import Extractor
from download_module.extractors.direct_extractor import DirectExtractor
from download_module.extractors.gallerydl_extractor import GallerydlExtractor
from download_module.extractors.playwright_extractor import PlaywrightExtractor
from download_module.extractors.torrent_extractor import TorrentExtractor
from download_module.extractors.warm_children import ChildLimits, ChildNetwork
from download_module.extractors.ytdlp_extractor import YtdlpExtractor
from download_module.sites import Sites


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """The browser for pages that nothing else can read; `program` None: the first that is found."""

    program: Path | None
    timeout: float  # seconds for a page
    memory_bytes: int


def all_extractors(
    egress: Egress,
    sites: Sites,
    limits: ChildLimits,
    *,
    browser: Browser | None,
    network: ChildNetwork = Network.HOST,
    inherit: tuple[int, ...] = (),
) -> dict[UrlType, Extractor]:
    """Every extractor, by the kind of URL that stage 1 names.

    Args:
        egress: decides what may be reached.
        sites: the admin's rules for single sites.
        limits: of each child process.
        browser: None: no page is opened in one.
        network: of child processes.
        inherit: descriptors that children keep open.
    """
    torrents = TorrentExtractor(egress)
    videos = YtdlpExtractor(egress, limits, sites=sites, network=network, inherit=inherit)
    found: dict[UrlType, Extractor] = {
        UrlType.DIRECT: DirectExtractor(egress, torrents, sites=sites),
        UrlType.TORRENT: torrents,
        UrlType.YTDLP: videos,
        UrlType.GALLERYDL: GallerydlExtractor(egress, sites, videos, limits, network=network, inherit=inherit),
    }
    if browser is not None:
        found[UrlType.PLAYWRIGHT] = PlaywrightExtractor(
            egress,
            videos,
            timeout=browser.timeout,
            memory_bytes=browser.memory_bytes,
            program=browser.program,
            sites=sites,
            network=network,
            inherit=inherit,
        )
    return found
