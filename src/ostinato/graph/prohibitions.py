"""What a decision may forbid, and a prohibition in force as a value. Pure; whether a change goes against one is the
business of `verify.forbidden`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ostinato.base.errors import RuleError
from ostinato.base.globs import matches
from ostinato.base.ids import NodeId
from ostinato.base.text import clip, one_line
from ostinato.graph.details import DecisionDetails
from ostinato.graph.texts import require_text

_PACKAGE = re.compile(r"@?\w[\w.+/:-]*", re.ASCII)
_ANYTHING = ("\x01", "\x01/\x02")
"""Paths that nobody names: a pattern that covers one of them covers all of their depth."""


@dataclass(frozen=True, slots=True)
class Prohibition:
    """What a decision forbids now; `title` is the decision's."""

    decision: NodeId
    title: str
    paths: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()


def require_prohibitions(details: DecisionDetails) -> None:
    """Raise RuleError for a pattern that leaves the project or covers all of it, and for what names no package."""
    for pattern in details.forbids_paths:
        if problem := path_problem(pattern):
            raise RuleError(f"a decision cannot forbid the path {_shown(pattern)}: {problem}")
    for name in details.forbids_dependencies:
        if problem := dependency_problem(name):
            raise RuleError(f"a decision cannot forbid the dependency {_shown(name)}: {problem}")


def path_problem(pattern: str) -> str:
    """Return why a decision cannot forbid this pattern, with what to write instead; "" where it can."""
    if not pattern.strip() or any(ord(character) < 32 for character in pattern):
        return "it is empty or has control characters: write a path or a pattern relative to the project's root"
    if pattern.startswith(("/", "~")) or "\\" in pattern or ".." in pattern.split("/"):
        return "it leads out of the project: write a path or a pattern relative to the project's root"
    if any(matches(path, (pattern,)) for path in _ANYTHING):
        return "it covers every file: name those that are meant"
    require_text("a pattern", pattern)
    return ""


def dependency_problem(name: str) -> str:
    """Return why a decision cannot forbid this name, with what to write instead; "" where it can."""
    if _PACKAGE.fullmatch(name):
        return ""
    return "write the name of one package, without a version, as its manifest does (requests, @scope/name, group:name)"


def forbidden_words(paths: tuple[str, ...], dependencies: tuple[str, ...]) -> str:
    """Return what is forbidden in a few words on one line, "" where nothing is."""
    found = [f"paths {', '.join(map(one_line, paths))}"] if paths else []
    found += [f"dependencies {', '.join(map(one_line, dependencies))}"] if dependencies else []
    return "; ".join(found)


def _shown(text: str) -> str:
    return repr(clip(one_line(text), 80))
