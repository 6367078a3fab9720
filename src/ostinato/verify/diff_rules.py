"""Reads a change before any check runs: scope, protected paths, weakened tests. Pure.

A path that the task's file scope names literally (not by a pattern) may be changed whatever it is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from ostinato.base.globs import matches

PROTECTED = (
    "AGENTS.md",
    "CLAUDE.md",
    "GEMINI.md",
    "**/AGENTS.md",
    "**/CLAUDE.md",
    ".cursorrules",
    ".windsurfrules",
    ".claude/**",
    ".cursor/**",
    ".codex/**",
    ".gemini/**",
    ".vscode/**",
    ".idea/**",
    ".ostinato/**",
    ".ci/**",
    ".github/**",
    ".gitlab-ci.yml",
    ".gitlab/**",
    ".circleci/**",
    ".travis.yml",
    "azure-pipelines.yml",
    "Jenkinsfile",
    ".gitattributes",
    ".gitmodules",
    ".mcp.json",
)

_TEST_FILE = re.compile(
    r"(^|/)(test_[^/]*\.py|[^/]*_test\.(py|go|rb|exs?)|[^/]*\.(test|spec)\.[cm]?[jt]sx?|conftest\.py)$"
    r"|(^|/)(tests?|__tests__|spec)/"
)
_SKIP = re.compile(
    r"@(unittest\.)?skip|pytest\.(mark\.)?(skip|xfail)|\.skipTest\(|raise (unittest\.)?SkipTest"
    r"|@(unittest\.)?expectedFailure|\b(it|test|describe)\.(skip|todo)\b|\bx(it|describe)\(|\bt\.Skip(Now|f)?\(|#\[ignore"
)
_TEST_NAME = re.compile(
    r"^\s*(?:async\s+)?def\s+(test\w*)|^func\s+(Test\w+)|\b(?:it|test)\(\s*['\"`]([^'\"`]+)|^\s*fn\s+(\w+)\s*\(\)",
    re.MULTILINE,
)
_ASSERTION = re.compile(r"\bassert\w*\b|\bexpect\(|\bt\.(?:Error|Errorf|Fatal|Fatalf)\(|\bpytest\.raises\b")


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One changed path with its text before and after; None where it did not or does not exist."""

    path: str
    before: str | None
    after: str | None


def violations(changed: Iterable[ChangedFile], scope: tuple[str, ...], protected: Collection[str]) -> tuple[str, ...]:
    """Return one line for each thing in the change that fails the verdict, sorted by path; empty when it is clean.

    `protected` are literal paths and patterns beside the built-in ones.
    """
    literal = {pattern.removeprefix("./") for pattern in scope if not _is_pattern(pattern)}
    found: list[str] = []
    for file in sorted(changed, key=lambda f: f.path):
        if file.path in literal:
            continue
        if matches(file.path, (*PROTECTED, *protected)):
            found.append(f"{file.path} is protected: only a task whose file scope names it may change it")
        elif scope and not matches(file.path, scope):
            found.append(f"{file.path} is outside the task's file scope ({', '.join(scope)})")
        else:
            found.extend(_weakened(file))
    return tuple(found)


def paths_named(commands: Iterable[str], existing: Collection[str]) -> frozenset[str]:
    """Return the files among `existing` that check commands name: paths, pytest node ids, dotted test modules.

    A command that runs `make` names the makefile.
    """
    named: set[str] = set()
    for command in commands:
        for word in _words(command):
            named.update(path for path in _readings(word) if path in existing)
    return frozenset(named)


def _readings(word: str) -> tuple[str, ...]:
    plain = word.split("::", 1)[0].rpartition("=")[2].removeprefix("./").removeprefix("/work/")
    dotted = plain.replace(".", "/")
    # `tests.test_x.Class.test_y`: the module is any prefix of the dotted name.
    modules = tuple(f"{parent}.py" for parent in (dotted, *map(str, PurePosixPath(dotted).parents)))
    makefiles = ("Makefile", "makefile", "GNUmakefile") if word == "make" else ()
    return (plain, *modules, *makefiles)


def _words(command: str) -> list[str]:
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        return list(lexer)
    except ValueError:
        return command.split()


def _is_pattern(glob: str) -> bool:
    return any(ch in glob for ch in "*?[") or glob.endswith("/")


def is_test_file(path: str) -> bool:
    """Tell whether a path looks like a test by the naming habits of the common runners."""
    return bool(_TEST_FILE.search(path))


def _weakened(file: ChangedFile) -> list[str]:
    if file.before is None or not is_test_file(file.path):
        return []
    if file.after is None:
        return [f"{file.path}: a test file was deleted"]
    found = []
    lost = _test_names(file.before) - _test_names(file.after)
    if lost:
        found.append(f"{file.path}: tests were removed: {', '.join(sorted(lost))}")
    if len(_SKIP.findall(file.after)) > len(_SKIP.findall(file.before)):
        found.append(f"{file.path}: a test is skipped or expected to fail now")
    if not lost and len(_ASSERTION.findall(file.after)) < len(_ASSERTION.findall(file.before)):
        found.append(f"{file.path}: assertions were removed")
    return found


def _test_names(text: str) -> set[str]:
    return {name for groups in _TEST_NAME.findall(text) for name in groups if name}
