"""The answer to an edit: a diff of what became different, bounded whatever was edited. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import unified_diff
from itertools import islice

_CONTEXT = 2
_LINES = 60
_DIFFED_LINES = 2_000
_WIDEST = 240


def small_diff(before: str, after: str, *, most: int = _LINES) -> str:
    """Return a unified diff with two lines around what differs: at most `most` lines, long ones cut."""
    old, new = _lines(before), _lines(after)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    start = max(0, head - _CONTEXT)
    old_part = old[start : min(len(old), len(old) - tail + _CONTEXT)]
    new_part = new[start : min(len(new), len(new) - tail + _CONTEXT)]
    if max(len(old_part), len(new_part)) > _DIFFED_LINES:
        return f"@@ {len(old_part)} lines from line {start + 1} became {len(new_part)} @@"
    lines = list(islice(unified_diff(old_part, new_part, n=_CONTEXT), 2, None))
    shown = [_moved(line, start) if line.startswith("@@") else _shortened(line.rstrip("\r\n")) for line in lines]
    if len(shown) > most:
        shown = [*shown[:most], f"… {len(shown) - most} more lines of diff"]
    return "\n".join(shown)


def is_whole(diff: str) -> bool:
    """Tell whether a small diff shows all that became different."""
    cut = any(line.startswith("… ") or line.endswith(" characters)") for line in diff.split("\n"))
    return not cut and diff.startswith("@@ -")


def _lines(text: str) -> list[str]:
    # Not splitlines: only a line feed ends a line where lines are counted.
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + [line for line in lines[-1:] if line]


def _common(first: Sequence[str], second: Sequence[str]) -> int:
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count


def _moved(header: str, by: int) -> str:
    """Return a hunk header with its line numbers moved down by `by` lines."""
    parts = []
    for part in header.split():
        sign, numbers = part[:1], part[1:].split(",")
        if sign in {"-", "+"} and numbers[0].isdecimal():
            numbers[0] = str(int(numbers[0]) + by)
            part = sign + ",".join(numbers)
        parts.append(part)
    return " ".join(parts)


def _shortened(line: str) -> str:
    return line if len(line) <= _WIDEST else f"{line[:_WIDEST]}… ({len(line)} characters)"
