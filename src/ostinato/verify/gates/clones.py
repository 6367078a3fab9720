"""Compares functions statement by statement, and tells which part of one repeats another. Pure.

Two parts repeat each other when their statements look the same without names and values, when the names stand for each
other one to one, and when most of what they work with (attributes, called functions) is the same. The shortest
statements (a bare return) weigh half, and one that repeats within a part counts twice at most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from ostinato.verify.gates.grammar import Source
from ostinato.verify.gates.statements import Statement, outer_functions, statements_of

if TYPE_CHECKING:
    from tree_sitter import Node

LEAST = 6
"""Statements from which a copy counts."""
LEAST_IN_TESTS = 15
_GAP = 2
_COMPARED = 400


@dataclass(frozen=True, slots=True)
class Unit:
    """A function that may be copied: where it stands and its statements."""

    path: str
    node: Node
    statements: tuple[Statement, ...]
    shapes: tuple[int, ...]

    @property
    def start(self) -> int:
        """The first line."""
        return self.node.start_point.row + 1


@dataclass(frozen=True, slots=True)
class Copy:
    """Lines of a new function that repeat lines of another; `renamed` when names differ."""

    path: str
    lines: tuple[int, int]
    original: str
    original_lines: tuple[int, int]
    renamed: bool
    weight: float

    def __str__(self) -> str:
        how = " (renamed)" if self.renamed else ""
        there = f"{self.original}:{self.original_lines[0]}-{self.original_lines[1]}"
        return f"{self.path}:{self.lines[0]}-{self.lines[1]} repeats {there}{how}: use or move that"


def units_in(source: Source, least: int = LEAST) -> list[Unit]:
    """Return the outermost functions of a file that have enough statements to be a copy or to be copied."""
    found = []
    for node in outer_functions(source):
        statements = tuple(statements_of(node))
        if len(statements) >= least:
            found.append(Unit(source.path, node, statements, tuple(one.shape for one in statements)))
    return found


def copy_of(new: Unit, added: Sequence[bool], old: Unit, least: int) -> Copy | None:
    """Return the largest part of `new` that the change added and that repeats a part of `old`, or None."""
    found = [made for pairs in _parts(new, old, added) if (made := _judged(new, old, pairs, least))]
    return max(found, key=lambda one: one.weight, default=None)


def added_statements(units: Iterable[Unit], before: Iterable[Unit]) -> list[tuple[bool, ...]]:
    """Tell for each statement of each unit whether the change added it; what was moved was not.

    `units` are all functions of the changed files as they are now, `before` as they were. Functions that stand as they
    were take their own statements first.
    """
    listed = list(units)
    exact = [tuple(one.exact for one in unit.statements) for unit in listed]
    old = [tuple(one.exact for one in unit.statements) for unit in before]
    left = Counter(statement for unit in old for statement in unit)
    kept = Counter(old)
    found: list[tuple[bool, ...] | None] = []
    for unit in exact:
        same = kept[unit] > 0
        kept[unit] -= same
        left.subtract(unit if same else ())
        found.append(tuple(False for _ in unit) if same else None)
    for place, unit in enumerate(exact):
        if found[place] is None:
            found[place] = tuple(_is_added(statement, left) for statement in unit)
    return [one or () for one in found]


def _is_added(statement: int, left: Counter[int]) -> bool:
    if left[statement] > 0:
        left[statement] -= 1
        return False
    return True


def _parts(new: Unit, old: Unit, added: Sequence[bool]) -> list[list[tuple[int, int]]]:
    """Return lists of pairs (place in new, place in old): runs with small gaps, and all of it in any order."""
    ours, theirs = new.shapes[:_COMPARED], old.shapes[:_COMPARED]
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    pairs = [(b.a + n, b.b + n) for b in matcher.get_matching_blocks() for n in range(b.size)]
    runs: list[list[tuple[int, int]]] = []
    for pair in pairs:
        if not added[pair[0]]:
            continue
        last = runs[-1][-1] if runs else None
        if last is not None and pair[0] - last[0] <= _GAP + 1 and pair[1] - last[1] <= _GAP + 1:
            runs[-1].append(pair)
        else:
            runs.append([pair])
    places: dict[int, list[int]] = {}
    for place in reversed(range(len(theirs))):
        places.setdefault(theirs[place], []).append(place)
    any_order = [(n, places[shape].pop()) for n, shape in enumerate(ours) if added[n] and places.get(shape)]
    if len(any_order) >= 0.75 * len(ours) and len(any_order) >= 0.6 * len(theirs):
        runs.append(any_order)
    return runs


def _judged(new: Unit, old: Unit, pairs: list[tuple[int, int]], least: int) -> Copy | None:
    if len(pairs) < least:
        return None
    ours = [new.statements[a] for a, _ in pairs]
    theirs = [old.statements[b] for _, b in pairs]
    weight = _weight(ours)
    if weight < 0.75 * least or sum(len(one.leaves) for one in ours) < 7 * least:
        return None
    locals_, others, same = _names(ours, theirs)
    whole = len(pairs) >= 0.8 * max(len(new.shapes), len(old.shapes))
    if locals_ < 0.8 or others < (0.5 if whole else 0.7):
        return None
    return Copy(
        path=new.path,
        lines=(min(one.start for one in ours), max(one.end for one in ours)),
        original=old.path,
        original_lines=(min(one.start for one in theirs), max(one.end for one in theirs)),
        renamed=not same,
        weight=weight,
    )


def _weight(statements: list[Statement]) -> float:
    seen: Counter[int] = Counter()
    total = 0.0
    for one in statements:
        seen[one.shape] += 1
        if seen[one.shape] <= 2:
            total += 0.5 if len(one.leaves) <= 3 else 1.0
    return total


def _names(ours: list[Statement], theirs: list[Statement]) -> tuple[float, float, bool]:
    """Return the share of local names that stand for each other one to one, the share of attributes and callees that
    are the same, and whether all names are."""
    pairs = [pair for a, b in zip(ours, theirs, strict=True) for pair in zip(a.names, b.names, strict=False)]
    plain = [pair for pair in pairs if not pair[0].startswith(".")]
    dotted = [pair for pair in pairs if pair[0].startswith(".")]
    forth: dict[str, Counter[str]] = {}
    back: dict[str, Counter[str]] = {}
    for a, b in plain:
        forth.setdefault(a, Counter())[b] += 1
        back.setdefault(b, Counter())[a] += 1
    steady = sum(forth[a].most_common(1)[0][0] == b and back[b].most_common(1)[0][0] == a for a, b in plain)
    equal = sum(a == b for a, b in dotted)
    return (
        steady / len(plain) if plain else 1.0,
        equal / len(dotted) if dotted else 1.0,
        all(a == b for a, b in pairs),
    )
