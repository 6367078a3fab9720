"""What an attempt tried and what came of it: in few words, and as what can be compared. Pure; no model is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ostinato.base.diffstat import diffstat
from ostinato.base.sameness import lasting
from ostinato.base.text import clip, many, one_line
from ostinato.graph.iterations import Iteration

CIRCLING = "going in circles: "
"""How a reason begins that says so; it stands with an attempt's reasons and is no evidence against the work."""

Attempted = tuple[str, str, Sequence[str]]
"""A name, the diff, and the reasons against it."""

_FILES = 6
_REASON = 200
_FIRST = 60
_ALIKE = 0.8


def evidence_of(reasons: Iterable[str]) -> str:
    """Return what is equal for the same failing evidence, "" without any; times and places are left out."""
    said = sorted(lasting(one_line(reason)) for reason in reasons if not reason.startswith(CIRCLING))
    return "\n".join(said)


def change_of(diff: str) -> str:
    """Return what is equal for the same change, wherever in a file it stands; "" for none."""
    return "\n".join(_body(diff))


def alike(one: str, other: str) -> bool:
    """Tell whether two diffs change the same files in nearly the same way."""
    first, second = set(_body(one)), set(_body(other))
    if not first or not second:
        return False
    return len(first & second) / len(first | second) >= _ALIKE


def changed_words(diff: str) -> str:
    """Return which files a diff changes and how much, in few words."""
    files = diffstat(diff)
    if not files:
        return "changed nothing"
    shown = [f"{clip(one_line(one.path), 80)} (+{one.added} -{one.removed})" for one in files[:_FILES]]
    if first := next((line[1:].strip() for line in _body(diff) if line.startswith("+") and line[1:].strip()), ""):
        # Two attempts at one file look alike without a word of what they wrote.
        shown[0] = f"{shown[0][:-1]}: {clip(one_line(first), _FIRST)})"
    more = f" and {many(len(files) - _FILES, 'file')} more" if len(files) > _FILES else ""
    return f"changed {', '.join(shown)}{more}"


def tried_words(diff: str, reasons: Sequence[str]) -> str:
    """Return what was tried and how it failed as one line: the change, and the first reason against it."""
    against = [one_line(reason) for reason in reasons if not reason.startswith(CIRCLING)]
    why = f": {clip(against[0], _REASON)}" if against else ""
    more = f" (and {many(len(against) - 1, 'more reason')})" if len(against) > 1 else ""
    return f"{changed_words(diff)}{why}{more}"


def tried_lines(iterations: Sequence[Iteration], most: int, *, last: Attempted | None = None) -> tuple[str, ...]:
    """Return one line per attempt that counted, the oldest first; of many only the latest `most`.

    `last` is one that is not recorded yet. The same failure as before is not said again in full.
    """
    attempts: list[Attempted] = [(one.id, one.diff, one.reasons) for one in iterations if used_up(one)]
    lines, before = [], ""
    for name, diff, reasons in [*attempts, *([last] if last else [])][-most:]:
        evidence = evidence_of(reasons)
        same = bool(evidence) and evidence == before
        words = f"{changed_words(diff)}: failed in the same way" if same else tried_words(diff, reasons)
        lines.append(f"{name}: {words}")
        before = evidence
    return tuple(lines)


def used_up(iteration: Iteration) -> bool:
    """Tell whether an iteration was an attempt that failed: it ended, was judged, and its work was not taken."""
    return iteration.decision in {"retry", "fail"} or (iteration.decision == "park" and iteration.verdict is not None)


def _body(diff: str) -> list[str]:
    lines = (line for line in diff.splitlines() if line[:1] in {"+", "-"} or line.startswith("diff --git "))
    return [line for line in lines if not line.startswith(("+++ ", "--- "))]
