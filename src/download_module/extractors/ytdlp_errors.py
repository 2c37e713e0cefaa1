"""What yt-dlp and the sites say when there is nothing to be had, and which of our errors that is."""

import re
from dataclasses import dataclass

from pydantic import BaseModel

from core.errors import (
    AgeRestricted,
    BossBotError,
    DrmProtected,
    ExtractionError,
    GeoRestricted,
    LiveNotSupported,
    LoginRequired,
    MediaNotFound,
    PrivateMedia,
    RateLimited,
    RemovedMedia,
    SiteBlocks,
    UnsupportedUrl,
)
from download_module.extractors.direct_extractor import error_of_status


class Refusal(BaseModel):
    """Why a child found nothing."""

    message: str  # yt-dlp's own, for the log and the table below
    status: int | None = None  # of the HTTP answer that ended it
    retry_after: str | None = None  # the header of that answer
    unfetchable: bool = False  # there is something, of a kind that nothing here fetches
    unsupported: bool = False  # yt-dlp's class for a page without media
    region: bool = False  # yt-dlp's class for a country
    fault: bool = False  # of yt-dlp, not of the site: the other way to run it may succeed


@dataclass(frozen=True, slots=True)
class Said:
    """A row of the table.

    `example` is a message that stands in yt-dlp's own source; the test looks for it there.
    """

    pattern: str
    error: type[BossBotError]
    example: str
    sentence: str | None = None


AGE = "This media is only for adults and the site wants a login for it. Without one it can't be fetched."
BOT = "The site takes this bot for a robot and wants a login. Try again later, or another link."
MEMBERS = "This media is for members of its channel or subscribers only."
PRIVATE = "This media is private."
PASSWORD = "This media is protected by a password."  # noqa: S105 - a sentence
NOT_YET = "This live stream has not begun. Try again when it is over."
OFFLINE = "This channel is not live now. Send the link of a video."
PROCESSING = "The site has not finished this video yet. The download is tried again."
REMOVED = "This media was removed or does not exist any more."
LIVE = "This kind of live stream can't be recorded. Try again when it has ended."
FORMS = "This media comes only in a form that this bot can't fetch. Try another link to it."
MANIFEST = "The description of this stream is of a kind that can't be read yet. Try another link."

# The first that matches wins.
TABLE: tuple[Said, ...] = (
    Said(r"\bDRM\b", DrmProtected, "This video is DRM protected"),
    Said(
        r"rate.?limit|too many requests|throttl|HTTP Error 429|\bIP (address )?is"
        r"|request (is|has been) (blocked|rejected)",
        RateLimited,
        "has been rate-limited by YouTube",
    ),
    Said(r"not a bot|unusual traffic|captcha", SiteBlocks, "YouTube is requiring a captcha challenge", BOT),
    Said(
        r"confirm your age|\bNSFW\b|age.?(restrict|gate|verif|limit)|inappropriate for some users|sensitive content"
        r"|18 (years|and over)|adults? only",
        AgeRestricted,
        "confirm your age",
        AGE,
    ),
    Said(
        r"(not (currently |made this video )?(available|accessible)|unavailable|blocked)[^.]{0,40}"
        r" (in|from|to) (your|this) (current )?(country|location|region|area)"
        r"|geo.?(restrict|block|lock)|available (only )?(in|from) [A-Z]\w+( only)?$|blocked by decision of",
        GeoRestricted,
        "This video is not available from your location due to geo restriction",
    ),
    Said(r"still be (uploading|processing)|is processing", ExtractionError, "This video is processing", PROCESSING),
    Said(
        r"live event (will begin|has not)|premieres? in|has not (yet )?(begun|started)|not (yet )?(started|begun)"
        r"|not yet available|scheduled (to start|for|at)|will (start|begin|be available)",
        LiveNotSupported,
        "Live event has not yet started",
        NOT_YET,
    ),
    Said(r"offline|not (currently )?live\b|not broadcasting", LiveNotSupported, "is not currently live", OFFLINE),
    Said(
        r"members?.only|subscri(ber|ption|be )|not subscribed|supporter|premium|patrons?|purchas|rental"
        r"|\bpaid\b|tickets?\b",
        LoginRequired,
        "members-only",
        MEMBERS,
    ),
    Said(r"password", LoginRequired, "This video is protected by a password", PASSWORD),
    Said(r"private", PrivateMedia, "This video is private", PRIVATE),
    Said(
        r"log(ged)?[ -]?in\b|sign(ed)? in|authenticat|authoriz|registered users|\(login\)|account (is )?required"
        r"|not have access|TV provider|required cookies|forbidden",
        LoginRequired,
        "This video is only available for registered users",
    ),
    Said(
        r"removed|deleted|taken down|terminated|suspended|no longer|not exist|expired|has ended|was ended"
        r"|ended (and|but)|(?<!temporarily )unavailable"
        r"|(?<!format is )not (be )?(found|available|archived)|no such|unplayable|truncated",
        RemovedMedia,
        "This video has been removed",
        REMOVED,
    ),
    Said(r"KeyError\('(sourceURL|media)'\)", MediaNotFound, "initialization.attrib['sourceURL']", MANIFEST),
    Said(
        r"no (supported |valid |active |embed |player )?(videos?|media|audio|formats?|playable|downloads?|streams?"
        r"|sources|songs)\b|n[o']t (contain|have)( a| any)? (video|audio)|not a (video|file)|not supported"
        r"|could(n't| not) find"
        r"|no suitable extractor|requested format|unsupported url|unable to extract|invalid url|not a valid url"
        r"|anti-bot challenge",
        UnsupportedUrl,
        "No video formats found",
    ),
)
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_WAIT = re.compile(r"(?:for(?: up to)?|in|after|wait)\s+(an?|\d{1,4})\s+(second|minute|hour|day)s?", re.IGNORECASE)
_BEGINS = re.compile(r"(?:will begin|premieres?) (in [^.;\n]{1,60}|at [^.;\n]{1,60})", re.IGNORECASE)


def error_of(refusal: Refusal) -> BossBotError:
    """The error that a refusal is, with a sentence for the member."""
    if refusal.unsupported:
        return UnsupportedUrl()
    if refusal.region:
        return GeoRestricted()
    if refusal.unfetchable:
        return LiveNotSupported(LIVE) if refusal.message.startswith("live") else MediaNotFound(FORMS)
    words = _own_words(refusal.message)
    for said in TABLE:
        if re.search(said.pattern, words, re.IGNORECASE):
            return _error(said, refusal)
    if refusal.status is not None and refusal.status >= 400:
        return error_of_status(refusal.status, refusal.retry_after)
    if refusal.fault or not words.strip():
        return ExtractionError()
    return ExtractionError(f"The site says: {_plain(words)}")


def is_own_fault(refusal: Refusal) -> bool:
    """Whether yt-dlp failed, and nothing tells that the site is the reason."""
    return refusal.fault and type(error_of(refusal)) is ExtractionError


def _error(said: Said, refusal: Refusal) -> BossBotError:
    if said.error is RateLimited:
        by_status = error_of_status(429, refusal.retry_after)
        return RateLimited(retry_after=by_status.retry_after or _seconds_said(refusal.message))
    begins = _BEGINS.search(refusal.message)
    if said.error is LiveNotSupported and begins:
        return LiveNotSupported(f"This live stream has not begun. It begins {begins[1]}. Try again when it is over.")
    return said.error(said.sentence)


def _own_words(message: str) -> str:
    """Without addresses, names and phrases of HTTP, and with yt-dlp's long hints on cookies in one word."""
    text = re.sub(r"^(ERROR: )?(\[[^\]]{1,60}\] )?([^\s:]{1,100}: )?", "", message)
    text = re.sub(r"please report this issue.*", "", text, flags=re.DOTALL | re.IGNORECASE)
    text = re.sub(r"HTTP Error (?!429)\d{3}(: [A-Za-z' -]*)?|\(caused by <HTTPError[^)]*\)", "", text)
    text = re.sub(r"Use --(cookies|username|netrc).*", "(login)", text, flags=re.DOTALL)
    return re.sub(r"https?://\S+", "", text)


def _plain(words: str) -> str:
    """A stranger's words as a sentence, without what a chat would make links, mentions or styles of."""
    told = re.sub(r"[^\w\s.,;:!?'%-]|_", "", words).strip()[:200]
    return told if told.endswith((".", "!", "?")) else f"{told}."


def _seconds_said(message: str) -> float | None:
    found = _WAIT.search(message)
    if found is None:
        return None
    count = int(found[1]) if found[1].isdigit() else 1
    return float(count * SECONDS[found[2].lower()])
