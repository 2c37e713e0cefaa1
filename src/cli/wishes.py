"""What `add` and `fetch` let people wish of a link: the options of a row, with the texts that describe them there."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from core.errors import RequestRefused
from core.options import Options, checked_options


def _help(name: str) -> str:
    return (Options.model_fields[name].description or "").replace("`", "")


def _option(name: str, metavar: str | None = None) -> Any:
    return typer.Option(f"--{name}", metavar=metavar, help=_help(name), rich_help_panel="What is wanted of the link")


SWITCHES = ("quality", "audio", "clip", "items", "live", "subtitles", "thumbnail", "force", "to")
Quality = Annotated[str | None, _option("quality", "720p")]
Audio = Annotated[bool, _option("audio")]
Cut = Annotated[str | None, _option("clip", "0:30-1:10")]
Items = Annotated[str | None, _option("items", "1-5,8")]
Live = Annotated[int | None, _option("live", "MINUTES")]
Subtitles = Annotated[str | None, _option("subtitles", "en,de")]
Thumbnail = Annotated[bool, _option("thumbnail")]
Force = Annotated[bool, _option("force")]
More = Annotated[
    list[str] | None,
    typer.Option(
        "--option",
        metavar="NAME=VALUE",
        help=f"An option without a switch: {', '.join(name for name in Options.model_fields if name not in SWITCHES)}.",
        rich_help_panel="What is wanted of the link",
    ),
]


def wishes(more: Sequence[str] | None, *, to: str | Path | None = None, **switches: object) -> dict[str, Any]:
    """The options of a new row.

    Args:
        more: `name=value` each; a switch goes over them.
        to: the directory that the files go to, made when it is needed; or `s3://bucket/prefix`.
        switches: by the name of the option; what was not given is None or False.

    Raises:
        RequestRefused: a name or a value means nothing, or `to` can't be a directory.
    """
    given: dict[str, Any] = dict(_pair(text) for text in more or ())
    given |= {name: value for name, value in switches.items() if value is not None and value is not False}
    if to is not None:
        given["to"] = to if str(to).lower().startswith("s3://") else str(_directory(Path(to)))
    return checked_options(given)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise RequestRefused(f"--option {text}: write a name and a value, such as --option quality=720p.")
    return name.strip(), value


def _directory(to: Path) -> Path:
    directory = to.expanduser().resolve()
    if directory.exists() and not directory.is_dir():
        raise RequestRefused(f"{directory} is a file. Name a directory with --to.")
    return directory
