"""Whether clamd answers, where one was set, and how old what it knows is."""

from datetime import UTC, datetime, timedelta

from cli.checks.finding import Finding, bad, good, warning
from cli.units import visible
from core.errors import ConfigurationError
from core.settings import Settings
from upload_module.virus_scanner import Clamd, ScannerGone

NAME = "clamd"
OLD = timedelta(days=7)
_DATE = "%a %b %d %H:%M:%S %Y"  # as ClamAV prints it, in C's locale


async def check_scanner(settings: Settings) -> list[Finding]:
    """CLAMAV_SOCKET, when it is set."""
    if not settings.clamav_socket:
        return []
    try:
        said = await Clamd(settings.clamav_socket).version()
    except ConfigurationError as error:
        return [bad(NAME, str(error), "The upload runner does not start like this: correct it.")]
    except ScannerGone as error:
        passes = settings.clamav_when_gone == "pass"
        report = warning if passes else bad
        happens = "are delivered without a scan" if passes else "wait"
        step = f"Start it, or correct CLAMAV_SOCKET; until then files {happens} (CLAMAV_WHEN_GONE)."
        return [report(NAME, f"does not answer: {error}", step)]
    return [judge_database(visible(said), datetime.now(UTC))]


def judge_database(said: str, now: datetime) -> Finding:
    """What `ClamAV 1.4.6/27800/Fri Nov 20 08:00:00 2026` means."""
    program, _, database = said.partition("/")
    number, _, date = database.partition("/")
    try:
        made = datetime.strptime(date, _DATE).replace(tzinfo=UTC)
    except ValueError:
        return warning(NAME, f"{program}, signatures of unknown age", "Let `freshclam` fetch the official ones.")
    found = f"{program}, signatures {number} of {made:%Y-%m-%d}"
    if now - made > OLD:
        return warning(NAME, found, "They are old: look why `freshclam` does not run.")
    return good(NAME, found)
