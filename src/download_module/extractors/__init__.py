"""Stage 2: one extractor a kind of URL."""

from core.models import UrlType
from download_module.egress import Egress
from download_module.extractors.base_extractor import Extractor
from download_module.extractors.direct_extractor import DirectExtractor
from download_module.extractors.torrent_extractor import TorrentExtractor
from download_module.extractors.ytdlp_extractor import YtdlpExtractor


def all_extractors(
    egress: Egress, *, timeout: float, memory_bytes: int, inherit: tuple[int, ...] = ()
) -> dict[UrlType, Extractor]:
    """Every extractor, by the kind of URL that stage 1 names.

    Args:
        egress: decides what may be reached.
        timeout: seconds for an extractor that runs in a child.
        memory_bytes: memory for such a child.
        inherit: descriptors that children keep open.
    """
    return {
        UrlType.DIRECT: DirectExtractor(egress),
        UrlType.TORRENT: TorrentExtractor(egress),
        UrlType.YTDLP: YtdlpExtractor(egress, timeout=timeout, memory_bytes=memory_bytes, inherit=inherit),
    }
