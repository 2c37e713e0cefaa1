"""What pages show: graphs without scripts, settings without secrets, options as they were asked for."""

import asyncio
import re
from pathlib import Path

import pytest

from core.models import Settlement, Status
from core.settings import read_settings
from pooler.supervisor import RUNNERS, programs_for
from tests.web.place import ANNA, BEN, MODERATOR, OWNER, TOKEN, Place
from web.charts import CHARTS
from web.host_charts import HOST_CHARTS
from web.setting_rows import MASK, setting_rows

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_graphs_are_drawn_here_and_those_of_the_machine_for_the_owner(place: Place) -> None:
    await place.done(user_id=ANNA.user_id)
    await place.shell(
        "UPDATE downloads SET file_size = 1000, finished_at = datetime('now'), started_at = datetime('now')"
    )
    hour = "strftime('%Y-%m-%d %H:00:00', 'now')"
    for detail, free in (("free", 3e9), ("used", 1e9)):
        await place.shell(
            "INSERT INTO history (span, at, measure, guild_id, site, detail, number, total, most) "
            f"VALUES ('hour', {hour}, 'disk', 0, '', ?, 1, ?, ?)",
            detail,
            free,
            free,
        )
    async with place.client(OWNER) as owner, place.client(ANNA) as anna:
        for name in (*CHARTS, *HOST_CHARTS):
            path = f"/charts/{name}.svg?span=24h"
            drawn = await owner.get(path)
            assert drawn.headers["content-type"] == "image/svg+xml"
            assert "<script" not in drawn.text
            assert ("Nothing yet" in drawn.text) == (name == "speed")
            assert (await anna.get(path)).status_code == (200 if name in CHARTS else 404)
        assert (await owner.get("/charts/nothing.svg")).status_code == 404
        everything, hers = (await owner.get("/figures?span=24h")).text, (await anna.get("/figures?span=24h")).text
        tables = [f"{chart.title} as a table" for chart in HOST_CHARTS.values()]
        assert all(told in everything and told not in hers for told in ("disk.svg", *tables))
        measured = r'<th scope="row">[^<]*:00</th><td class="number">2.8 GiB</td><td class="number">954 MiB</td>'
        assert re.search(measured, everything), "what a graph shows can be read"


async def test_a_form_can_not_name_a_folder_of_this_machine(place: Place) -> None:
    async with place.client(ANNA) as client:
        answer = await place.post(client, "/downloads", url="https://a.example/x", to="/etc", quality="720p")
    found = await place.desk.queries.get(int(answer.headers["location"].rpartition("/")[2]))
    assert found is not None
    assert (found.options, found.user_id, found.upload) == ({"quality": "720p"}, ANNA.user_id, False)


async def test_the_limits_of_ones_servers_hold_here_too(place: Place) -> None:
    await place.shell(
        "INSERT INTO guild_settings (guild_id, settings) VALUES (1, ?)",
        '{"everyone": {"waiting": 1, "max_bytes": 5000}}',
    )
    async with place.client(ANNA) as client:
        first = await place.post(client, "/downloads", url="https://a.example/1")
        second = await place.post(client, "/downloads", url="https://a.example/2")
        assert (first.status_code, second.status_code) == (303, 400)
        assert "your limit" in second.text
        await place.shell("UPDATE guild_settings SET settings = ?", '{"everyone": {"download": false}}')
        assert 'id="paste"' not in (await client.get("/")).text
        refused = await place.post(client, "/downloads", url="https://a.example/3")
        assert "may not ask" in refused.text
    found = await place.desk.queries.get(1)
    assert found is not None
    assert found.size_limit_bytes == 5000


async def test_members_have_names_for_those_who_may_see_what_they_asked_for(place: Place) -> None:
    async with place.client(ANNA) as anna, place.client(MODERATOR) as moderator, place.client(BEN) as ben:
        asked = await place.post(anna, "/downloads", url="https://a.example/1")
        assert await place.desk.members.names([ANNA.user_id]) == {11: "Anna"}
        named = '<bdi class="called">Anna</bdi> <span class="quiet">11</span>'
        for path in (asked.headers["location"], "/downloads?member=11"):
            assert named in (await anna.get(path)).text, path
            assert "Anna" not in (await ben.get(path)).text, path
        assert "Anna" not in (await moderator.get("/members")).text, "she asked in no server of his"
        await place.shell("UPDATE downloads SET guild_id = 1")
        assert named in (await moderator.get("/members")).text


async def test_what_strangers_wrote_is_text(place: Place) -> None:
    hostile = '<img src=x onerror=alert(1)>"\u202e'
    claim = await place.running(user_id=ANNA.user_id, user_name=hostile)
    values = {"title": hostile, "error": hostile, "site": hostile, "author": hostile}
    assert await place.runner.settle(claim, Settlement(Status.FAILED, values))
    async with place.client(OWNER) as client:
        lists = ("/", "/downloads", "/downloads?member=11", "/sites", "/members")
        for path in (*lists, f"/downloads/{claim.id}", f"/downloads?text={hostile}"):
            text = (await client.get(path)).text
            assert "<img src=x" not in text, path
            assert "\u202e" not in text, path


async def test_what_strangers_wrote_is_text_in_what_is_pushed_too(place: Place) -> None:
    hostile = "<b/hx-post='/downloads/1/ask'/hx-trigger='load'>a"
    claim = await place.running(url=f"https://x.example/{hostile}")
    await place.shell("UPDATE downloads SET title = ?", hostile)
    async with place.client(OWNER) as client, client.stream("GET", "/live") as events:
        lines = events.aiter_lines()
        async with asyncio.timeout(20):
            async for line in lines:
                if line == "event: queue":
                    break
            assert await place.runner.settle(claim, Settlement(Status.FAILED, {"error": hostile}))
            pushed = [line]
            async for line in lines:
                pushed.append(line)
                if line == "event: told":
                    pushed.append(await anext(lines))
                    break
    assert "hx-post" in pushed[-1]
    assert "<b/" not in "".join(pushed)


async def test_only_who_manages_the_queue_lets_a_download_go_first(place: Place) -> None:
    own, here = await place.row(user_id=ANNA.user_id), await place.row(user_id=99, guild_id=1)
    async with place.client(ANNA) as anna, place.client(MODERATOR) as moderator:
        assert "priority-high" not in (await anna.get(f"/downloads/{own}")).text
        refused = await place.post(anna, f"/downloads/{own}/ask", ask="high")
        assert "manage the queue" in refused.text
        assert (await place.post(anna, f"/downloads/{own}/ask", ask="low")).status_code == 303
        assert (await place.post(moderator, f"/downloads/{here}/ask", ask="high")).status_code == 303
    assert await place.shell("SELECT priority FROM downloads ORDER BY id") == [(-1,), (1,)]


async def test_a_member_reads_of_broken_sites_that_he_uses_alone(place: Place) -> None:
    await place.row(user_id=ANNA.user_id)
    await place.shell("UPDATE downloads SET site = 'youtube'")
    for site in ("youtube", "files.of-somebody.example"):
        values = "(?, 'open', 'fails', datetime('now'))"
        await place.shell(f"INSERT INTO site_health (site, state, reason, changed_at) VALUES {values}", site)
    async with place.client(ANNA) as anna, place.client(OWNER) as owner:
        assert "of-somebody" in (await owner.get("/sites")).text
        assert "of-somebody" not in (await anna.get("/sites")).text


async def test_settings_are_told_with_their_source_and_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("WEB_PORT=9000\nWEB_HOST=::1\n")
    environment = {
        "WEB_PORT": "9001",
        "WEB_ADMIN_TOKEN": TOKEN,
        "BOSS_BOT_DATABASE_URL": "postgresql+asyncpg://bot:hunter22@db/bot",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    rows = {row.variable: row for row in setting_rows(read_settings())}
    assert (rows["WEB_PORT"].value, rows["WEB_PORT"].source) == ("9001", "environment")
    assert (rows["WEB_HOST"].value, rows["WEB_HOST"].source) == ("::1", ".env")
    assert (rows["WEB_ENABLED"].value, rows["WEB_ENABLED"].source) == ("false", "default")
    assert rows["WEB_ADMIN_TOKEN"].value == MASK
    assert "hunter22" not in str(rows)


async def test_it_is_started_with_the_runners_when_it_is_wanted_and_keeps_their_secrets_from_it() -> None:
    assert programs_for(web=False) == RUNNERS
    *runners, web = programs_for(web=True)
    assert tuple(runners) == RUNNERS
    assert {"BOSS_BOT_DISCORD_TOKEN", "S3_SECRET_ACCESS_KEY", "ARIA2C_RPC_SECRET"} <= set(web.hidden)
    assert all({"WEB_ADMIN_TOKEN", "DISCORD_CLIENT_SECRET"} <= set(runner.hidden) for runner in runners)
