"""Prints the schema of core/tables.py as SQL: `python scripts/schema_sql.py sqlite` (or `postgresql`).

Until the first release it writes migrations/versions/0001_first.*.sql anew: `python scripts/schema_sql.py --write`.
"""

import sys
from pathlib import Path

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from core.tables import metadata

DIALECTS: dict[str, Dialect] = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}  # type: ignore[no-untyped-call]  # SQLAlchemy leaves them untyped
FIRST = Path(__file__).parents[1] / "migrations" / "versions"


def schema(dialect: Dialect) -> str:
    """All CREATE statements, each ended by a semicolon and an empty line."""
    statements = []
    for table in metadata.sorted_tables:
        statements.append(str(CreateTable(table).compile(dialect=dialect)))
        indexes = sorted(table.indexes, key=lambda index: str(index.name))
        statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in indexes]
    tidy = ("\n".join(line.rstrip().replace("\t", "    ") for line in text.strip().splitlines()) for text in statements)
    return ";\n\n".join(tidy) + "\n"


def main(argument: str) -> None:
    """Print the schema of one kind of database, or write the first migration."""
    if argument != "--write":
        print(schema(DIALECTS[argument]), end="")
        return
    for name, dialect in DIALECTS.items():
        (FIRST / f"0001_first.{name}.sql").write_text(schema(dialect), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
