"""What SQLite and PostgreSQL say in different words: the clock, and whether a text is a time or a JSON object."""

from typing import Any

from sqlalchemy import Boolean, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

TIME = "YYYY-MM-DD HH24:MI:SS"


class utc_now(FunctionElement[str]):  # noqa: N801  (an SQL function, spelled as SQLAlchemy spells them)
    """The database's clock as UTC text, `YYYY-MM-DD HH:MM:SS`."""

    type = Text()
    inherit_cache = True


class utc_in(FunctionElement[str]):  # noqa: N801  (as above)
    """The same, moved by a number of seconds."""

    type = Text()
    inherit_cache = True

    def __init__(self, seconds: float) -> None:
        super().__init__(literal(f"{round(seconds):+d} seconds", Text()))


@compiles(utc_now, "sqlite")
def _utc_now_sqlite(_element: utc_now, _compiler: Any, **_: Any) -> str:
    return "(datetime('now'))"


@compiles(utc_in, "sqlite")
def _utc_in_sqlite(element: utc_in, compiler: Any, **how: Any) -> str:
    return f"(datetime('now', {compiler.process(element.clauses, **how)}))"


@compiles(utc_now, "postgresql")
def _utc_now_postgresql(_element: utc_now, _compiler: Any, **_: Any) -> str:
    return f"to_char((clock_timestamp() AT TIME ZONE 'UTC'), '{TIME}')"


@compiles(utc_in, "postgresql")
def _utc_in_postgresql(element: utc_in, compiler: Any, **how: Any) -> str:
    moved = f"CAST({compiler.process(element.clauses, **how)} AS interval)"
    return f"to_char((clock_timestamp() AT TIME ZONE 'UTC') + {moved}, '{TIME}')"


class _OfColumn(FunctionElement[bool]):
    """A condition on the column of this name."""

    type = Boolean()
    inherit_cache = False  # the name is part of the text

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column


class is_time(_OfColumn):  # noqa: N801  (as above)
    """Whether a column added later holds a time: beside a column, SQLAlchemy's `ddl_if` is not obeyed."""

    inherit_cache = False


@compiles(is_time, "sqlite")
def _is_time_sqlite(element: is_time, _compiler: Any, **_: Any) -> str:
    return f"{element.column} IS datetime({element.column}, '+0 days')"


@compiles(is_time, "postgresql")
def _is_time_postgresql(element: is_time, _compiler: Any, **_: Any) -> str:
    return f"to_char({element.column}::timestamp, '{TIME}') = {element.column}"


class is_json_object(_OfColumn):  # noqa: N801  (as above)
    """Whether a column of text holds a JSON object."""

    inherit_cache = False


@compiles(is_json_object, "sqlite")
def _is_json_object_sqlite(element: is_json_object, _compiler: Any, **_: Any) -> str:
    return f"json_valid({element.column}) AND json_type({element.column}) = 'object'"


@compiles(is_json_object, "postgresql")
def _is_json_object_postgresql(element: is_json_object, _compiler: Any, **_: Any) -> str:
    return f"jsonb_typeof({element.column}::jsonb) = 'object'"
