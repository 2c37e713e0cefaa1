"""The options that yt-dlp gets, as its command line spells them: the library reads the same ones.

Never among them: anything that runs a program, reads netrc or a browser's cookies, opens file URLs, loads plugins or
configuration, or writes a file.
"""

from collections.abc import Callable, Mapping
from typing import Any

from loguru import logger

FIXED = (
    "--ignore-config",
    "--no-plugin-dirs",
    "--no-cache-dir",
    "--no-remote-components",
    "--no-playlist",
    "--flat-playlist",
    "--no-mark-watched",
    "--no-cookies-from-browser",
    "--abort-on-error",
    "--concat-playlist=never",
    "--simulate",
    "--quiet",
    "--no-warnings",
    "--color=never",
    "--socket-timeout=20",
    "--extractor-retries=1",
    "--no-js-runtimes",
)


def _word(flag: str) -> Callable[[Any], list[str]]:
    def arguments(value: Any) -> list[str]:
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise TypeError("is text or a number")
        return [f"{flag}={value}"]

    return arguments


def _switch(flag: str) -> Callable[[Any], list[str]]:
    def arguments(value: Any) -> list[str]:
        if not isinstance(value, bool):
            raise TypeError("is true or false")
        return [flag] if value else []

    return arguments


def _extractor_args(value: Any) -> list[str]:
    """`{"youtube": {"player_client": ["tv"]}}`, as the library has it."""
    if not isinstance(value, Mapping):
        raise TypeError("is a table of extractors")
    found = []
    for extractor, settings in value.items():
        if not isinstance(settings, Mapping):
            raise TypeError("is a table of settings for each extractor")
        pairs = [f"{name}={','.join(map(str, _listed(said)))}" for name, said in settings.items()]
        found.append(f"--extractor-args={extractor}:{';'.join(pairs)}")
    return found


def _headers(value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        raise TypeError("is a table of headers")
    return [f"--add-headers={name}:{said}" for name, said in value.items()]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


# What an admin may set for a site, by the library's names.
ALLOWED: Mapping[str, Callable[[Any], list[str]]] = {
    "ap_mso": _word("--ap-mso"),
    "ap_password": _word("--ap-password"),
    "ap_username": _word("--ap-username"),
    "extractor_args": _extractor_args,
    "extractor_retries": _word("--extractor-retries"),
    "geo_bypass_country": _word("--xff"),
    "geo_bypass_ip_block": _word("--xff"),
    "http_headers": _headers,
    "impersonate": _word("--impersonate"),
    "nocheckcertificate": _switch("--no-check-certificates"),
    "password": _word("--password"),
    "prefer_insecure": _switch("--prefer-insecure"),
    "sleep_interval_requests": _word("--sleep-requests"),
    "socket_timeout": _word("--socket-timeout"),
    "twofactor": _word("--twofactor"),
    "username": _word("--username"),
    "videopassword": _word("--video-password"),
}

ASKS = {"username": "password", "ap_username": "ap_password"}  # on a terminal, when the other is missing


def site_arguments(options: Mapping[str, Any]) -> list[str]:
    """Arguments for what an admin set; what is not allowed or makes no sense is left out, and logged."""
    found = []
    for name, value in options.items():
        if name in ASKS and ASKS[name] not in options:
            logger.warning("the option {} of yt-dlp needs {} beside it", name, ASKS[name])
            continue
        try:
            found += ALLOWED[name](value)
        except KeyError:
            logger.warning("the option {} of yt-dlp can't be set for a site", name)
        except TypeError as error:
            logger.warning("the option {} of yt-dlp {}", name, error)
    return found


def arguments_of(
    *,
    headers: Mapping[str, str],
    proxy: str | None,
    options: Mapping[str, Any],
    subtitles: bool,
    deno: str | None,
) -> list[str]:
    """All arguments but the URL and what is asked of a playlist.

    Args:
        headers: sent with each request, cookies excepted.
        proxy: a URL; None: no proxy, whatever the environment says.
        options: what an admin set for the site, by the library's names.
        subtitles: whether they are looked for.
        deno: the path of the JavaScript runtime.
    """
    found = [*FIXED, f"--proxy={proxy or ''}", *site_arguments(options)]
    found += [f"--add-headers={name}:{value}" for name, value in headers.items()]
    if subtitles:
        found += ["--write-subs", "--write-auto-subs"]
    if deno:
        found.append(f"--js-runtimes=deno:{deno}")
    return found
