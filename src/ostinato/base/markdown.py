"""Text that others wrote, made harmless inside Markdown: it shows as it was written and cannot become markup."""

from __future__ import annotations

import re

from ostinato.base.text import one_line, printable

_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~$&])")
_OPENING = re.compile(r"^(\d+(?=[.)](?:\s|$))|(?=[-+=]))(.)")
_CALLING = re.compile(r"(?<!\w)(@|\\#)(?=\w)")


def inline(text: str) -> str:
    """Return `text` on one line, free of escapes, every character of Markdown and HTML taken by its word.

    A mention (`@name`) and a reference (`#12`) are broken by an invisible blank: a report calls nobody, closes nothing.
    """
    plain = _SPECIAL.sub(r"\\\1", printable(one_line(text)).strip())
    return _CALLING.sub("\\1\u200b", _OPENING.sub(r"\1\\\2", plain))


def code(text: str) -> str:
    """Return `text` as a code span on one line: fenced by more backticks than it holds in a row."""
    plain = printable(one_line(text)).strip() or " "
    fence = "`" * (_longest(plain) + 1)
    blank = " " if plain.startswith("`") or plain.endswith("`") else ""
    return f"{fence}{blank}{plain}{blank}{fence}"


def block(text: str, language: str = "") -> str:
    """Return `text` as a fenced block whose fence it cannot close."""
    plain = printable(text, keep_newlines=True).strip("\n")
    fence = "`" * max(3, _longest(plain) + 1)
    return f"{fence}{language}\n{plain}\n{fence}"


def quote(text: str) -> str:
    """Return longer text as a quotation, line by line, as `inline` does it."""
    return "\n".join(f"> {inline(line)}".rstrip() for line in text.strip().splitlines())


def _longest(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
