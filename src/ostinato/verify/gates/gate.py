"""Reads a change as code and tells what must not be added: placeholders, swallowed errors, empty tests, copies.

Only what the change adds counts: a function that stood in a changed file before, under whatever path, is nobody's
fault. What could not be read is said in the notes, never taken as clean.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ostinato.base.globs import matches
from ostinato.base.text import one_line
from ostinato.graph.types import Node
from ostinato.verify.diff_rules import ChangedFile, is_test_file
from ostinato.verify.gates import GATES, clones
from ostinato.verify.gates.empty_tests import asserting, proves_nothing
from ostinato.verify.gates.functions import Function, functions_in, text_of
from ostinato.verify.gates.grammar import Source, UnreadError, language_of, parsed
from ostinato.verify.gates.index import SHARED, Index, Outline
from ostinato.verify.gates.stubs import placeholder, unfinished
from ostinato.verify.gates.swallowed import swallowed_in
from ostinato.verify.types import Files

_ALLOWANCE = re.compile(r"(?i)^\s*gate (\w+) allows? (\S.*)$")
_MOST_REASONS = 20
_MOST_TEXT = 2_000_000
_READ_SECONDS = 60.0
_BATCH = 64
_CANDIDATES = 6
_COMMON = 4


@dataclass(frozen=True, slots=True)
class Gates:
    """Which gates stand, and where each does not: name → globs."""

    names: frozenset[str] = frozenset(GATES)
    allowed: Mapping[str, tuple[str, ...]] | None = None

    def stand(self, name: str, path: str) -> bool:
        """Tell whether a gate stands for a path."""
        return name in self.names and not matches(path, (self.allowed or {}).get(name, ()))


@dataclass(frozen=True, slots=True)
class Found:
    """What fails the verdict, and what could not be looked at."""

    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def gates_of(task: Node, names: Iterable[str]) -> Gates:
    """Return the gates that stand for a task: an acceptance criterion `gate NAME allows GLOB, …` opens one for paths.

    Criteria of a task that an agent made for itself open nothing.
    """
    allowed: dict[str, tuple[str, ...]] = {}
    for said in () if _made_by_agent(task) else task.task.acceptance_criteria:
        if match := _ALLOWANCE.match(said):
            globs = tuple(glob.strip().strip("`") for glob in match[2].split(",") if glob.strip())
            allowed[match[1].lower()] = (*allowed.get(match[1].lower(), ()), *globs)
    return Gates(frozenset(names), allowed)


def _made_by_agent(task: Node) -> bool:
    return bool(task.created_by) and str(task.created_by).startswith("agent")


async def examined(
    changed: Sequence[ChangedFile], task: Node, gates: Gates, tree: str, files: Files, index: Index = SHARED
) -> Found:
    """Return what the gates say of a change whose tree is `tree`; nothing of languages that they do not know."""
    known = [file for file in changed if language_of(file.path)]
    if not gates.names or not any(file.after for file in known):
        return Found()
    change = await asyncio.to_thread(_Read, known)
    reasons = await asyncio.to_thread(_in_functions, change, gates, _words(task))
    found, notes = await _copies(change, gates, tree, files, index)
    listed = [one_line(reason) for _, _, reason in sorted([*reasons, *found])]
    more = [f"… and {len(listed) - _MOST_REASONS} more places like these"] if len(listed) > _MOST_REASONS else []
    return Found((*listed[:_MOST_REASONS], *more), (*map(one_line, change.notes), *notes))


class _Read:
    """The changed files as code, before and after."""

    def __init__(self, changed: Sequence[ChangedFile]) -> None:
        self.notes: list[str] = []
        self._size = 0
        self.after: list[Source] = []
        self.before: list[Source] = []
        for file in changed:
            if file.after is not None and file.after != file.before:
                self._take(file.path, file.after)
            if file.before is not None and file.after != file.before and (source := _quietly(file.path, file.before)):
                self.before.append(source)
        self.old = [function for source in self.before for function in functions_in(source)]
        self.paths = frozenset(file.path for file in changed if file.after != file.before)

    def _take(self, path: str, text: str) -> None:
        try:
            if self._size > _MOST_TEXT:
                raise UnreadError("the change is too large")
            source = parsed(path, text)
        except UnreadError as error:
            self.notes.append(f"{path} was not looked at by the gates: {error}")
            return
        self._size += len(text)
        self.after.append(source)
        if source.broken is not None:
            self.notes.append(f"{path}:{source.broken} could not be read as code: the gates did not look at that part")


def _quietly(path: str, text: str) -> Source | None:
    try:
        return parsed(path, text)
    except UnreadError:
        return None


_Reason = tuple[str, int, str]


def _in_functions(change: _Read, gates: Gates, wanted: str) -> list[_Reason]:
    old = Counter(function.digest for function in change.old)
    handlers = Counter(text_of(clause) for source in change.before for clause, _ in swallowed_in(source, False))
    found: list[_Reason] = []
    for source in change.after:
        functions = list(functions_in(source))
        is_test = is_test_file(source.path)
        helpers = asserting(functions) if is_test else frozenset()
        for function in functions:
            if old[function.digest] > 0:
                old[function.digest] -= 1
                continue
            if gates.stand("stubs", source.path) and not is_test:
                found += _stub(function, wanted, change)
            if gates.stand("tests", source.path) and (why := proves_nothing(function, is_test, helpers)):
                found.append((source.path, function.start, f"{source.path}:{function.start} {why}"))
        if gates.stand("errors", source.path):
            for clause, words in swallowed_in(source, is_test):
                line, text = clause.start_point.row + 1, text_of(clause)
                handlers[text] -= 1
                if handlers[text] < 0:
                    found.append((source.path, line, f"{source.path}:{line} {words}"))
    return found


def _stub(function: Function, wanted: str, change: _Read) -> list[_Reason]:
    path = function.source.path
    if why := placeholder(function, wanted):
        same = [
            one for one in change.old if (one.name, one.owner, one.source.path) == (function.name, function.owner, path)
        ]
        if any(placeholder(one, "") for one in same):
            return []  # it was one before
        return [(path, function.start, f"{path}:{function.start} {function.shown} {why}")]
    return [(path, line, f"{path}:{line} {function.shown} {words}") for line, words in unfinished(function)]


def _words(task: Node) -> str:
    details = task.task
    said = (task.title, task.description or "", *details.acceptance_criteria, *(c.command for c in details.checks))
    return "\n".join(said)


async def _copies(
    change: _Read, gates: Gates, tree: str, files: Files, index: Index
) -> tuple[list[_Reason], list[str]]:
    """Compare the functions that the change adds to with all others of the tree, those of the change included."""
    now, added = await asyncio.to_thread(_new_units, change)
    new = [n for n, unit in enumerate(now) if _worth(unit, added[n]) and gates.stand("clones", unit.path)]
    if not new:
        return [], []
    wanted = {(language_of(now[n].path), is_test_file(now[n].path)) for n in new}
    blobs = {
        path: blob
        for path, blob in (await files.blobs(tree)).items()
        if path not in change.paths and (language_of(path), is_test_file(path)) in wanted
    }
    outlines, notes = await _outlines(tree, blobs, files, index)
    near = await asyncio.to_thread(_candidates, [now[n] for n in new], outlines)
    texts = await files.read(tree, tuple(sorted({path for one in near for path, _ in one})))
    return await asyncio.to_thread(_compared, now, added, new, near, texts), notes


def _new_units(change: _Read) -> tuple[list[clones.Unit], list[tuple[bool, ...]]]:
    now = [unit for source in change.after for unit in clones.units_in(source)]
    before = [unit for source in change.before for unit in clones.units_in(source, least=1)]
    return now, clones.added_statements(now, before)


def _least(path: str) -> int:
    return clones.LEAST_IN_TESTS if is_test_file(path) else clones.LEAST


def _worth(unit: clones.Unit, added: Sequence[bool]) -> bool:
    return sum(added) >= _least(unit.path)


_Outlines = dict[str, tuple[Outline, ...]]


async def _outlines(tree: str, blobs: Mapping[str, str], files: Files, index: Index) -> tuple[_Outlines, list[str]]:
    """Return what the functions of these files look like; those not remembered are read, for a bounded time."""
    found: _Outlines = {}
    unread = []
    for path, blob in blobs.items():
        held = index.get(blob, path)
        if held is None:
            unread.append(path)
        else:
            found[path] = held
    until = time.monotonic() + _READ_SECONDS
    for start in range(0, len(unread), _BATCH):
        if time.monotonic() > until:
            left = len(unread) - start
            return found, [f"{left} files were not yet compared with: reading them took more than {_READ_SECONDS:g} s"]
        batch = tuple(unread[start : start + _BATCH])
        texts = await files.read(tree, batch)
        for path in batch:
            text = texts[path] or ""
            found[path] = await asyncio.to_thread(index.read, blobs[path], path, text)
    return found, []


def _candidates(new: Sequence[clones.Unit], outlines: _Outlines) -> list[list[tuple[str, int]]]:
    """Return for each unit the places (path, first line) of the functions that share most with it."""
    found = []
    for unit in new:
        wanted = frozenset(unit.shapes)
        scored = [
            (common, path, one.start)
            for path, ones in outlines.items()
            if language_of(path) == language_of(unit.path) and is_test_file(path) == is_test_file(unit.path)
            for one in ones
            if (common := len(wanted & one.shapes)) >= _COMMON
        ]
        scored.sort(key=lambda one: (-one[0], one[1], one[2]))
        found.append([(path, start) for _, path, start in scored[:_CANDIDATES]])
    return found


def _compared(
    now: list[clones.Unit],
    added: list[tuple[bool, ...]],
    new: list[int],
    near: list[list[tuple[str, int]]],
    texts: Mapping[str, str | None],
) -> list[_Reason]:
    there = {
        (path, unit.start): unit
        for path, text in texts.items()
        if text and (source := _quietly(path, text))
        for unit in clones.units_in(source)
    }
    found = []
    for place, candidates in zip(new, near, strict=True):
        unit = now[place]
        others = [there[one] for one in candidates if one in there]
        # Within the change, each pair once: the later one repeats the earlier, or what stood there already.
        others += [
            other
            for n, other in enumerate(now)
            if n != place
            and is_test_file(other.path) == is_test_file(unit.path)
            and language_of(other.path) == language_of(unit.path)
            and (n < place or not _worth(other, added[n]))
            and len(set(other.shapes) & set(unit.shapes)) >= _COMMON
        ]
        made = [copy for other in others if (copy := clones.copy_of(unit, added[place], other, _least(unit.path)))]
        if made:
            best = max(made, key=lambda copy: copy.weight)
            found.append((unit.path, best.lines[0], str(best)))
    return found
