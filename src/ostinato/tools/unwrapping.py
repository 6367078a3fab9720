"""What models wrap around the text of an edit by mistake: line numbers, diff markers, code fences, placeholders. Pure.

What can be taken off in one way only is taken off, from `old` and `new` alike; the rest is refused. Nothing of it is
ever written into a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePosixPath

_NUMBERED = re.compile(r" *(\d{1,7})(?:  |\t|$)")
_FENCE = re.compile(r"(```+|~~~+)[\w+.#-]*\s*")
_PROSE = frozenset({".md", ".mdx", ".rst", ".txt", ".adoc", ".diff", ".patch"})
_MARKER = r"(?:#+|//+|/\*+|<!--|--|;+|%+|\{/\*)"
_LEFT_OUT = re.compile(
    # Dots right before a name, without a comment's marker, are a spread.
    rf"(?:^\s*[(\[<]?(?:\.\.\.|\u2026)(?!\w)|{_MARKER}\s*[(\[<]?(?:\.\.\.|\u2026))\s*[\w\s'`,]*"
    r"\b(?:rest|existing|remaining|remains|unchanged|omitted|previous|same|other|as before|goes here|here)\b"
    rf"|^\s*{_MARKER}\s*[(\[<]?(?:rest|remainder|remaining|existing)\b.*"
    r"(?:\b(?:unchanged|as before|(?:stays?|remains?) the same|omitted)\b|\.\.\.|\u2026)",
    re.IGNORECASE,
)
_ONLY_DOTS = re.compile(rf"\s*{_MARKER}\s*(?:\.\.\.|\u2026)\s*(?:\*/\}}?|-->)?\s*")
_ESCAPED_BREAK = re.compile(r"\\n(?:\\n|\\t| {2}|\w)")
_QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|/(?:\\.|[^/\\\s])+/")


def unwrapped(old: str, new: str) -> list[tuple[str, str, str]]:
    """Return the other ways to read an edit that fits nowhere as it is: `old`, `new`, and what was taken off."""
    found = []
    for said, take_off in _WRAPS:
        both = take_off(old, new)
        if both is not None and both[0].strip():
            found.append((*both, said))
    return found


def objection(path: str, before: str, replaced: str, new: str) -> str:
    """Return why `new` is not written in place of `replaced`, "" when nothing speaks against it."""
    left_out = placeholder(path, before, new)
    if left_out:
        return left_out
    if _is_prose(path):
        return ""
    lines = [line for line in new.split("\n") if line.strip()]
    if len(lines) > 1 and _numbers_off(new) is not None and _numbers_off(replaced) is None:
        return "new begins its lines with the numbers that read_file shows: leave them out"
    if _fence_off(new) is not None and "```" not in replaced and "~~~" not in replaced:
        return "new is wrapped in a code fence: leave the fence out"
    if lines and all(line.startswith("+") for line in lines) and not replaced.startswith("+"):
        return "new begins its lines with the + of a diff: leave it out"
    if "\n" not in new and "\\n" not in replaced and _ESCAPED_BREAK.search(_QUOTED.sub("", new)):
        return (
            "new has \\n as two characters where a line break seems meant: send real line breaks"
            " (if the two characters are meant, name two whole lines)"
        )
    return ""


def placeholder(path: str, before: str, new: str) -> str:
    """Return why `new` is refused when one of its lines stands for code that was left out, "" when none does."""
    kept = None
    for number, line in enumerate(new.split("\n"), 1):
        if "..." not in line and "\u2026" not in line and not _LEFT_OUT.search(line):
            continue
        if _LEFT_OUT.search(line) or (not _is_prose(path) and _ONLY_DOTS.fullmatch(line)):
            kept = {one.strip() for one in before.split("\n")} if kept is None else kept
            if line.strip() not in kept:
                return f"line {number} of new stands for text that was left out ({line.strip()[:60]}): write it out"
    return ""


def mistake(old: str) -> str:
    """Return what is probably wrong with an `old` that occurs nowhere, as a sentence, "" when nothing shows."""
    if "\n" not in old and "\\n" in old:
        return " old has \\n as two characters: send real line breaks."
    if any(_LEFT_OUT.search(line) or _ONLY_DOTS.fullmatch(line) for line in old.split("\n")):
        return " old leaves text out: give every line, or make two edits."
    if _numbers_off(old) is not None:
        return " old begins its lines with numbers: leave them out."
    if any(_FENCE.fullmatch(line) for line in old.split("\n")):
        return " old holds a code fence: leave it out."
    return ""


def _is_prose(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in _PROSE


def _without_numbers(old: str, new: str) -> tuple[str, str] | None:
    stripped = _numbers_off(old)
    if stripped is None:
        return None
    clean = _numbers_off(new)
    if clean is None and any(_NUMBERED.match(line) for line in new.split("\n")):
        return None
    return stripped, new if clean is None else clean


def _numbers_off(text: str) -> str | None:
    """Return the text without the line numbers of read_file, None unless each line has one, each by one more."""
    lines = text.removesuffix("\n").split("\n")
    found = [_NUMBERED.match(line) for line in lines]
    first = int(found[0][1]) if found[0] else 0
    if any(one is None or int(one[1]) != first + n for n, one in enumerate(found)):
        return None
    return "\n".join(line[one.end() :] for line, one in zip(lines, found, strict=True) if one) + "\n" * (
        text.endswith("\n")
    )


def _without_fences(old: str, new: str) -> tuple[str, str] | None:
    inner = _fence_off(old)
    if inner is None:
        return None
    clean = _fence_off(new)
    return inner, new if clean is None else clean


def _fence_off(text: str) -> str | None:
    """Return what stands between a first and a last line that are a code fence, None when they are not."""
    lines = text.strip("\n").split("\n")
    if len(lines) < 3 or not _FENCE.fullmatch(lines[0]) or lines[-1].strip() not in {"```", "~~~", "````"}:
        return None
    return "\n".join(lines[1:-1])


def _without_markers(old: str, new: str) -> tuple[str, str] | None:
    before, after = _markers_off(old, "-"), _markers_off(new, "+")
    if before is None or (after is None and new.strip()):
        return None
    return before, after or ""


def _markers_off(text: str, marker: str) -> str | None:
    """Return the text without the first column of a diff, None when it is not the one side of a diff."""
    lines = text.removesuffix("\n").split("\n")
    if not any(line.startswith(marker) for line in lines):
        return None
    if any(line and line[0] not in f"{marker} " for line in lines):
        return None
    return "\n".join(line[1:] for line in lines) + "\n" * text.endswith("\n")


_WRAPS: tuple[tuple[str, Callable[[str, str], tuple[str, str] | None]], ...] = (
    ("line numbers left out", _without_numbers),
    ("code fence left out", _without_fences),
    ("diff markers left out", _without_markers),
)
