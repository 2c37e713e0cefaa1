"""What a link says by itself, without network."""

from cogs.language import Language, later
from cogs.texts import plain
from core.errors import UnsupportedUrl
from core.models import UrlType
from download_module.url_detector import Identity, UrlDetector

WAYS = {
    UrlType.TORRENT: later("as a torrent"),
    UrlType.DIRECT: later("as a file"),
    UrlType.YTDLP: later("by yt-dlp"),
    UrlType.GALLERYDL: later("by gallery-dl"),
    UrlType.PLAYWRIGHT: later("by opening the page in a browser"),
    UrlType.UNKNOWN: later("in no known way"),
}


def link_facts(detector: UrlDetector, url: str, *, t: Language) -> tuple[str, Identity]:
    """What is told of a link, and whose media it is.

    Raises:
        UnsupportedUrl: nothing can be fetched from it.
    """
    try:
        found = detector.detect(url)
    except UnsupportedUrl:
        raise UnsupportedUrl from None
    ways = ", ".join(t(WAYS[one]) for one in found.candidates)
    lines = [
        f"🔗 **{plain(found.identity.site, 80)}** · {plain(found.identity.id, 120)}",
        t("It is fetched {ways}: the next where one finds nothing.", ways=ways)
        if len(found.candidates) > 1
        else t("It is fetched {ways}.", ways=ways),
    ]
    if found.url != url:
        lines.append(t("Without what only tracks you: {url}", url=f"`{found.url.replace('`', '')[:500]}`"))
    return "\n".join(lines), found.identity
