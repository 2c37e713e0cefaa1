"""What the admin set for single sites: cookies, proxy, rates, options of the libraries. One TOML file."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from loguru import logger

from core.errors import ConfigurationError
from core.redaction import KNOWN, secrets_in, url_secrets
from core.settings import Settings
from download_module.site_cookies import (
    SiteCookie,
    of_site,
    read_cookies,
    registered_name,
    telling_values,
    written,
)
from download_module.sites_file import SiteTable, host_of_table, names_of_site, read_gallerydl_config, read_sites_file

DEFAULT_FILE = Path("sites.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The rules for one site; the defaults are those of a site that nobody named.

    `options` has these keys, each only where the admin set it:
        "ytdlp": options of `yt_dlp.YoutubeDL`, by the names that its Python API has.
        "gallerydl": options of gallery-dl for this site, as stand below `extractor.<category>` in its documentation.
        "gallerydl_config": the whole tree of GALLERY_DL_CONFIG_FILE, the same for all sites; "gallerydl" goes over it.
        "instance": the gallery-dl category that serves this host ("mastodon", "misskey", "moebooru" ...).
    """

    name: str = ""
    cookies: Path | None = None  # a Netscape cookie file
    proxy: str | None = None  # http://..., socks5://...
    rate: int | None = None  # bytes a second for each download
    connections: int | None = None  # to each of its hosts, for each file
    concurrent: int | None = None  # downloads at once
    use_library: bool = True  # False: the command-line program
    fall_back: bool = True  # to the other of the two when one fails with a fault of its own
    options: Mapping[str, Any] = field(default_factory=dict)  # as the library spells them

    def cookies_for(self, url: str) -> tuple[SiteCookie, ...]:
        """The cookies that fetchers of a URL of this site may have: those of the site, of no other one.

        The file is read anew each time, so that an admin may put a new one in its place. One that can't be read is
        told in the log, and what is fetched is fetched without.
        """
        if self.cookies is None:
            return ()
        try:
            found = read_cookies(self.cookies)
        except ConfigurationError as error:
            logger.error("{}", error)
            return ()
        names = names_of_site(self.name) if self.name else (registered_name(_host_of(url)),)
        mine = of_site(found, names)
        KNOWN.learn(*telling_values(mine))
        return mine

    def cookie_jar(self, url: str) -> str | None:
        """The same as the text of a cookie file; None without cookies."""
        cookies = self.cookies_for(url)
        return written(cookies) if cookies else None


@dataclass(frozen=True, slots=True)
class Sites:
    """All sites with rules, by host; `others` are the rules of the rest."""

    by_host: Mapping[str, Site] = field(default_factory=dict)
    others: Site = field(default_factory=Site)

    def of(self, url: str) -> Site:
        """The rules for a URL: those of its host, else of the nearest domain above it that has rules."""
        for domain in _domains(_host_of(url)):
            if (site := self.by_host.get(host_of_table(domain))) is not None:
                return site
        return self.others


def sites_from(settings: Settings) -> Sites:
    """The rules that settings and SITES_FILE give; the file goes over the settings.

    Raises:
        ConfigurationError: the file, or one that it names, is missing or wrong; the sentence says what and where.
    """
    sites = read_sites(settings)
    KNOWN.learn(*_secrets(sites))
    for file in exposed_cookies(sites):
        logger.warning("other users of this machine can read the cookies in {}: chmod 600", file)
    return sites


def gallery_instances(sites: Sites) -> dict[str, dict[str, Any]]:
    """The hosts that run software which gallery-dl knows, by its name for it, as its configuration has them."""
    found: dict[str, dict[str, Any]] = {}
    for host, site in sites.by_host.items():
        if instance := site.options.get("instance"):
            found.setdefault(str(instance), {})[host] = {"root": f"https://{host}"}
    return found


def read_sites(settings: Settings) -> Sites:
    """The same without a word about cookies that others can read."""
    path = file_of(settings)
    tables = read_sites_file(path) if path is not None else {}
    others = _others(settings)
    by_host = {
        host: replace(others, name=host, use_library=used) for host, used in _flags(settings).items() if not used
    }
    flagged = Sites(by_host, others)
    # Built upon the flags, so that a table for music.youtube.com knows what is set for youtube.com.
    found = {host: _with_table(flagged.of(f"https://{host}/"), host, table) for host, table in tables.items()}
    return Sites(by_host | found, others)


def file_of(settings: Settings) -> Path | None:
    """The file with the rules: SITES_FILE, else `sites.toml` in the working directory if it is there."""
    return settings.sites_file or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)


def exposed_cookies(sites: Sites) -> list[Path]:
    """Cookie files that other users of this machine can read."""
    files = {site.cookies for site in (sites.others, *sites.by_host.values()) if site.cookies is not None}
    return sorted(file for file in files if file.stat().st_mode & 0o077)


def _secrets(sites: Sites) -> Iterator[str]:
    """What the rules hold that nobody may see: passwords of proxies and accounts. Cookies are learnt with their use."""
    for site in (sites.others, *sites.by_host.values()):
        yield from url_secrets(site.proxy or "")
        yield from secrets_in(site.options)


def _others(settings: Settings) -> Site:
    options: dict[str, Any] = {}
    if settings.gallery_dl_user_agent:
        options["gallerydl"] = {"user-agent": settings.gallery_dl_user_agent}
    if settings.gallery_dl_config_file:
        options["gallerydl_config"] = read_gallerydl_config(settings.gallery_dl_config_file)
    cookies = settings.gallery_dl_cookies_file and settings.gallery_dl_cookies_file.expanduser().absolute()
    if cookies is not None and not cookies.is_file():
        raise ConfigurationError(f"There is no file {cookies}. Correct GALLERY_DL_COOKIES_FILE.")
    return Site(fall_back=settings.download_api_fallback_to_cli, cookies=cookies, options=options)


def _flags(settings: Settings) -> dict[str, bool]:
    return {
        "x.com": settings.twitter_use_api_client,
        "reddit.com": settings.reddit_use_api_client,
        "instagram.com": settings.instagram_use_api_client,
        "youtube.com": settings.youtube_use_api_client,
    }


def _with_table(base: Site, host: str, table: SiteTable) -> Site:
    options = dict(base.options)
    if table.ytdlp:
        options["ytdlp"] = table.ytdlp
    if table.gallerydl:
        options["gallerydl"] = {**options.get("gallerydl", {}), **table.gallerydl}
    if table.gallery_instance:
        options["instance"] = table.gallery_instance
    return Site(
        name=host,
        cookies=table.cookies or base.cookies,
        proxy=table.proxy,
        rate=table.rate or None,
        connections=table.connections,
        concurrent=table.concurrent,
        use_library=base.use_library if table.strategy is None else table.strategy == "library",
        fall_back=base.fall_back if table.fallback is None else table.fallback,
        options=options,
    )


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url.strip()).hostname or "").rstrip(".")
    except ValueError:  # brackets that hold no address
        return ""


def _domains(host: str) -> Iterator[str]:
    while host:
        yield host
        host = host.partition(".")[2]
