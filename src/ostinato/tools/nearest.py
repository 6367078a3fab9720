"""Where in a file stands what an edit probably meant: said in a refusal, never acted upon. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from heapq import nlargest

_PLACES = 3
_LINES = 3
_WIDEST = 72
_COMPARED_LINES = 50_000
_MATCHED_LINES = 100
_COMPARED_COLUMNS = 200
_LEAST_LIKENESS = 0.55


def nearest(text: str, old: str) -> str:
    """Return the lines most like the first of `old` that says something, the best with what follows."""
    wanted = [line.strip() for line in old.splitlines() if line.strip()]
    lines = text.splitlines()
    best = _most_like(lines, wanted[0][:_COMPARED_COLUMNS]) if wanted else []
    if not best:
        return " Nothing there is like it: read the file again."
    shown = {best[0]: min(_LINES, len(wanted))}
    rows = []
    for place in sorted(best):
        rows += [_row(lines, at) for at in range(place, min(place + shown.get(place, 1), len(lines)))]
    return " The nearest places:\n" + "\n".join(rows)


def _most_like(lines: list[str], anchor: str) -> list[int]:
    """Return the places of the lines most like `anchor`, the best first, none within what is shown of another."""
    pairs = _pairs(anchor)
    alike = ((len(pairs & _pairs(line)), -place) for place, line in enumerate(lines[:_COMPARED_LINES]))
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(anchor)
    scored: list[tuple[float, int]] = []
    for _, place in nlargest(_MATCHED_LINES, alike):
        matcher.set_seq1(lines[-place].strip()[:_COMPARED_COLUMNS])
        likeness = matcher.ratio()
        if likeness >= _LEAST_LIKENESS:
            scored.append((-likeness, -place))
    chosen: list[int] = []
    for _, place in sorted(scored):
        if all(abs(place - other) >= _LINES for other in chosen):
            chosen.append(place)
    return chosen[:_PLACES]


def _pairs(line: str) -> set[str]:
    """Return which two characters follow each other: quick to compare, and near enough to choose what is compared."""
    line = line.strip()[:_COMPARED_COLUMNS]
    return {line[at : at + 2] for at in range(len(line) - 1)} or {line}


def _row(lines: list[str], at: int) -> str:
    line = lines[at].rstrip()
    return f"{at + 1}\t{line if len(line) <= _WIDEST else line[:_WIDEST] + '…'}"
