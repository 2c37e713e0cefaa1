"""Whether files that hold secrets can be read by other users of this machine."""

from collections.abc import Iterator
from pathlib import Path

from cli.checks.finding import Finding, good, warning
from core.settings import Settings
from download_module.sites import file_of

NAME = "private files"
ENV_FILE = Path(".env")


def check_private_files(settings: Settings) -> Finding:
    """`.env`, the rules for sites, gallery-dl's configuration, the keys of aria2; `sites` looks at cookies."""
    exposed = [file for file in dict.fromkeys(_files(settings)) if _others_can_read(file)]
    if exposed:
        names = " ".join(map(str, exposed))
        return warning(NAME, f"other users of this machine can read secrets in {names}", f"chmod 600 {names}")
    return good(NAME, "only this user can read them")


def _files(settings: Settings) -> Iterator[Path]:
    yield ENV_FILE
    if (sites := file_of(settings)) is not None and _names_secrets(sites):
        yield sites
    if settings.gallery_dl_config_file is not None:
        yield settings.gallery_dl_config_file.expanduser()
    yield from sorted((settings.data_dir / "aria2").glob("aria2-*.conf"))


def _names_secrets(file: Path) -> bool:
    """Whether a file with rules for sites holds a login; without one everybody may read it."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    words = ("password", "token", "secret", "api-key", "api_key")
    return "@" in text or any(word in text.lower() for word in words)


def _others_can_read(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & 0o077)
    except OSError:
        return False
