"""The places of a video that are looked at before it is encoded, joined by ffmpeg to one short one."""

from core.media_input import plain
from upload_module.fitting.source_facts import SourceFacts

PLACES = 4
SHARE = 0.025  # of the length, of each of them
SECONDS = (0.3, 1.0)  # of each, at least and at most
# Of a video that is decoded as a whole for it. It may have one key frame alone (x264 makes one every 250 frames), from
# which all places would be seen as its first ones, and many a clip begins black.
SHORT = 12.0


def place_inputs(facts: SourceFacts) -> list[str]:
    """The inputs: one for each place, which begins at the key frame before it, so that nothing is decoded in vain."""
    if _is_short(facts):
        return ["-t", f"{SHORT:g}", *plain(facts.path).arguments]
    times = (f"{_apart(facts) * (number + 0.5):.3f}" for number in range(PLACES))
    place = ("-threads", "1", *plain(facts.path).arguments)  # as many decoders, each for a few frames
    return [word for at in times for word in ("-noaccurate_seek", "-ss", at, *place)]


def joined_places(facts: SourceFacts, filters: str) -> str:
    """The graph that makes one picture of the first frames of all of them, through `filters`; its end has no name."""
    picture = facts.picture
    assert picture is not None
    least, most = SECONDS
    seconds = min(most, max(least, SHARE * (facts.seconds or 0.0)))
    timed = f"setpts=N/({picture.fps:.6f}*TB)"
    if _is_short(facts):
        apart = _apart(facts)
        return f"[0:{picture.index}]select='lt(mod(t+{apart / 2:.3f},{apart:.3f}),{seconds:.3f})',{timed},{filters}"
    cut = f"trim=end_frame={max(2, round(seconds * picture.fps))},{timed}"
    places = "".join(f"[{number}:{picture.index}]{cut}[p{number}];" for number in range(PLACES))
    joined = "".join(f"[p{number}]" for number in range(PLACES))
    return f"{places}{joined}concat=n={PLACES},{filters}"


def _is_short(facts: SourceFacts) -> bool:
    return (facts.seconds or 0.0) <= SHORT


def _apart(facts: SourceFacts) -> float:
    return max((facts.seconds or 0.0) / PLACES, SECONDS[0])
