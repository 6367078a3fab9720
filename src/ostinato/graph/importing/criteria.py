"""Acceptance criteria that others keep as one text, as a list."""

from __future__ import annotations

import re

_BULLET = re.compile(r"^\s*(?:[-*+•]|\d+[.)])\s+(?:\[[ xX]\]\s+)?")


def criteria_of(text: str) -> tuple[str, ...]:
    """Return one criterion per bullet, or per paragraph where there is none; what precedes the bullets is one too."""
    lines = text.strip().splitlines()
    bulleted = any(_BULLET.match(line) for line in lines)
    found: list[list[str]] = [[]]
    for line in lines:
        if bulleted and _BULLET.match(line):
            found.append([_BULLET.sub("", line).strip()])
        elif not line.strip():
            found.append([])
        else:
            found[-1].append(line.strip())
    return tuple(" ".join(part) for part in found if part)


def says_all(criteria: tuple[str, ...], text: str) -> bool:
    """Tell whether the criteria, one to a line, are the text."""
    return text.strip() in {"\n".join(criteria), "\n".join(f"- {one}" for one in criteria)}
