"""What happens to each frame before it is encoded."""

from upload_module.fitting.source_facts import Picture

# HDR to SDR with the light of each pixel, in floating point: https://trac.ffmpeg.org/wiki/colorspace, and the
# documentation of the filter tonemap. The source's own tags may be missing, so they are stated.
_TO_LINEAR = "zscale=w={width}:h={height}:tin={transfer}:pin=bt2020:min=bt2020nc:rin=tv:t=linear:npl=100"
_TO_SDR = "format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv"
_ROUGHLY = "eq=contrast=1.15:saturation=1.4"  # without those filters: HDR that is taken for SDR is flat and pale


def frame_filters(picture: Picture, width: int, height: int, *, fps: float | None, tonemaps: bool) -> str:
    """The filter chain, for `-vf`.

    Args:
        picture: the source; ffmpeg turns it upright by itself.
        width: of the result, pixels, even.
        height: of the result.
        fps: frames a second; None: as they come.
        tonemaps: whether ffmpeg has zscale and tonemap.
    """
    chain = ["bwdif=mode=send_frame"] if picture.interlaced else []
    if fps is not None:
        chain.append(f"fps={fps:.6f}")
    if picture.hdr and tonemaps:
        chain += [_TO_LINEAR.format(width=width, height=height, transfer=picture.hdr), _TO_SDR]
    else:
        chain.append(f"scale={width}:{height}:flags=bicubic:out_range=tv")
        if picture.hdr:
            chain.append(_ROUGHLY)
    return ",".join([*chain, "setsar=1", "format=yuv420p"])


def frame_timing(picture: Picture, *, fps: float | None) -> list[str]:
    """The output options that keep each frame where it is in time."""
    fine = picture.varies and fps is None
    return ["-fps_mode:v", "vfr", *(["-enc_time_base:v", "1:90000"] if fine else [])]
