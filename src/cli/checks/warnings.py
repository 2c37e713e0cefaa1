"""What the bot would warn of now, and whether the library that reads most sites is still young enough."""

from cli.checks.finding import Finding, good, warning
from cli.session import open_database
from core.alert_book import alert_limits, read_facts
from core.alert_rules import judge
from core.database import DatabaseFault
from core.errors import ConfigurationError
from core.library_age import days_since_release, installed
from core.settings import Settings
from core.site_board import SiteBoard

YTDLP = "yt-dlp"
OTHERS_TELL = ("download runner", "upload runner", "library", "backup", "disk")  # which other checks look at, too


def check_library_age(settings: Settings) -> Finding:
    """By the date that is its version: no network is asked."""
    found = installed(YTDLP) or ""
    days = days_since_release(found)
    if days is None:
        return good("age of yt-dlp", "not told by its version")
    if settings.alert_library_days and days > settings.alert_library_days:
        return warning("age of yt-dlp", f"{found} is {days} days old; sites change faster", "Use `bossbotctl update`.")
    return good("age of yt-dlp", f"{max(days, 0)} days")


async def check_warnings(settings: Settings) -> list[Finding]:
    """Warnings that hold now, and sites that are left alone; nothing where there is no database yet."""
    try:
        async with open_database(settings) as database:
            found = judge(await read_facts(database, settings.download_dir), alert_limits(settings), ())
            down = [one for one in await SiteBoard(database).read() if one.is_left_alone]
    except (ConfigurationError, DatabaseFault, OSError):  # asyncpg lets the errors of the socket pass
        return []  # told by the check of the database
    told = [sentence for name, sentence in found.items() if name not in OTHERS_TELL and not name.startswith("site")]
    findings = [warning("warning", sentence, "`bossbotctl alerts` shows all.") for sentence in told]
    names = ", ".join(one.site for one in down)
    sites = "`bossbotctl sites` shows since when; `bossbotctl update` may help."
    findings += [warning("sites", f"fail for everybody and are left alone: {names}", sites)] if down else []
    return findings
