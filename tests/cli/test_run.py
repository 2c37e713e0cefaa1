"""`run` starts what works, and ends it."""

import signal

import pytest

from tests.cli.conftest import Given, Start
from tests.support.processes import gone, wait_until


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(("run", "--runners-only"), "started"), (("run",), "the runners work alone")],
)
async def test_without_a_token_both_runners_work_until_ctrl_c(
    given: Given, start: Start, arguments: tuple[str, ...], told: str
) -> None:
    running = await start(*arguments)
    await running.wait_for_output(told)

    async def both() -> bool:
        return {runner.kind for runner in await given.queries.runners()} >= {"download", "upload"}

    await wait_until(both, 30, description="two runners that signed on")
    for kind in ("download", "upload"):
        await running.wait_for_output(f"{kind} runner is ready", 30)
    children = running.children()
    running.send(signal.SIGINT)
    assert await running.wait(20) == 0
    for child in children:
        await gone(child)
    assert await given.queries.runners() == []
    assert "Traceback" not in running.output


async def test_settings_that_are_not_valid_stop_it_at_once(start: Start) -> None:
    running = await start("run", CLAIM_LEASE="-1")
    assert await running.wait() == 1
    assert "error: A setting is not valid. CLAIM_LEASE" in running.output
