"""How often commands may be used, by each member and in each guild. Kept in memory: a restart forgives."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from discord.ext import commands

MINUTE = 60.0  # seconds
GUILD_FACTOR = 12  # a guild may do as much as so many busy members
REMEMBERED = 10_000  # members and guilds; then those that are free anyway are forgotten


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a member may use a command."""

    a_minute: int
    gap: float  # seconds from one use to the next


# The architecture's table.
ASKING = Rate(5, 10.0)  # for a download
LOOKING = Rate(10, 5.0)  # at lists and figures
CLEARING = Rate(2, 30.0)
SETTING = Rate(5, 15.0)
STEERING = Rate(20, 1.0)  # one's downloads, one after the other


class TooFast(commands.CommandError):
    """A command was used too often; `retry_after` is in seconds."""

    def __init__(self, retry_after: float, *, guild: bool) -> None:
        super().__init__(f"again in {retry_after:.1f} s")
        self.retry_after = retry_after
        self.guild = guild  # whether all members together were too fast


@dataclass(slots=True)
class _Uses:
    at: list[float] = field(default_factory=list)

    def wait(self, now: float, a_minute: int, gap: float) -> float:
        self.at = [one for one in self.at if one > now - MINUTE]
        after_gap = self.at[-1] + gap - now if self.at else 0.0
        after_minute = self.at[-a_minute] + MINUTE - now if len(self.at) >= a_minute else 0.0
        return max(after_gap, after_minute, 0.0)


class Cooldowns:
    """Counts uses of commands by what they do: `$dl` and `/download` are one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._uses: dict[tuple[str, int, int], _Uses] = {}

    def use(self, what: str, rate: Rate, *, user_id: int, guild_id: int | None) -> None:
        """Count one use, unless it comes too soon; then nothing is counted.

        Raises:
            TooFast: with the seconds until the next one.
        """
        now = self._clock()
        if len(self._uses) > REMEMBERED:
            self._forget(now)
        member = self._uses.setdefault((what, guild_id or 0, user_id), _Uses())
        if wait := member.wait(now, rate.a_minute, rate.gap):
            raise TooFast(wait, guild=False)
        if guild_id is not None:
            guild = self._uses.setdefault((what, guild_id, 0), _Uses())
            if wait := guild.wait(now, rate.a_minute * GUILD_FACTOR, 0.0):
                raise TooFast(wait, guild=True)
            guild.at.append(now)
        member.at.append(now)

    def _forget(self, now: float) -> None:
        self._uses = {key: uses for key, uses in self._uses.items() if uses.at and uses.at[-1] > now - MINUTE}
