"""Headers and addresses that an extractor gives are a site's words: none becomes a further option of aria2c."""

from pathlib import Path

import pytest

from core.errors import TransferError
from download_module.aria2c_calls import Call, call_for
from download_module.plan import Part
from download_module.transfers import Transfer, gid_of
from tests.download_module.given import nothing

URI = "https://site.test/a.mp4"
BREAKS = ("\n", "\r\n", "\r", "\0", "\x0b", "\x1f", "\x7f", "\t")


def call_of(uris: tuple[str, ...] = (URI,), headers: tuple[tuple[str, str], ...] = ()) -> Call:
    part = Part(uris=uris, headers=headers)
    target = Path("/staging/0.part")
    return call_for(
        Transfer(gid=gid_of(1, 1, 0), part=part, target=target, restart=nothing, drop=nothing, finish=nothing),
        uris,
        connections=1,
    )


@pytest.mark.parametrize("end", BREAKS)
def test_no_line_end_or_other_control_character_reaches_the_download_engine(end: str) -> None:
    hostile = f"x{end}out=../../x"
    for headers in ((("Referer", hostile),), ((hostile, "x"),), (("User-Agent", "x"), ("Cookie", hostile))):
        with pytest.raises(TransferError):
            call_of(headers=headers)
    for uris in ((f"{URI}{end}dir=/", URI), (URI, f"{URI}?{end}")):
        with pytest.raises(TransferError):
            call_of(uris)


def test_ordinary_headers_do() -> None:
    method, parameters = call_of(headers=(("Referer", "https://site.test/\u00e9"),))
    assert method == "aria2.addUri"
    assert parameters[1]["header"] == ["Referer: https://site.test/\u00e9"]
    assert parameters[1]["out"] == "0.part"
