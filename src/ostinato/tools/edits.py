"""Replacing text in a file: exactly, else after one deterministic normalisation, never by likeness. Pure."""

from __future__ import annotations

import difflib

from ostinato.tools.tool import ToolRefusal

_QUOTES = str.maketrans({"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'})
_SHOWN = 3


def edited(path: str, content: str, old: str, new: str, *, every: bool = False) -> str:
    """Return `content` with `old` replaced by `new`. Raises ToolRefusal where it occurs never, or more than once.

    When `old` does not occur as it stands, it is sought line by line with line ends, trailing blanks and curly quotes set
    aside; the lines found are replaced as a whole, and the file's own line ends are kept.
    """
    if not old:
        raise ToolRefusal("old is empty: name the text to replace, or write the whole file with write_file")
    if old == new:
        raise ToolRefusal("old and new are the same")
    count = content.count(old)
    if count == 1 or (count and every):
        return content.replace(old, new)
    if count:
        raise ToolRefusal(
            f"old occurs {count} times in {path}, in lines {_lines_of(content, old)}: make it longer, or set all"
        )
    return _by_lines(path, content, old, new, every=every)


def _by_lines(path: str, content: str, old: str, new: str, *, every: bool) -> str:
    lines = content.splitlines(keepends=True)
    wanted = [_normal(line) for line in old.splitlines()]
    plain = [_normal(line) for line in lines]
    starts = [at for at in range(len(plain) - len(wanted) + 1) if plain[at : at + len(wanted)] == wanted]
    if not starts:
        raise ToolRefusal(f"old does not occur in {path}{_nearest(plain, lines, wanted)}")
    if len(starts) > 1 and not every:
        raise ToolRefusal(
            f"old occurs {len(starts)} times in {path}, in lines {[s + 1 for s in starts]}: make it longer"
        )
    end = "\r\n" if lines[starts[0]].endswith("\r\n") else "\n"
    replacement = [line + end for line in new.splitlines()]
    for start in reversed(starts):
        last = start + len(wanted)
        put = list(replacement)
        if put and not lines[last - 1].endswith(("\n", "\r")):
            put[-1] = put[-1].rstrip("\r\n")
        lines[start:last] = put
    return "".join(lines)


def _normal(line: str) -> str:
    return line.rstrip().translate(_QUOTES)


def _lines_of(content: str, old: str) -> str:
    found, at = [], content.find(old)
    while at >= 0 and len(found) < 10:
        found.append(content.count("\n", 0, at) + 1)
        at = content.find(old, at + 1)
    return ", ".join(map(str, found))


def _nearest(plain: list[str], lines: list[str], wanted: list[str]) -> str:
    """Return where lines like the first wanted one stand, to help the model look again."""
    first = next((line.strip() for line in wanted if line.strip()), "")
    near = difflib.get_close_matches(first, [line.strip() for line in plain], n=_SHOWN, cutoff=0.6)
    places = [f"\n{n:>5}  {lines[n - 1].rstrip()[:200]}" for n, line in enumerate(plain, 1) if line.strip() in near]
    return "; the nearest lines are:" + "".join(places[:_SHOWN]) if places else ": read it again"
