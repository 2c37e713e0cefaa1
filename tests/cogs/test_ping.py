"""The answer to `ping`."""

import pytest

from cogs.admin import pong
from core.queries import Runner


def runner(kind: str, silent: float) -> Runner:
    return Runner(f"{kind}@host", kind, 1, "2026-01-01 12:00:00", "2026-01-01 12:00:00", silent)


def test_it_names_the_times_and_counts_runners_that_give_signs_of_life() -> None:
    runners = [runner("download", 1), runner("download", 2), runner("upload", 99)]
    assert pong(0.0421, 0.0013, runners, lease=15).splitlines() == [
        "🏓 Pong!",
        "Discord: 42 ms",
        "Database: 1.3 ms",
        "Download runners: 2",
        "Upload runners: ❌ none",
    ]


@pytest.mark.parametrize("latency", [float("nan"), float("inf")])
def test_a_gateway_that_was_not_measured_yet_is_only_connected(latency: float) -> None:
    assert "Discord: connected" in pong(latency, 0.001, [], lease=15)
