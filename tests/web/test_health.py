"""`/health`, `/ready` and `/metrics`: read from the database, whichever process answers."""

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from core.database import Database
from core.history import History
from core.models import DOWNLOAD_STAGE, UPLOAD_STAGE, RunnerState, Settlement, Status
from tests.core import given
from web.health import Health, health_routes

DASHBOARD = Path(__file__).parents[2] / "docs" / "grafana.json"
TOKEN = "a-token-of-the-test"


@dataclass(frozen=True, slots=True)
class Site:
    """The routes, as an application of their own."""

    app: Starlette
    database: Database

    async def get(self, path: str, *, host: str = "127.0.0.1", **headers: str) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=(host, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://boss-bot.test") as client:
            return await client.get(path, headers=headers)

    async def metrics(self) -> dict[str, float]:
        """Every sample, as `name{label=value}`."""
        answer = await self.get("/metrics")
        assert answer.status_code == 200
        found = {}
        for family in text_string_to_metric_families(answer.text):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                found[f"{sample.name}{{{labels}}}"] = sample.value
        return found


@pytest.fixture
async def site(database: Database, tmp_path: Path) -> Site:
    health = Health(
        database=database, download_dir=tmp_path / "not yet there", lease=15, token=TOKEN, sites=2, patience=60
    )
    return Site(Starlette(routes=health_routes(health)), database)


async def tried(database: Database, site: str, *, error: str | None = None) -> None:
    await given.row(database)
    runner = given.runner(database)
    claim = await given.claimed(runner)
    await runner.enter_site(claim, site=site, media_id=str(claim.id))
    await runner.move(claim, Status.DOWNLOADING)
    failure = {"error_kind": error, "error": "no"} if error else {"file_size": 500}
    await runner.settle(claim, Settlement(Status.FAILED if error else Status.DOWNLOADED, failure))


async def test_metrics_tell_what_the_table_holds_by_the_most_used_sites(site: Site, database: Database) -> None:
    for name in ("youtube", "youtube", "reddit", "reddit", "imgur"):
        await tried(database, name)
    await tried(database, "youtube", error="RateLimited")
    await given.row(database)
    before = await site.metrics()
    assert before["boss_bot_downloads_total{site=youtube,status=fetched}"] == 2
    assert before["boss_bot_downloads_total{site=other,status=fetched}"] == 1, "two sites have labels of their own"
    assert before["boss_bot_fetched_bytes_total{site=reddit}"] == 1000
    assert before["boss_bot_errors_total{kind=RateLimited,site=youtube}"] == 1
    assert before["boss_bot_transfer_seconds_count{site=youtube}"] == 2
    assert before["boss_bot_transfer_seconds_bucket{le=+Inf,site=youtube}"] == 2
    assert before["boss_bot_rows{status=pending}"] == 1
    assert before["boss_bot_queue_length{}"] == 1
    assert before["boss_bot_disk_free_bytes{}"] > 0
    await History(database).roll_up()
    after = await site.metrics()
    assert {name: value for name, value in after.items() if "_total{" in name} == {
        name: value for name, value in before.items() if "_total{" in name
    }, "counters do not notice that hours are summed up"


async def test_every_metric_of_the_dashboard_is_there(site: Site, database: Database) -> None:
    for name, error in (("youtube", None), ("youtube", "RateLimited")):
        await tried(database, name, error=error)
    runner = given.runner(database, "runner-2", UPLOAD_STAGE)
    await runner.sign_on(1)
    await runner.settle(await given.claimed(runner), Settlement(Status.UPLOADED))
    await database.write(
        lambda connection: connection.exec_driver_sql(
            "INSERT INTO chores (name, finished_at) VALUES ('figures', '2026-01-01 00:00:00')"
        )
    )
    known = {name.partition("{")[0] for name in await site.metrics()}
    used = set(re.findall(r"boss_bot_\w+", DASHBOARD.read_text(encoding="utf-8")))
    assert used, "the dashboard shows something"
    assert used <= known
    expressions = [
        target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]
    ]
    assert {name.partition("_bucket")[0] for name in used} <= {
        name.partition("_bucket")[0] for expression in expressions for name in re.findall(r"boss_bot_\w+", expression)
    }


async def test_ready_says_how_each_kind_of_process_is(site: Site, database: Database) -> None:
    answer = await site.get("/ready")
    assert (answer.status_code, answer.json()["processes"]["download"]["state"]) == (503, "gone")
    downloader = given.runner(database, "runner-1", DOWNLOAD_STAGE)
    uploader = given.runner(database, "runner-2", UPLOAD_STAGE)
    for one in (downloader, uploader):
        await one.sign_on(1)
        await one.set_state(RunnerState.READY)
    answer = await site.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    await downloader.set_state(RunnerState.WAITING, "no room on the disk")
    answer = await site.get("/ready")
    told = answer.json()["processes"]
    assert (answer.status_code, told["upload"]["state"]) == (503, "ready")
    assert told["download"] == {"state": "waiting", "count": 1, "note": "no room on the disk"}


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
async def test_other_machines_need_the_token(site: Site, path: str) -> None:
    assert (await site.get(path)).status_code != 401
    for headers in (
        {},
        {"authorization": "Bearer wrong"},
        {"authorization": TOKEN},
        {"authorization": "Basic " + TOKEN},
    ):
        assert (await site.get(path, host="203.0.113.9", **headers)).status_code == 401
    assert (await site.get(path, **{"x-forwarded-for": "203.0.113.9"})).status_code == 401, "a proxy asks for another"
    assert (await site.get(path, host="203.0.113.9", authorization=f"Bearer {TOKEN}")).status_code != 401


async def test_health_says_when_the_database_does_not_answer(site: Site, database: Database) -> None:
    assert (await site.get("/health")).json() == {"status": "ok"}
    await database.write(lambda connection: connection.exec_driver_sql("DROP TABLE runners"))
    begun = time.monotonic()
    answer = await site.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "the database does not answer")
    assert time.monotonic() - begun < 5
