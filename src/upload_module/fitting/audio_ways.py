"""Which ways there are to make sound fit. Pure: what a file holds in, ways out."""

import math
from collections.abc import Sequence

from upload_module.fitting.audio_rates import AIM, GOOD_BPS, AudioGoal, audio_goal
from upload_module.fitting.fit import FitRules, Step, Way
from upload_module.fitting.source_facts import SourceFacts
from upload_module.fitting.source_packets import SourcePackets
from upload_module.fitting.splitter import FILE_BYTES, PACKET_BYTES, cuts

INLINE = (".mp3", ".m4a", ".ogg", ".wav", ".flac")  # what Discord shows a player for
HOMES = {"mp3": ".mp3", "aac": ".m4a", "opus": ".ogg", "vorbis": ".ogg", "flac": ".flac"}
LOSSY = ("mp3", "aac", "opus", "vorbis")
ROOMY = 0.99  # of the limit, for what is copied
ONE_MESSAGE = 10  # parts; more are copied only where nothing else is possible
SPLIT_FILL = 0.95  # of each part that is encoded


def ways_of_fitting(facts: SourceFacts, limit_bytes: int) -> list[Way]:
    """For a file that is small enough: what plays inline first."""
    if facts.path.suffix.lower() in INLINE:
        return [Way(step=Step.AS_IS, predicted_bytes=facts.bytes, says="as it is")]
    as_is = Way(step=Step.AS_IS, predicted_bytes=facts.bytes, says="as it is; Discord does not play it inline")
    home = home_of(facts)
    if home and facts.bytes <= limit_bytes * ROOMY:
        says = f"as {home.removeprefix('.')}, plays inline"
        return [Way(step=Step.REMUX, predicted_bytes=facts.bytes, says=says), as_is]
    return [as_is]


def ways_of_large(facts: SourceFacts, packets: SourcePackets, limit_bytes: int, rules: FitRules) -> list[Way]:
    """For a file that is too large: what costs the sound nothing first."""
    seconds = facts.seconds or packets.seconds
    if not seconds:
        return []
    goal = goal_of(facts, seconds, limit_bytes, rules)
    compress = () if goal is None else (_compress(goal, seconds, limit_bytes),)
    return [*_strip(facts, packets, limit_bytes), *compress, *_split(facts, packets, seconds, limit_bytes, rules)]


def home_of(facts: SourceFacts) -> str | None:
    """The ending of a file in which the sound, copied, plays inline; None: there is none."""
    return HOMES.get(facts.sound.codec) if facts.sound else None


def goal_of(facts: SourceFacts, seconds: float, limit_bytes: int, rules: FitRules) -> AudioGoal | None:
    """How the sound is encoded to fit."""
    assert facts.sound is not None
    lossy = facts.sound.codec in LOSSY
    source_bps = (facts.sound.bps or facts.bytes * 8 / seconds) if lossy else None
    return audio_goal(seconds, facts.sound.channels, limit_bytes, rules, source_bps=source_bps)


def _compress(goal: AudioGoal, seconds: float, limit_bytes: int) -> Way:
    size = min(int(limit_bytes * AIM), int(goal.bps * seconds / 8) + FILE_BYTES)
    return Way(step=Step.COMPRESS, predicted_bytes=size, says=goal.says, quality=goal.quality)


def _strip(facts: SourceFacts, packets: SourcePackets, limit_bytes: int) -> Sequence[Way]:
    assert facts.sound is not None
    counted = packets.of_stream[facts.sound.index]
    size = counted.bytes + PACKET_BYTES * counted.packets + FILE_BYTES
    if not facts.others or not home_of(facts) or size > limit_bytes * ROOMY:
        return ()
    return (Way(step=Step.STRIP, predicted_bytes=size, says="without its cover"),)


def _split(
    facts: SourceFacts, packets: SourcePackets, seconds: float, limit_bytes: int, rules: FitRules
) -> Sequence[Way]:
    assert facts.sound is not None
    ways = []
    places = cuts(packets, limit_bytes) if facts.sound.codec in LOSSY else None
    copied = len(places) + 1 if places is not None else None
    if copied:
        says = _parts(copied, seconds)
        ways.append(Way(step=Step.SPLIT, predicted_bytes=limit_bytes, parts=copied, says=says))
    if copied is None or copied > ONE_MESSAGE:
        parts = max(2, math.ceil(GOOD_BPS * seconds / 8 / (limit_bytes * SPLIT_FILL)))
        goal = goal_of(facts, seconds / parts, int(limit_bytes * SPLIT_FILL), rules)
        if goal and (copied is None or parts < copied):
            says, quality = f"{_parts(parts, seconds)}, {goal.says}", min(goal.quality, 0.99)
            ways.insert(0, Way(step=Step.SPLIT, predicted_bytes=limit_bytes, parts=parts, says=says, quality=quality))
    return ways


def _parts(parts: int, seconds: float) -> str:
    whole = round(seconds / parts)
    return f"{parts} parts of about {whole // 60}:{whole % 60:02d}"
