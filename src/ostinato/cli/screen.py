"""What the eye needs on a terminal: its width, colours, wrapped lines. Text must be clean before it comes here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import click

from ostinato.base.spending import Spending
from ostinato.base.text import clip
from ostinato.cli.layout import Look, terminal_size
from ostinato.cli.output import clean

if TYPE_CHECKING:
    from ostinato.graph.budgets import Budget, Used

_LEAST = 30


def width() -> int:
    """Return the terminal's columns, 80 where there is none; COLUMNS goes before both."""
    said = os.environ.get("COLUMNS", "")
    return max(_LEAST, int(said) if said.isdecimal() and int(said) else terminal_size(sys.stdout)[1])


def painted(text: str, colour: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
    """Return `text` with a colour for terminals; `click.echo` takes it away for pipes. NO_COLOR is heeded."""
    if os.environ.get("NO_COLOR"):
        return text
    return click.style(text, fg=colour, bold=bold or None, dim=dim or None)


def heading(text: str) -> str:
    """Return the title of a part."""
    return painted(text, "cyan", bold=True)


def wrapped(text: str, first: str = "", rest: str | None = None, columns: int | None = None) -> Iterator[str]:
    """Yield one line of text as lines of at most `columns`; `first` stands before it, `rest` before what follows."""
    yield from (line.rstrip() for line in Look(columns or width()).lines(text, first, rest))


def paragraphs(text: str) -> Iterator[str]:
    """Yield a longer text as lines to be wrapped: lines that go on are joined, lists and indented lines stay apart."""
    open_line = ""
    for line in text.splitlines():
        words = line.strip()
        own = not words or line[:1].isspace() or words[0] in "-*#>|`•" or words[0].isdigit()
        if own or not open_line:
            if open_line:
                yield open_line
            open_line = ""
            if own:
                yield words
                continue
        open_line = f"{open_line} {words}".strip()
    if open_line:
        yield open_line


def clipped(lines: Iterable[str], most: int, columns: int, hint: str) -> Iterator[str]:
    """Yield at most `most` lines of at most `columns` characters, and say with `hint` what was left out."""
    found = list(lines)
    shown = found if len(found) <= most + 1 else found[:most]
    yield from (clip(line, columns) for line in shown)
    if len(found) > len(shown):
        yield f"… {len(found) - len(shown)} more lines{hint}"


def shortened(reason: str) -> str:
    """Return a reason with long commands in it cut, so that what they said comes into sight."""
    import re

    return re.sub(r"`([^`]{40,})`", lambda found: f"`{clip(found[1], 36)}`", reason)


def bar(done: int, of: int, size: int = 20) -> str:
    """Return a bar of `size` blocks; full only when everything is done, empty only when nothing is."""
    if not of:
        return "░" * size
    filled = min(size - (done < of), max(size * done // of, int(done > 0)))
    return "█" * filled + "░" * (size - filled)


def ago(moment: datetime, now: datetime) -> str:
    """Return how long ago a moment was, in the largest fitting unit."""
    seconds = max(0, int((now - moment).total_seconds()))
    return "just now" if seconds < 1 else f"{length(seconds)} ago"


def length(seconds: float) -> str:
    """Return a length of time for the eye: `0.4 s`, `12 s`, `5 min`, `3 h 10 min`, `4 days`."""
    if seconds < 0.05:
        return "0 s" if seconds <= 0 else "< 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s" if seconds != int(seconds) else f"{seconds:.0f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    if hours < 48:
        return f"{hours} h {minutes % 60} min" if minutes % 60 and hours < 10 else f"{hours} h"
    return f"{hours // 24} days"


def money(cost: float | None) -> str:
    """Return a cost for the eye; an unknown one says so."""
    if cost is None:
        return "cost unknown"
    return f"${cost:.2f}" if cost >= 0.01 or cost == 0 else f"${cost:.4f}"


def spent(spending: Spending) -> str:
    """Return tokens and cost in short."""
    return f"{spending.tokens:,} tokens, {cost_words(spending)}"


def cost_words(spending: Spending) -> str:
    """Return the cost for the eye; where part of it is not known, the part that is, as the least that it can be."""
    if spending.cost_usd is None and spending.known_usd:
        return f"at least {money(spending.known_usd)}"
    return money(spending.cost_usd)


def used_words(used: Used) -> str:
    """Return the cost of an account for the eye, as the least that it can be where a price is not known."""
    if not used.unpriced:
        return money(used.cost_usd)
    return f"at least {money(used.cost_usd)}" if used.cost_usd else money(None)


def of_budget(used: Used, budget: Budget) -> dict[str, float]:
    """Return what share of each number of a budget is used, by its name."""
    pairs = (("tokens", used.tokens, budget.tokens), ("cost", used.cost_usd, budget.cost_usd))
    return {name: now / most for name, now, most in (*pairs, ("time", used.seconds, budget.seconds)) if most}


def spent_by_kind(spending: Spending) -> str:
    """Return tokens by kind and the cost, the kinds that are nothing left out."""
    inside = [
        *([f"{spending.cached_input:,} from the cache"] if spending.cached_input else []),
        *([f"{spending.cache_write:,} written to it"] if spending.cache_write else []),
    ]
    parts = f" ({', '.join(inside)})" if inside else ""
    given = f"{spending.input:,} in{parts}"
    thought = f" ({spending.reasoning:,} reasoning)" if spending.reasoning else ""
    return f"{given}, {spending.output:,} out{thought}, {cost_words(spending)}"


def diff_lines(diff: str) -> Iterator[str]:
    """Yield the lines of a diff, clean, coloured for terminals."""
    for line in diff.splitlines():
        plain = clean(line).rstrip() if line.strip() else line.rstrip()
        if line.startswith(("diff ", "+++", "---", "index ")):
            yield painted(plain, bold=True)
        elif line.startswith("@@"):
            yield painted(plain, "cyan")
        elif line.startswith("+"):
            yield painted(plain, "green")
        elif line.startswith("-"):
            yield painted(plain, "red")
        else:
            yield plain
