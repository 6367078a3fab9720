"""How a text is edited by example: exactly, then after one deterministic normalisation, never fuzzily. Pure.

The normalisation: line ends, blanks at line ends, curly quotes and no-break spaces are the same as their plain forms.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from itertools import islice

from ostinato.tools.tool import ToolRefusal

_PLAIN = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u00a0": " "})
_BLANKS = " \t\r\f\v"
_SHOWN_PLACES = 10
_NEAREST = 3
_NEAREST_LINES = 5
_COMPARED_LINES = 20_000
_LEAST_LIKENESS = 0.55
_DIFF_CONTEXT = 2
_DIFF_LINES = 60
_DIFFED_LINES = 2_000

Span = tuple[int, int]


def edited(path: str, content: str, old: str, new: str, *, every: bool = False) -> str:
    """Return `content` with `old` replaced, at its only place or at all. New lines take the file's line ends.

    Raises ToolRefusal that names line numbers: of the nearest places when there is none, of all when there are several.
    """
    if not old:
        raise ToolRefusal("old is empty: name the text to replace, or write the whole file with write_file")
    spans = _exact(content, old) or _normalised(content, old)
    if not spans:
        raise ToolRefusal(f"old does not occur in {path}.{_nearest(content, old)}")
    if len(spans) > 1 and not every:
        lines = ", ".join(str(content.count("\n", 0, start) + 1) for start, _ in spans[:_SHOWN_PLACES])
        raise ToolRefusal(f"old occurs {len(spans)} times in {path}, in lines {lines}: make it longer, or set all")
    replacement = _with_line_ends_of(content, new)
    pieces = []
    at = 0
    for start, end in spans:
        pieces += [content[at:start], replacement]
        at = end
    after = "".join([*pieces, content[at:]])
    if after == content:
        raise ToolRefusal("old and new are the same: nothing would change")
    return after


def small_diff(before: str, after: str) -> str:
    """Return a unified diff of the lines that differ with two lines around them, bounded in length."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    start = max(0, head - _DIFF_CONTEXT)
    old_part = old[start : min(len(old), len(old) - tail + _DIFF_CONTEXT)]
    new_part = new[start : min(len(new), len(new) - tail + _DIFF_CONTEXT)]
    if max(len(old_part), len(new_part)) > _DIFFED_LINES:
        return f"@@ {len(old_part)} lines from line {start + 1} became {len(new_part)} @@"
    lines = list(islice(unified_diff(old_part, new_part, n=_DIFF_CONTEXT), 2, None))
    shown = [_moved(line, start) if line.startswith("@@") else line.rstrip("\r\n") for line in lines]
    if len(shown) > _DIFF_LINES:
        shown = [*shown[:_DIFF_LINES], f"… {len(shown) - _DIFF_LINES} more lines of diff"]
    return "\n".join(shown)


def _exact(text: str, old: str) -> list[Span]:
    spans = []
    at = text.find(old)
    while at >= 0:
        spans.append((at, at + len(old)))
        at = text.find(old, at + len(old))
    return spans


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: where it starts, how long it is without line end in the file, and normalised."""

    start: int
    length: int
    plain: str


def _normalised(text: str, old: str) -> list[Span]:
    """Return the places where `old` stands after the normalisation of both, as spans of the unchanged text."""
    wanted_lines = [line.plain for line in _lines(old)]
    wanted = "\n".join(wanted_lines)
    if not wanted.strip():
        return []
    must_end_line = old[-1] in _BLANKS
    lines = _lines(text)
    plain = "\n".join(line.plain for line in lines)
    starts = _offsets(lines)
    spans = []
    at = plain.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        if not must_end_line or end == len(plain) or plain[end] == "\n":
            spans.append((_origin(lines, starts, at), _origin(lines, starts, end, ending=True)))
            at = plain.find(wanted, end)
        else:
            at = plain.find(wanted, at + 1)
    return spans


def _lines(text: str) -> list[_Line]:
    lines = []
    start = 0
    for raw in text.split("\n"):
        body = raw.removesuffix("\r")
        lines.append(_Line(start, len(body), body.translate(_PLAIN).rstrip(_BLANKS)))
        start += len(raw) + 1
    return lines


def _offsets(lines: Sequence[_Line]) -> list[int]:
    offsets = []
    at = 0
    for line in lines:
        offsets.append(at)
        at += len(line.plain) + 1
    return offsets


def _origin(lines: Sequence[_Line], starts: list[int], at: int, *, ending: bool = False) -> int:
    """Return where the normalised offset stands in the file. An end at a line's end takes its trailing blanks along."""
    place = bisect_right(starts, at) - 1
    line, column = lines[place], at - starts[place]
    if ending and column == len(line.plain):
        # Nothing of the line but its line end is left behind; an end just after a line break belongs to column 0.
        return line.start if column == 0 else line.start + line.length
    return line.start + column


def _with_line_ends_of(text: str, new: str) -> str:
    breaks = text.count("\n")
    if breaks and text.count("\r\n") == breaks:
        return new.replace("\r\n", "\n").replace("\n", "\r\n")
    return new


def _nearest(text: str, old: str) -> str:
    """Return the places that look most like the first line of `old` that says something, with their lines."""
    anchor = next((line.strip() for line in old.splitlines() if line.strip()), "")
    lines = text.splitlines()
    scored = []
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(anchor)
    for place, line in enumerate(lines[:_COMPARED_LINES]):
        matcher.set_seq1(line.strip()[:400])
        if matcher.real_quick_ratio() >= _LEAST_LIKENESS and matcher.quick_ratio() >= _LEAST_LIKENESS:
            scored.append((matcher.ratio(), place))
    best = sorted((-score, place) for score, place in scored if score >= _LEAST_LIKENESS)[:_NEAREST]
    if not best:
        return " Nothing there is like it: read the file again."
    shown = min(_NEAREST_LINES, max(1, len(old.splitlines())))
    places = sorted(place for _, place in best)
    parts = ["\n".join(f"{n + 1}\t{lines[n][:200]}" for n in range(p, min(p + shown, len(lines)))) for p in places]
    return " The nearest places:\n" + "\n…\n".join(parts)


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
