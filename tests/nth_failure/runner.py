"""Both runners in one process, one operation of which fails.

The environment's `NTH_FAILURE` says which, and which file is told of it. They are the real `run` of both runners; they
share a process because one kill then ends both, and one start is faster than two.
"""

import asyncio
import gc
import importlib
import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import core.attempt
import core.claim_loop
import core.retry_handler
import download_module.aria2c_daemon
import upload_module.silence
import upload_module.uploader_bot
from core import sandbox
from core.settings import Settings
from download_module.daemons import Endpoint
from pooler import download_runner, upload_runner
from pooler.workplace import run_process
from tests.nth_failure.file_faults import fail_file_operations
from tests.nth_failure.plan import Kind, Trial
from tests.nth_failure.sql_faults import fail_statements
from tests.nth_failure.striking import Striking

VARIABLE = "NTH_FAILURE"


async def both(settings: Settings, stop: asyncio.Event) -> None:
    """Run both until `stop` is set."""
    async with asyncio.TaskGroup() as group:
        group.create_task(download_runner.run(settings, stop))
        group.create_task(upload_runner.run(settings, stop))


def prepare() -> None:
    """Do once, before any runner is forked, what each would do at its start and what is the same for all of them."""
    for late in ("anyio._backends._asyncio", "asyncinotify", "core.sandbox_launcher", "httpcore", "_strptime"):
        importlib.import_module(late)  # else with the first request, file or row
    sandbox.layers()
    gc.freeze()  # what is there now is never looked through again, and stays shared


def hurry() -> None:
    """Waits of seconds and minutes become short; what happens after them stays the same."""
    _set(core.retry_handler, FREE_RETRY_DELAY=0.2)
    _set(core.attempt, SETTLE_AGAIN_AFTER=0.2)
    _set(core.claim_loop, DATABASE_RETRY=0.2)
    _set(upload_module.silence, LOOK_AGAIN=1.0)
    _set(upload_module.uploader_bot, REQUEST_TIMEOUT=2.0, DOWN_FOR=0.5)
    for module in (download_runner, upload_runner):
        _set(module, warn_in_passing=_nothing)


def _set(module: ModuleType, **values: Any) -> None:
    for name, value in values.items():
        assert hasattr(module, name), f"{module.__name__} has no {name} any more"
        setattr(module, name, value)


async def _nothing(_programs: object) -> None:
    """In place of asking each program for its version."""


def through_proxy(port: int) -> None:
    """Let calls to our aria2c pass a proxy, whose path names where it listens."""

    def endpoint(url: str, secret: str) -> Endpoint:
        return Endpoint(url.replace("http://", f"http://127.0.0.1:{port}/", 1), secret)

    _set(download_module.aria2c_daemon, Endpoint=endpoint)


def main() -> int:
    """Run with the fault of the environment, if there is one."""
    hurry()
    given = json.loads(os.environ.get(VARIABLE, "{}"))
    if "proxy" in given:
        through_proxy(given["proxy"])
    runners = upload_runner.run if given.get("delivers_only") else both
    if "trial" not in given:
        return run_process(runners)
    trial = Trial.from_json(given["trial"])
    striking = Striking(trial, Path(given["record"]))
    if trial.kind is Kind.SQL:
        fail_statements(striking)
    elif trial.kind is Kind.FILE:
        fail_file_operations(striking, Path(given["below"]))
    try:
        return run_process(runners)
    finally:
        striking.close()
