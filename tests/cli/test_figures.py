"""`bossbotctl stats`, `sites` and `alerts`: what is shown of figures over time."""

from core.history import History
from tests.cli.conftest import Ctl, Given, Play
from tests.core.test_history import a_week
from tests.core.test_site_health import tried


def test_stats_sites_and_alerts_show_a_synthetic_week(ctl: Ctl, play: Play[None]) -> None:
    assert "Nothing" not in ctl("stats").err
    assert "No site was tried." in ctl("sites").out

    async def week(given: Given) -> None:
        database = given.downloader._database
        await a_week(database, days=3)
        await History(database).roll_up()
        for number in range(5):
            await given.row(user_id=number % 2)
            await tried(given.downloader, error="RateLimited", site="imgur")

    play(week)
    shown = ctl("stats", "7d").out
    assert shown.startswith("12 done, 3 failed")
    assert "█" in shown
    report = ctl("stats", "7d", "--json").json
    assert (len(report["done"]), sum(point["number"] for point in report["done"])) == (7, 12)
    (imgur,) = [one for one in ctl("sites", "--json").json if one["site"] == "imgur"]
    assert (imgur["state"], imgur["failed"], imgur["tries"], imgur["last_error"]) == ("open", 5, 5, "RateLimited")
    assert "left alone until" in ctl("sites").out

    warned = ctl("alerts", "--json")
    assert warned.status == 1
    assert {"download runner", "upload runner", "site imgur"} <= warned.json["now"].keys()
    assert "imgur fails for everybody" in ctl("alerts").out
    assert "fail for everybody and are left alone: imgur" in ctl("doctor").out.replace("\n", " ").replace("  ", " ")

    assert ctl("sites", "--release", "imgur").out == "Downloads of imgur go on.\n"
    refused = ctl("sites", "--release", "imgur")
    assert (refused.status, "imgur is not left alone" in refused.err) == (1, True)
