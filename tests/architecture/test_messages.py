"""No text of the program holds a destructive command that could be pasted; what the tests provoke is held as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harmless import destructive

SOURCE = Path(__file__).resolve().parents[2] / "src" / "ostinato"
CARRIED_OUT = {("store", "DROP"), ("store", "DELETE"), ("sandbox", "kill")}
FILES = sorted(path for path in SOURCE.rglob("*.py") if "testing" not in path.parts and "demo_files" not in path.parts)


def _docstrings(tree: ast.AST) -> set[int]:
    """Return the ids of the nodes that document what stands around them: nobody is told those."""
    found = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            found |= {
                id(one.value) for one in body if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)
            }
    return found


def _is_command(node: ast.AST) -> bool:
    decorators = getattr(node, "decorator_list", [])
    return any("command" in ast.dump(one) or "group" in ast.dump(one) for one in decorators)


def texts(source: str) -> Iterator[str]:
    """Yield the texts of a module as they may be told: f-strings whole, with a word in the place of each value.

    The docstring of a command is its help, and so is told.
    """
    tree = ast.parse(source)
    inside = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in ast.walk(node) if part is not node}
            parts = (str(part.value) if isinstance(part, ast.Constant) else "VALUE" for part in node.values)
            yield "".join(parts)
        elif isinstance(node, ast.FunctionDef) and _is_command(node):
            yield ast.get_docstring(node) or ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


@pytest.mark.parametrize(
    "text",
    [
        "remove it: `rm -rf VALUE`",
        "`git reset --hard HEAD` helps",
        "git -C VALUE clean -fdx",
        "`git push --force origin`",
        "ostinato discard VALUE --yes",
        "ostinato --project x project remove VALUE --yes",
        "run ostinato init --force",
        "DROP TABLE nodes",
    ],
)
def test_a_destructive_command_is_known_when_it_is_seen(text: str) -> None:
    assert destructive(text)
    assert destructive(next(texts(f"raise UsageError(f'''{text} {{one}}''')")))


@pytest.mark.parametrize(
    "text", ["`git branch VALUE HEAD` keeps it", "prune asks first: --yes answers it", "git show x"]
)
def test_what_destroys_nothing_is_no_destructive_command(text: str) -> None:
    assert destructive(text) is None


def test_no_text_of_the_program_holds_a_destructive_command() -> None:
    assert len(FILES) > 100
    found = []
    for path in FILES:
        for text in texts(path.read_text("utf-8")):
            # What the store says to SQLite and the sandbox to its shell is carried out, not told.
            if (seen := destructive(text)) and (path.parent.name, seen.split()[0]) not in CARRIED_OUT:
                found.append(f"{path.relative_to(SOURCE)}: {seen!r} in {text[:120]!r}")
    assert found == []


def test_no_prompt_holds_a_destructive_command() -> None:
    pages = [*SOURCE.rglob("*.md"), *SOURCE.rglob("*.txt")]
    assert pages
    assert [path.name for path in pages if destructive(path.read_text("utf-8"))] == []
