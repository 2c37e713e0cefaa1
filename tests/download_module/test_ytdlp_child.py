"""The process that runs yt-dlp: its JavaScript runtime works within its limits."""

import asyncio
import json
import sys

from deno import find_deno_bin

from core.children import built_environment, end_child, start_child
from tests.download_module.given import MIB

MEMORY = 768 * MIB
# Runs yt-dlp's own solver on a player of the usual size that has no challenge in it.
SOLVE = """
import json, os, sys
from yt_dlp.extractor.youtube.jsc._director import initialize_jsc_director
from yt_dlp.extractor.youtube.jsc.provider import JsChallengeRequest, JsChallengeType, NChallengeInput
from download_module.extractors.ytdlp_asked import Asked
from download_module.extractors.ytdlp_child import ENVIRONMENT
from download_module.extractors.ytdlp_session_child import Session

os.environ.update(ENVIRONMENT)
with Session(Asked(url="https://www.youtube.com/watch?v=x", deno=sys.argv[1])) as session:
    director = initialize_jsc_director(session._ydl.get_info_extractor("Youtube"))
    solver = director.providers["Deno"]
    body = "".join(f"g.f{i}=function(a){{return a.split('').reverse().join('{i}')}};" for i in range(40_000))
    player = f"var _yt_player={{}};(function(g){{var window=this;{body}}})(_yt_player);"
    asked = JsChallengeRequest(JsChallengeType.N, NChallengeInput(player_url="x", challenges=["abc"]))
    said = solver._run_js_runtime(solver._construct_stdin(player, False, [asked]))
    print(json.dumps({"available": solver.is_available(), "type": json.loads(said)["type"], "player": len(player)}))
"""


async def test_youtubes_challenges_can_be_solved_within_the_limit_on_memory() -> None:
    child = await start_child(
        (sys.executable, "-c", SOLVE, find_deno_bin()),
        env=built_environment(HOME="/nonexistent", PYTHONSAFEPATH="1"),
        data_bytes=MEMORY,
    )
    try:
        out, said = await child.communicate()
    finally:
        await asyncio.shield(end_child(child))
    assert child.returncode == 0, said.decode()
    answer = json.loads(out)
    assert answer["player"] > 2_000_000
    assert (answer["available"], answer["type"]) == (True, "result")
