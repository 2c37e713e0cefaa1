"""The reference of settings, by their groups."""

import inspect
import types
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from core.settings import Settings, variable_of
from core.settings.group import SettingsGroup
from scripts.settings_docs import default_of

BOUNDS = {Ge: ("ge", "{} or more"), Gt: ("gt", "more than {}"), Le: ("le", "{} or less"), Lt: ("lt", "less than {}")}


def settings_reference() -> str:
    """A section for each group with a table of its settings."""
    # In the order of the README: pydantic lists the fields of the last base first.
    groups = [base for base in reversed(Settings.__bases__) if issubclass(base, SettingsGroup)]
    return "\n\n".join(_section(group) for group in groups)


def _section(group: type[SettingsGroup]) -> str:
    title = (inspect.getdoc(group) or "").splitlines()[0].rstrip(".")
    rows = [f"## {title}", "", "| setting | default | meaning |", "|---|---|---|"]
    for field, info in group.model_fields.items():
        default = f"`{default_of(field)}`" if default_of(field) else ""
        meaning = (info.description or "").replace("|", "\\|")
        rows.append(f"| `{variable_of(field)}` | {default} | {meaning}{values_of(info)} |")
    return "\n".join(rows)


def values_of(info: FieldInfo) -> str:
    """What may stand there, in a few words behind the meaning; empty where default and meaning say it."""
    kinds = _kinds(info.annotation)
    choices = [f"`{choice}`" for kind in kinds if get_origin(kind) is Literal for choice in get_args(kind)]
    if choices:
        return f" *One of {', '.join(choices)}.*"
    words = [
        said.format(f"{getattr(bound, name):g}")
        for bound in info.metadata
        if type(bound) in BOUNDS
        for name, said in (BOUNDS[type(bound)],)
    ]
    number = "a whole number, " if int in kinds else ""
    said = f"{number}{', '.join(words)}"
    return f" *{said[0].upper()}{said[1:]}.*" if words else ""


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """The types of a union; the annotation itself where it is none."""
    return get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
