"""Reads SITES_FILE: TOML with one table a site. Every fault names the file, the table and what is possible."""

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from loguru import logger
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from core.errors import ConfigurationError
from core.settings.group import Rate

# Other names of a site: a table for one is a table for both.
ALIASES = {
    "twitter.com": "x.com",
    "youtu.be": "youtube.com",
    "youtube-nocookie.com": "youtube.com",
    "redd.it": "reddit.com",
    "instagr.am": "instagram.com",
    "threads.net": "threads.com",
    "fb.watch": "facebook.com",
    "fb.com": "facebook.com",
    "pin.it": "pinterest.com",
    "flic.kr": "flickr.com",
    "dai.ly": "dailymotion.com",
    "b23.tv": "bilibili.com",
    "vk.ru": "vk.com",
}
# Options of yt-dlp and gallery-dl that run programs, load code, read this machine's browsers and passwords, or write
# where we do not look. Whoever posts a link would have that power.
REFUSED = frozenset(
    [
        "archive",
        "base-directory",
        "cmdline-args",
        "config-file",
        "cookies-from-browser",
        "cookiesfrombrowser",
        "download_archive",
        "enable_file_urls",
        "exec",
        "exec_cmd",
        "external_downloader",
        "external_downloader_args",
        "ffmpeg_location",
        "js_runtimes",
        "load_info_filename",
        "module",
        "module-sources",
        "netrc",
        "netrc_cmd",
        "netrc_location",
        "outtmpl",
        "paths",
        "plugin_dirs",
        "postprocessor",
        "postprocessors",
        "raw-options",
        "remote_components",
        "usenetrc",
    ]
)
# What has a name of its own in the table, so that every fetcher obeys it.
OWN_NAMES = {"cookies": "cookies", "cookiefile": "cookies", "proxy": "proxy", "ratelimit": "rate", "rate": "rate"}
_HOST = re.compile(r"[\w-]+(\.[\w-]+)*|[0-9a-f:]+")
_PROXY = re.compile(r"(http|socks4a?|socks5h?)://[^\s/]+:\d{1,5}/?")


class SiteTable(BaseModel):
    """One table, as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cookies: Path | None = None
    proxy: str | None = None
    rate: Rate = 0
    connections: int | None = Field(default=None, ge=1, le=16)
    concurrent: int | None = Field(default=None, ge=1, le=100)
    strategy: Literal["library", "program"] | None = None
    fallback: bool | None = None
    gallery_instance: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]+$")
    ytdlp: dict[str, Any] = {}
    gallerydl: dict[str, Any] = {}

    @field_validator("proxy")
    @classmethod
    def _proxy(cls, value: str | None) -> str | None:
        if value is not None and not _PROXY.fullmatch(value):
            raise ValueError("is no proxy such as http://127.0.0.1:8080 or socks5://host:1080")
        return value

    @field_validator("ytdlp", "gallerydl")
    @classmethod
    def _harmless(cls, value: dict[str, Any]) -> dict[str, Any]:
        _, refused = without_refused(value)
        if refused:
            raise ValueError(f"can't set {refused[0]}: a link may not run programs or read this machine's browsers")
        for name in value:
            if name in OWN_NAMES:
                raise ValueError(f"can't set {name}: write `{OWN_NAMES[name]}` in the table of the site")
        return value


def host_of_table(host: str) -> str:
    """The host under which a site's rules are kept."""
    return ALIASES.get(host, host)


def names_of_site(host: str) -> tuple[str, ...]:
    """The host under which a site's rules are kept, and the other names of the site."""
    return (host, *(alias for alias, kept in ALIASES.items() if kept == host))


def without_refused(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The options without those that are refused, at any depth, and the names of the latter."""
    refused: list[str] = []

    def kept(value: Any) -> Any:
        if isinstance(value, list):
            return [kept(inner) for inner in value]
        if not isinstance(value, dict):
            return value
        # gallery-dl reads the cookies of a browser where `cookies` is a list or an object with "browser".
        bad = [name for name, inner in value.items() if name in REFUSED or (name == "cookies" and _of_browser(inner))]
        refused.extend(bad)
        return {name: kept(inner) for name, inner in value.items() if name not in bad}

    return kept(dict(options)), refused


def _of_browser(cookies: Any) -> bool:
    return isinstance(cookies, list) or (isinstance(cookies, dict) and "browser" in cookies)


def read_sites_file(path: Path) -> dict[str, SiteTable]:
    """The tables of a file by their host. Relative paths in it begin at its directory.

    Raises:
        ConfigurationError: it is missing, no TOML, or says something that means nothing.
    """
    try:
        document = tomllib.loads(_text_of(path, "SITES_FILE"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is no TOML: {error}.") from None
    for name in document:
        if name != "sites":
            raise ConfigurationError(f'{path}: {name} means nothing there. Tables are named [sites."youtube.com"].')
    tables = document.get("sites", {})
    if not isinstance(tables, dict):
        raise ConfigurationError(f'{path}: sites is no table. Tables are named [sites."youtube.com"].')
    found: dict[str, SiteTable] = {}
    for written, values in tables.items():
        host = _host(path, written)
        if host in found:
            raise ConfigurationError(f"{path}: two tables mean {host}. Put all of it into one.")
        found[host] = _table(path, written, values)
    return found


def read_gallerydl_config(path: Path) -> dict[str, Any]:
    """gallery-dl's own configuration file, in JSON; what is refused in it is left out.

    Raises:
        ConfigurationError: it is missing, or no JSON.
    """
    path = path.expanduser()
    try:
        options = json.loads(_text_of(path, "GALLERY_DL_CONFIG_FILE"))
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path} (GALLERY_DL_CONFIG_FILE) is no JSON: {error}.") from None
    if not isinstance(options, dict):
        raise ConfigurationError(f"{path} (GALLERY_DL_CONFIG_FILE) holds no JSON object.")
    kept, refused = without_refused(options)
    if refused:
        logger.bind(file=str(path)).info("left out of gallery-dl's configuration: {}", ", ".join(sorted(set(refused))))
    return kept


def _text_of(path: Path, setting: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} ({setting}) can't be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} ({setting}) is no text in UTF-8.") from None


def _host(path: Path, written: str) -> str:
    host = written.strip().lower().removeprefix("www.").rstrip(".")
    if _HOST.fullmatch(host):
        return host_of_table(host)
    raise ConfigurationError(
        f'{path}: [sites."{written}"] names no host. Write it without https:// and without a path: '
        '[sites."youtube.com"].'
    )


def _table(path: Path, written: str, values: Any) -> SiteTable:
    place = f'{path}, [sites."{written}"]'
    if not isinstance(values, dict):
        raise ConfigurationError(f'{path}: {written} is no table. Tables are named [sites."youtube.com"].')
    try:
        table = SiteTable.model_validate(values)
    except ValidationError as error:
        raise ConfigurationError(f"{place}: {_sentence(error)}") from None
    if table.cookies is None:
        return table
    cookies = (path.parent / table.cookies.expanduser()).absolute()  # children have another working directory
    if not cookies.is_file():
        raise ConfigurationError(f"{place}: cookies = {str(table.cookies)!r}: there is no file {cookies}.")
    return table.model_copy(update={"cookies": cookies})


def _sentence(error: ValidationError) -> str:
    fault = error.errors()[0]
    name = str(fault["loc"][0])
    if fault["type"] == "extra_forbidden":
        if isinstance(fault["input"], dict):  # [sites.youtube.com] is a table `com` in a table `youtube`
            return f'{name} means nothing there. Hosts stand in quotes: [sites."youtube.com"].'
        known = list(SiteTable.model_fields)
        near = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
        possible = f"Did you mean {' or '.join(near)}?" if near else f"Possible are {', '.join(known)}."
        return f"{name} means nothing there. {possible}"
    cause = fault.get("ctx", {}).get("error")
    return f"{name} {cause}." if isinstance(cause, ValueError) else f"{name} = {fault['input']!r}: {fault['msg']}."
