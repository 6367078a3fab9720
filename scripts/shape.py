"""Measures the house against its limits: `make shape` prints the table, `--json` gives the numbers to the test.

Counted are physical lines of the files under src/ostinato (empty ones left out), functions with their docstrings,
parameters without self and cls, imports wherever they stand but under TYPE_CHECKING. A broad except that re-raises is
cleaning up and does not count; a sleep inside a loop is polling and does not count. It changes nothing.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "ostinato"
TESTS = ROOT / "tests"
_BROAD = {"Exception", "BaseException"}
_MOCKS = {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "patch", "mocker", "create_autospec"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Measure:
    """One row: its name, what is found, the limit, and where the largest is."""

    name: str
    found: float
    at_most: float
    where: str = ""

    @property
    def holds(self) -> bool:
        """True when the limit is kept."""
        return self.found <= self.at_most


@dataclass(frozen=True, slots=True)
class Source:
    """One parsed file."""

    path: Path
    lines: int
    tree: ast.Module

    @property
    def name(self) -> str:
        """The path from the top of the repository."""
        return str(self.path.relative_to(ROOT))


def measures() -> list[Measure]:
    """Return all measures in the order of the table."""
    house, tests = _sources(PACKAGE), _sources(TESTS)
    files = [(source.lines, source.name) for source in house if source.lines]
    functions = [(_length(node), f"{s.name}:{node.name}") for s in house for node in _functions(s.tree)]
    parameters = [(_parameters(node), f"{s.name}:{node.name}") for s in house for node in _functions(s.tree)]
    classes = [
        (sum(isinstance(item, _FUNCTIONS) for item in node.body), f"{s.name}:{node.name}")
        for s in house
        for node in ast.walk(s.tree)
        if isinstance(node, ast.ClassDef)
    ]
    cycles = _cycles(_import_graph(house))
    count = sum(node.name.startswith("test_") for s in tests for node in _functions(s.tree))
    mocks = [place for s in tests for place in _mocks(s)]
    sleeps = [place for s in tests for place in _sleeps(s.tree, s.name)]
    broad = [place for s in house for place in _broad_excepts(s)]
    thousands = sum(lines for lines, _ in files) / 1000
    return [
        Measure("file lines, median", _share(files, 0.5), 150),
        Measure("file lines, p90", _share(files, 0.9), 350),
        Measure("file lines, max", *_largest(files, 500)),
        Measure("function lines, p90", _share(functions, 0.9), 30),
        Measure("function lines, max", *_largest(functions, 80)),
        Measure("parameters, max", *_largest(parameters, 7)),
        Measure("methods per class, max", *_largest(classes, 20)),
        Measure("import cycles, lazy counted", len(cycles), 0, "; ".join(" ".join(c) for c in cycles)),
        Measure("mocks per test", round(len(mocks) / max(count, 1), 3), 0.05, ", ".join(mocks[:5])),
        Measure("real sleeps in tests", len(sleeps), 0, ", ".join(sleeps)),
        Measure("broad excepts per 1,000 lines", round(len(broad) / max(thousands, 0.001), 2), 0.5, ", ".join(broad)),
    ]


def _sources(folder: Path) -> list[Source]:
    found = []
    for path in sorted(folder.rglob("*.py")):
        text = path.read_text("utf-8")
        found.append(Source(path, len(text.splitlines()), ast.parse(text)))
    return found


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS))


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    found = node.args
    named = [argument.arg for argument in (*found.posonlyargs, *found.args, *found.kwonlyargs)]
    rest = [argument for argument in (found.vararg, found.kwarg) if argument is not None]
    return len([name for name in named if name not in {"self", "cls"}]) + len(rest)


def _largest(found: list[tuple[int, str]], at_most: int) -> tuple[int, int, str]:
    most, where = max(found, default=(0, ""))
    over = [f"{place} {number}" for number, place in sorted(found, reverse=True) if number > at_most]
    return most, at_most, "; ".join(over) or where


def _share(found: list[tuple[int, str]], share: float) -> int:
    ordered = sorted(number for number, _ in found)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0


def _mocks(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name in _MOCKS:
            yield f"{source.name}:{name}"


def _sleeps(node: ast.AST, name: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.While, ast.For, ast.AsyncFor)):
            continue
        if isinstance(child, ast.Call) and _is_sleep(child):
            yield f"{name}:{child.lineno}"
        yield from _sleeps(child, name)


def _is_sleep(call: ast.Call) -> bool:
    function = call.func
    if isinstance(function, ast.Attribute):
        # A fake clock's sleep moves the clock.
        known = isinstance(function.value, ast.Name) and function.value.id in {"time", "asyncio"}
        named = function.attr == "sleep" and known
    else:
        named = isinstance(function, ast.Name) and function.id == "sleep"
    nothing = bool(call.args) and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
    return named and not nothing


def _broad_excepts(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.ExceptHandler):
            continue
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        broad = any(kind is None or (isinstance(kind, ast.Name) and kind.id in _BROAD) for kind in kinds)
        last = node.body[-1]
        if broad and not (isinstance(last, ast.Raise) and last.exc is None):
            yield f"{source.name}:{node.lineno}"


def _import_graph(sources: list[Source]) -> dict[str, set[str]]:
    names = {_module(source.path) for source in sources}
    return {_module(source.path): set(_imports(source.tree, names)) for source in sources}


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(node: ast.AST, names: set[str]) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names if alias.name in names)
        elif isinstance(child, ast.ImportFrom) and child.module in names:
            for alias in child.names:
                inner = f"{child.module}.{alias.name}"
                yield inner if inner in names else child.module
        else:
            yield from _imports(child, names)


def _cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the strongly connected components of more than one module."""
    reach = {module: _reachable(graph, module) for module in graph}
    found = {tuple(sorted(b for b in reach[a] if a in reach[b])) for a in graph if a in reach[a]}
    return [list(component) for component in sorted(found)]


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting.extend(graph[module])
    return seen


def main() -> None:
    """Print the table, or with --json the numbers."""
    found = measures()
    if "--json" in sys.argv[1:]:
        rows = [{"name": m.name, "found": m.found, "at_most": m.at_most, "where": m.where} for m in found]
        print(json.dumps(rows))
        return
    print(f"{'measure':<32}{'ours':>8}{'at most':>9}   largest")
    for measure in found:
        mark = " " if measure.holds else "!"
        print(f"{measure.name:<32}{measure.found:>8}{measure.at_most:>9} {mark} {measure.where}")


if __name__ == "__main__":
    main()
