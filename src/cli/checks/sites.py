"""Whether the rules for single sites, and the rates by hours, say something that means something."""

from collections.abc import Iterator

from cli.checks.finding import Finding, bad, good, warning
from core.errors import ConfigurationError
from core.settings import Settings
from download_module.rate_schedule import parse_schedule
from download_module.site_cookies import expired
from download_module.sites import Sites, exposed_cookies, file_of, read_sites


def check_rules(settings: Settings) -> list[Finding]:
    """SITES_FILE and what it names; DOWNLOAD_RATE_SCHEDULE when there is one."""
    return [_check_sites(settings), *([_check_schedule(settings)] if settings.download_rate_schedule else [])]


def _check_sites(settings: Settings) -> Finding:
    try:
        sites = read_sites(settings)
    except ConfigurationError as error:
        return bad("sites", str(error), "The download runner does not start like this: correct it.")
    if exposed := exposed_cookies(sites):
        files = " ".join(map(str, exposed))
        return warning("sites", f"other users of this machine can read cookies: {files}", f"chmod 600 {files}")
    if stale := list(_stale_cookies(sites)):
        return warning("sites", "; ".join(stale), "Export them anew from a browser that is logged in.")
    file = file_of(settings)
    if file is None:
        return good("sites", "no rules for single sites (sites.example.toml shows what there could be)")
    names = ", ".join(sorted(site.name for site in sites.by_host.values()))
    return good("sites", f"{file}: {names or 'empty'}")


def _stale_cookies(sites: Sites) -> Iterator[str]:
    """What is wrong with the cookies of single sites, as far as the files tell."""
    for site in {site.name: site for site in sites.by_host.values() if site.cookies is not None}.values():
        cookies = site.cookies_for(f"https://{site.name}/")
        dated = [cookie for cookie in cookies if cookie.expires is not None]
        if not cookies:
            yield f"{site.cookies} has no cookies of {site.name}"
        elif dated and len(expired(dated)) == len(dated):
            yield f"the cookies of {site.name} in {site.cookies} are expired"


def _check_schedule(settings: Settings) -> Finding:
    try:
        spans = parse_schedule(settings.download_rate_schedule).spans
    except ValueError as error:
        return bad("DOWNLOAD_RATE_SCHEDULE", f"{error}.", "The download runner does not start like this: correct it.")
    return good("DOWNLOAD_RATE_SCHEDULE", f"{len(spans)} spans of the day")
