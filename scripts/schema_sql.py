"""Prints the schema of core/tables.py as SQL: `python scripts/schema_sql.py sqlite` (or `postgresql`).

A migration that adds a column spells it as it stands there.
"""

import sys

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from core.tables import metadata

DIALECTS: dict[str, Dialect] = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}  # type: ignore[no-untyped-call]  # SQLAlchemy leaves them untyped


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
    """Print the schema of one kind of database."""
    print(schema(DIALECTS[argument]), end="")


if __name__ == "__main__":
    main(*sys.argv[1:])
