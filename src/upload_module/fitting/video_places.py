"""The places of a video that are looked at before it is encoded: so many inputs of one ffmpeg."""

from core.media_input import plain
from upload_module.fitting.source_facts import SourceFacts

PLACES = 4
SHARE = 0.025  # of the length, of each of them
SECONDS = (0.3, 1.0)  # of each, at least and at most


def place_inputs(facts: SourceFacts) -> list[str]:
    """The inputs: each begins at the key frame before its place, so that nothing is decoded in vain."""
    apart = (facts.seconds or 0.0) / PLACES
    times = (f"{apart * (number + 0.5):.3f}" for number in range(PLACES))
    place = ("-threads", "1", *plain(facts.path).arguments)  # as many decoders, each for a few frames
    return [word for at in times for word in ("-noaccurate_seek", "-ss", at, *place)]


def joined_places(facts: SourceFacts, filters: str) -> str:
    """The graph that makes one picture of the first frames of all of them, through `filters`; its end has no name."""
    picture = facts.picture
    assert picture is not None
    least, most = SECONDS
    seconds = min(most, max(least, SHARE * (facts.seconds or 0.0)))
    cut = f"trim=end_frame={max(2, round(seconds * picture.fps))},setpts=N/({picture.fps:.6f}*TB)"
    places = "".join(f"[{number}:{picture.index}]{cut}[p{number}];" for number in range(PLACES))
    joined = "".join(f"[p{number}]" for number in range(PLACES))
    return f"{places}{joined}concat=n={PLACES},{filters}"
