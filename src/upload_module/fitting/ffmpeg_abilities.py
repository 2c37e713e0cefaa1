"""What the installed ffmpeg was built with."""

import asyncio

from core.children import end_child, start_child, was_killed
from core.errors import ProgramEnded


class FfmpegAbilities:
    """Asked once for each kind."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    async def encoder(self, name: str) -> bool:
        """Whether it has an encoder."""
        return name in await self._names("-encoders")

    async def filter(self, name: str) -> bool:
        """Whether it has a filter."""
        return name in await self._names("-filters")

    async def _names(self, question: str) -> frozenset[str]:
        if question not in self._known:
            child = await start_child(["ffmpeg", "-hide_banner", question], stderr=asyncio.subprocess.DEVNULL)
            try:
                said = (await child.communicate())[0].decode(errors="replace")
            finally:
                await asyncio.shield(end_child(child))
            if was_killed(child.returncode):  # else what it did not come to say would be missing for ever
                raise ProgramEnded
            lines = (line.split() for line in said.splitlines())
            self._known[question] = frozenset(words[1] for words in lines if len(words) > 2)
        return self._known[question]
