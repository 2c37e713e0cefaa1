"""How often commands may be used."""

import pytest

from cogs.cooldowns import ASKING, GUILD_FACTOR, REMEMBERED, Cooldowns, Rate, TooFast


class Clock:
    """Time as the test sets it, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def use(cooldowns: Cooldowns, rate: Rate = ASKING, *, user: int = 1, guild: int | None = 5, what: str = "dl") -> None:
    cooldowns.use(what, rate, user_id=user, guild_id=guild)


def test_a_member_waits_between_two_uses_and_is_told_how_long() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    use(cooldowns)
    clock.now += 4
    with pytest.raises(TooFast) as refused:
        use(cooldowns)
    assert (refused.value.retry_after, refused.value.guild) == (6.0, False)
    use(cooldowns, user=2)
    use(cooldowns, guild=None)
    use(cooldowns, what="queue")
    clock.now += 6
    use(cooldowns)


def test_a_minute_has_room_for_so_many_uses() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    for _ in range(5):
        use(cooldowns)
        clock.now += 10
    with pytest.raises(TooFast) as refused:
        use(cooldowns)
    assert refused.value.retry_after == 10.0
    clock.now += 10
    use(cooldowns)


def test_a_refused_use_does_not_count() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    use(cooldowns)
    for _ in range(20):
        with pytest.raises(TooFast):
            use(cooldowns)
    clock.now += 10
    use(cooldowns)


def test_members_of_a_guild_together_may_do_so_much() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    rate = Rate(1, 0.0)
    for user in range(GUILD_FACTOR):
        use(cooldowns, rate, user=100 + user)
    with pytest.raises(TooFast) as refused:
        use(cooldowns, rate, user=99)
    assert refused.value.guild
    use(cooldowns, rate, user=99, guild=6)
    clock.now += 60
    use(cooldowns, rate, user=99)


def test_what_is_over_is_forgotten() -> None:
    clock = Clock()
    cooldowns = Cooldowns(clock)
    for user in range(REMEMBERED + 1):
        use(cooldowns, user=user, guild=None)
    clock.now += 61
    use(cooldowns)
    assert len(cooldowns._uses) < 5
