"""Each kind of failure on a card: one sentence, who can do something about it, and the buttons that do it."""

from pathlib import Path

from cogs.texts import plain
from core.errors import (
    AgeRestricted,
    BossBotError,
    DestinationForbidden,
    DiskFull,
    DrmProtected,
    FileTooLarge,
    GeoRestricted,
    LiveNotSupported,
    LoginRequired,
    PrivateMedia,
    QuotaExceeded,
    RateLimited,
    RemovedMedia,
    SiteBlocks,
    SourceUnreachable,
    TooLarge,
    UnsupportedUrl,
)
from core.models import Settlement, Status
from tests.cogs.scene import opened
from tests.support.processes import Programs

FAILURES: dict[type[BossBotError], tuple[str, ...]] = {
    PrivateMedia: ("help",),
    RemovedMedia: (),
    LoginRequired: ("help",),
    GeoRestricted: ("help",),
    AgeRestricted: ("help",),
    LiveNotSupported: ("retry",),
    DrmProtected: (),
    TooLarge: ("lower", "audio", "help"),
    FileTooLarge: ("lower", "audio", "help"),
    SiteBlocks: ("retry", "help"),
    RateLimited: ("retry",),
    SourceUnreachable: ("retry", "help"),
    DiskFull: ("retry", "help"),
    QuotaExceeded: ("help",),
    UnsupportedUrl: (),
    DestinationForbidden: ("retry", "help"),
}


async def test_every_kind_of_failure_has_its_sentence_and_its_buttons(sqlite_file: Path, programs: Programs) -> None:
    async with opened(sqlite_file, programs) as scene:
        cards = {}
        for kind in FAILURES:
            cards[kind] = await scene.with_card(f"https://media.example/{kind.__name__}.mp4")
            runner, claim = await scene.claimed()
            told = {"error": kind.sentence, "error_kind": kind.__name__, "failed_stage": "download"}
            await runner.settle(claim, Settlement(Status.FAILED, told))
        await scene.start_bot()
        await scene.channel.wait_until(lambda _: all("❌" in card.text for card in cards.values()), 30)
        for number, (kind, actions) in enumerate(FAILURES.items(), 1):
            card = cards[kind]
            title, error, who, tail = card.text.splitlines()
            assert title == f"❌ **{kind.__name__}.mp4**"
            assert error == plain(kind.sentence, 500)
            assert who.startswith("-# ")
            assert tail.endswith(f"#{number}")
            ids = [one["custom_id"] for one in card.interactive_components]
            assert ids == [f"bb:{action}:{number}" for action in (*actions, "info")], kind
        assert scene.said() == list(cards.values())
