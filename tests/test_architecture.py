"""The rules about imports: .importlinter has them; src/bot.py, a lone module, is looked at here."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"


def _imports(path: Path) -> set[str]:
    """The first names of all that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_the_import_contracts_are_kept() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    checked = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr


def test_the_entry_point_of_the_bot_speaks_no_sql_and_no_rpc() -> None:
    assert not _imports(SOURCE / "bot.py") & {"sqlalchemy", "alembic", "aiosqlite", "asyncpg", "sqlite3", "aria2p"}


def test_no_lower_layer_imports_the_entry_point_of_the_bot() -> None:
    lower = [path for name in ("core", "download_module", "upload_module") for path in (SOURCE / name).rglob("*.py")]
    assert [path for path in lower if "bot" in _imports(path)] == []


def test_every_package_of_ours_is_under_contract() -> None:
    packages = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    contracts = (ROOT / ".importlinter").read_text(encoding="utf-8")
    listed = contracts.partition("root_packages =")[2].partition("include_external")[0].split()
    assert packages == set(listed)
