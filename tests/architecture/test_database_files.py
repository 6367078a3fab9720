"""One SQLite library, and one room that knows it."""

from __future__ import annotations

import ast
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src" / "ostinato"


def _imported(path: Path) -> set[str]:
    """Return the top names that a module imports, late imports as well."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_no_second_sqlite_library_is_ever_imported() -> None:
    """Two of them on one file in one process drop each other's locks."""
    found = {path for path in SOURCE.rglob("*.py") if _imported(path) & {"sqlite3", "aiosqlite", "pysqlite3"}}
    assert not found


def test_only_the_store_knows_its_database_library() -> None:
    found = {path.relative_to(SOURCE).parts[0] for path in SOURCE.rglob("*.py") if "apsw" in _imported(path)}
    assert found <= {"store", "testing"}
