"""Which ways there are to make a video fit. Pure: what a file holds in, ways out."""

import math
from collections.abc import Sequence

from upload_module.fitting.fit import FitRules, Step, Way
from upload_module.fitting.source_facts import SourceFacts
from upload_module.fitting.source_packets import SourcePackets
from upload_module.fitting.splitter import FILE_BYTES, PACKET_BYTES, cuts
from upload_module.fitting.video_encoder import AIM
from upload_module.fitting.video_passes import KEYS
from upload_module.fitting.video_rates import VideoGoal, comfortable_bps, video_goal

ROOMY = 0.99  # of the limit, for what is copied: containers differ by that much
SOUND_BPS = 128_000  # of sound that is encoded beside a copied picture, where there is room
POOR_SOUND_BPS = 64_000  # with less of it the picture is encoded too
SOUND_OVER = 1.05  # times what was asked for, that an encoder of sound takes at most
ONE_MESSAGE = 10  # parts; more are copied only where nothing else is possible
SPLIT_FILL = 0.97  # of each part


def ways_of_fitting(facts: SourceFacts, limit_bytes: int, rules: FitRules, *, av1: bool) -> list[Way]:
    """For a file that is small enough: what plays inline first."""
    if facts.plays_inline:
        return [Way(step=Step.AS_IS, predicted_bytes=facts.bytes, says="as it is")]
    as_is = Way(step=Step.AS_IS, predicted_bytes=facts.bytes, says="as it is; Discord does not play it inline")
    if facts.homes and facts.bytes <= limit_bytes * ROOMY:
        home = (facts.home or facts.homes[0]).removeprefix(".")
        says = f"as {home}, plays inline" if facts.home else f"as {home} with its sound encoded, plays inline"
        return [Way(step=Step.REMUX, predicted_bytes=facts.bytes, says=says), as_is]
    goal = video_goal(facts, facts.seconds, limit_bytes * AIM, rules) if facts.seconds else None
    return [as_is, *([_compress(goal, limit_bytes, av1=av1)] if goal else [])]


def ways_of_large(
    facts: SourceFacts, packets: SourcePackets, limit_bytes: int, rules: FitRules, *, av1: bool
) -> list[Way]:
    """For a file that is too large: what costs the picture nothing first."""
    seconds = facts.seconds or packets.seconds
    if not seconds:
        return []
    goal = video_goal(facts, seconds, limit_bytes * AIM, rules)
    return [
        *_strip(facts, packets, limit_bytes),
        *([_compress(goal, limit_bytes, av1=av1)] if goal else []),
        *_split(facts, packets, seconds, limit_bytes, rules),
    ]


def sound_beside(facts: SourceFacts, packets: SourcePackets, limit_bytes: int) -> int | None:
    """Bits a second that are left for the sound beside the copied picture; None: too few."""
    assert facts.picture is not None
    left = limit_bytes * ROOMY - _size(packets, [facts.picture.index])
    bps = min(SOUND_BPS, int(left * 8 / packets.seconds / SOUND_OVER))
    return bps if bps >= POOR_SOUND_BPS else None


def split_fill(seconds: float, parts: int) -> float:
    """The share of the parts that is filled: each ends at a key frame. All of it where there is one part."""
    return SPLIT_FILL - 1.5 * KEYS * parts / seconds if parts > 1 else 1.0


def _compress(goal: VideoGoal, limit_bytes: int, *, av1: bool) -> Way:
    return Way(
        step=Step.COMPRESS,
        predicted_bytes=int(limit_bytes * AIM),
        says=f"about {goal.says}{', AV1' if av1 else ''}",
        quality=goal.quality,
    )


def _strip(facts: SourceFacts, packets: SourcePackets, limit_bytes: int) -> Sequence[Way]:
    if not facts.homes:
        return ()
    assert facts.picture is not None
    kept = _size(packets, [stream.index for stream in (facts.picture, facts.sound) if stream])
    if facts.home and kept <= limit_bytes * ROOMY:
        streams = f"{facts.others} further stream{'s' if facts.others > 1 else ''}"
        says = f"without {streams}" if facts.others else "in a leaner container"
        return (Way(step=Step.STRIP, predicted_bytes=kept, says=says),)
    bps = sound_beside(facts, packets, limit_bytes) if facts.sound else None
    if bps is None:
        return ()
    size = _size(packets, [facts.picture.index]) + int(bps * packets.seconds / 8 * SOUND_OVER)
    return (Way(step=Step.STRIP, predicted_bytes=size, says=f"sound at {bps // 1000} kbit/s", quality=0.95),)


def _split(
    facts: SourceFacts, packets: SourcePackets, seconds: float, limit_bytes: int, rules: FitRules
) -> Sequence[Way]:
    places = cuts(packets, limit_bytes) if facts.homes else None
    copied = len(places) + 1 if places is not None else None
    ways = []
    if copied:
        says = _parts(copied, seconds)
        ways.append(Way(step=Step.SPLIT, predicted_bytes=limit_bytes, parts=copied, says=says))
    if copied is None or copied > ONE_MESSAGE:
        encoded = _encoded_split(facts, seconds, limit_bytes, rules)
        if encoded and (copied is None or encoded.parts < copied):
            ways.insert(0, encoded)
    return ways


def _encoded_split(facts: SourceFacts, seconds: float, limit_bytes: int, rules: FitRules) -> Way | None:
    """Into the fewest parts in which it looks good."""
    assert facts.picture is not None
    parts = math.ceil(comfortable_bps(facts.picture) * seconds / 8 / (limit_bytes * SPLIT_FILL))
    if parts == 1:  # it looks good in one
        return None
    fill = split_fill(seconds, parts)
    goal = video_goal(facts, seconds, limit_bytes * parts * fill * AIM, rules) if fill > 0 else None
    if goal is None:
        return None
    return Way(
        step=Step.SPLIT,
        predicted_bytes=limit_bytes,
        parts=parts,
        says=f"{_parts(parts, seconds)}, about {goal.says}",
        quality=min(goal.quality, 0.99),  # 1 stands for parts that are copied
    )


def _size(packets: SourcePackets, streams: Sequence[int]) -> int:
    """Bytes of a file that holds these streams."""
    counted = [packets.of_stream[index] for index in streams if index in packets.of_stream]
    return FILE_BYTES + sum(stretch.bytes + PACKET_BYTES * stretch.packets for stretch in counted)


def _parts(parts: int, seconds: float) -> str:
    whole = round(seconds / parts)
    return f"{parts} parts of about {whole // 60}:{whole % 60:02d}"
