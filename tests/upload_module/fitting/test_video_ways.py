"""Which ways are offered for a video."""

from pathlib import Path

import pytest

from upload_module.fitting.fit import FitRules, Step, Way
from upload_module.fitting.source_facts import Picture, Sound, SourceFacts
from upload_module.fitting.source_packets import BIN, SourcePackets, Stretch
from upload_module.fitting.video_ways import ways_of_fitting, ways_of_large

MIB = 1024**2
LIMIT = 10 * MIB


def video(
    seconds: int, bps: int, *, codec: str = "h264", sound: str = "aac", name: str = "a.mp4", key_every: float = 2
) -> tuple[SourceFacts, SourcePackets]:
    """1080p30 with so many bits a second, of which 128,000 are sound."""
    picture = Picture(
        index=0,
        codec=codec,
        pixels="yuv420p",
        width=1920,
        height=1080,
        fps=30,
        varies=False,
        hdr=None,
        interlaced=False,
    )
    heard = Sound(index=1, codec=sound, channels=2, bps=128_000)
    size = seconds * bps // 8
    facts = SourceFacts(
        path=Path(name), bytes=size, seconds=seconds, start=0.0, picture=picture, sound=heard, streams=2
    )
    packets = SourcePackets(seconds=seconds, keys=[key_every * n for n in range(int(seconds / key_every))])
    packets.of_stream[0] = Stretch(bytes=size - seconds * 16_000, packets=seconds * 30)
    packets.of_stream[1] = Stretch(bytes=seconds * 16_000, packets=seconds * 47)
    for number in range(int(seconds / BIN)):
        packets.bins[number] = Stretch(bytes=int(bps * BIN / 8), packets=8)
    return facts, packets


def offered(facts: SourceFacts, packets: SourcePackets, rules: FitRules | None = None) -> list[Way]:
    return ways_of_large(facts, packets, LIMIT, rules or FitRules(), av1=False)


def steps(ways: list[Way]) -> list[Step]:
    return [way.step for way in ways]


def test_a_minute_is_compressed_or_sent_in_parts() -> None:
    compress, split = offered(*video(60, 8_000_000))
    assert (compress.step, compress.says) == (Step.COMPRESS, "about 720p, 1.2 Mbit/s")
    assert compress.predicted_bytes <= LIMIT
    assert (split.step, split.parts, split.quality) == (Step.SPLIT, 6, 1.0)
    assert split.says == "6 parts of about 0:10"


def test_an_hour_is_encoded_for_fewer_parts_than_a_copy_takes() -> None:
    encoded, copied = offered(*video(3600, 5_000_000))
    assert (encoded.step, copied.step) == (Step.SPLIT, Step.SPLIT)
    assert 10 < encoded.parts < copied.parts
    assert encoded.quality < 1
    assert copied.quality == 1


def test_what_has_no_place_to_cut_is_not_copied_into_parts() -> None:
    assert steps(offered(*video(60, 8_000_000, key_every=60))) == [Step.COMPRESS]


def test_what_does_not_play_inline_is_encoded_before_it_is_split() -> None:
    ways = offered(*video(600, 8_000_000, codec="hevc"))
    assert steps(ways) == [Step.SPLIT]
    assert ways[0].quality < 1


def test_the_container_alone_may_be_what_is_too_much() -> None:
    facts, packets = video(60, 1_300_000)
    packets.of_stream[2] = Stretch(bytes=2 * MIB, packets=10)
    heavy = SourceFacts(
        path=Path("a.mkv"),
        bytes=LIMIT + MIB,
        seconds=60,
        start=0,
        picture=facts.picture,
        sound=facts.sound,
        streams=3,
    )
    first = offered(heavy, packets)[0]
    assert (first.step, first.says) == (Step.STRIP, "without 1 further stream")
    assert first.predicted_bytes == pytest.approx(60 * 1_300_000 / 8, rel=0.02)


@pytest.mark.parametrize(
    ("name", "codec", "sound", "expected"),
    [
        ("a.mp4", "h264", "aac", [Step.AS_IS]),
        ("a.mkv", "h264", "aac", [Step.REMUX, Step.AS_IS]),
        ("a.mkv", "h264", "ac3", [Step.REMUX, Step.AS_IS]),
        ("a.mp4", "hevc", "aac", [Step.AS_IS, Step.COMPRESS]),
    ],
)
def test_what_fits_is_made_to_play_inline(name: str, codec: str, sound: str, expected: list[Step]) -> None:
    facts, _ = video(5, 8_000_000, name=name, codec=codec, sound=sound)
    assert steps(ways_of_fitting(facts, LIMIT, FitRules(), av1=False)) == expected
