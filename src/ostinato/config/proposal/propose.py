"""Makes one proposal of all that a repository holds: the parts in their folders, and the settings they amount to.

It reads file names and manifests at one commit and runs nothing. Settings come out as a project's file may say them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ostinato.config.proposal.found import Folder, Line, Part, Tree, shown
from ostinato.config.proposal.node import is_workspace, node_part
from ostinato.config.proposal.python import python_part
from ostinato.config.proposal.systems import go_part, is_cargo_workspace, make_part, rust_part

_MANIFESTS = {"pyproject.toml", "requirements.txt", "setup.py", "package.json", "Cargo.toml", "go.mod"}
_PASSED_OVER = {
    "node_modules", "vendor", "third_party", "examples", "example", "fixtures", "testdata", "test", "tests", "docs",
    "templates", "template", "samples", "dist", "build", "bench", "benchmarks",
}  # fmt: skip
_NOT_PROPOSED_FOR = {
    "pom.xml": "Maven", "build.gradle": "Gradle", "build.gradle.kts": "Gradle", "Gemfile": "Ruby",
    "composer.json": "PHP", "mix.exs": "Elixir", "CMakeLists.txt": "CMake", "meson.build": "Meson", "deno.json": "Deno",
    "Package.swift": "Swift", "pubspec.yaml": "Dart", "build.zig": "Zig", "justfile": "just", "Taskfile.yml": "Task",
}  # fmt: skip
_DEPTH = 3
_MOST = 12


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was found, and what could not be decided about the repository as a whole."""

    parts: tuple[Part, ...]
    undecided: tuple[str, ...]

    def setup(self) -> list[Line]:
        """Return the setup commands as they run at the top of a checkout."""
        return _unique(_at_top(part, line) for part in self.parts for line in part.setup)

    def checks(self) -> list[Line]:
        """Return the checks as they run at the top of a checkout."""
        return _unique(_at_top(part, line) for part in self.parts for line in part.checks)

    def inputs(self) -> list[str]:
        """Return the files that setup depends on, relative to the top."""
        return list(dict.fromkeys(_path(part.folder, name) for part in self.parts for name in part.inputs))


def propose(tree: Tree) -> Proposal:
    """Return the proposal for a repository."""
    folders, undecided = _folders(tree)
    parts: list[Part] = []
    for path in folders:
        folder = Folder(tree, path)
        found = [part for make in (python_part, node_part, rust_part, go_part) if (part := make(folder))]
        parts += [part for part in found if not _covered(tree, part, folders)]
    make = make_part(Folder(tree, ""), any(part.checks for part in parts))
    parts += [make] if make else []
    undecided += [
        f"{name} is there, but nothing is proposed for {kind}: write its commands yourself"
        for name, kind in _NOT_PROPOSED_FOR.items()
        if name in tree.files
    ]
    said = [(part.folder, remark) for part in parts for remark in part.open]
    undecided += [shown(f"{folder}: {remark}" if folder else remark) for folder, remark in said]
    return Proposal(tuple(parts), tuple(dict.fromkeys(undecided)))


def _folders(tree: Tree) -> tuple[list[str], list[str]]:
    """Return the top and the folders with manifests of their own, and what was passed over."""
    found: dict[str, None] = {}
    remarks: list[str] = []
    for name in tree.files:
        path = PurePosixPath(name)
        parts = path.parent.parts
        if path.name not in _MANIFESTS or not parts or len(parts) > _DEPTH or set(parts) & _PASSED_OVER:
            continue
        if any(part.startswith(".") for part in parts):
            continue
        if str(path.parent).isprintable():
            found[str(path.parent)] = None
    kept = sorted(found)
    if len(kept) > _MOST:
        remarks.append(f"{len(kept)} folders have manifests of their own; only the first {_MOST} are proposed for")
    return ["", *kept[:_MOST]], remarks


def _covered(tree: Tree, part: Part, folders: list[str]) -> bool:
    """Tell whether a workspace above installs and checks this part with its own."""
    if not part.folder:
        return _empty_top(part, folders)
    above = [str(path) for path in PurePosixPath(part.folder).parents]
    for path in ("" if one == "." else one for one in above):
        folder = Folder(tree, path)
        if part.kind.startswith("Node") and "package.json" in folder and is_workspace(folder):
            return True
        if part.kind.startswith("Rust") and is_cargo_workspace(folder):
            return True
        if part.kind == "Go" and "go.work" in folder:
            return True
        if part.kind.startswith("Python") and "[tool.uv.workspace]" in folder.read("pyproject.toml"):
            return True
    return False


def _empty_top(part: Part, folders: list[str]) -> bool:
    """Tell whether the top was taken for Python only by tests that belong to the folders below."""
    own = [name for name in part.files if not any(name.startswith(f"{folder}/") for folder in folders if folder)]
    return not own


def _at_top(part: Part, line: Line) -> Line:
    if not part.folder:
        return line
    return Line(f"cd {shlex.quote(part.folder)} && {line.command}", f"{part.folder}: {line.why}")


def _path(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _unique(lines: Iterator[Line]) -> list[Line]:
    return list({line.command: line for line in lines}.values())
