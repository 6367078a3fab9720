"""Where the tokens of a conversation went: the estimated size of each request by section, beside what was reported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ostinato.base.spending import Spending
from ostinato.cli.output import clean, columns
from ostinato.cli.screen import width

if TYPE_CHECKING:
    from ostinato.store.conversations import StoredStep

Row = tuple[object, ...]


def ledger_lines(steps: Sequence[StoredStep]) -> list[str]:
    """Return the estimated tokens of each request by section: a column for each section that ever had some.

    `reported` is the input that the provider counted, all tries of a call together, and `cached` the share of it that
    came from its cache.
    """
    names = [name for name in _section_names(steps) if any(step.sections.get(name) for step in steps)]
    if not names:
        return ["  the sizes of the requests were not kept"]
    shown = [clean(name.replace("_", " ")) for name in names]
    sums = [sum(step.sections.get(name, 0) for step in steps) for name in names]
    if len(steps) == 1 or 30 + sum(len(name) + 2 for name in shown) > width():
        return _by_section(steps, names, sums)
    rows: list[Row] = [("  step", *shown, "request", "reported", "cached")]
    for step in steps:
        sizes = [step.sections.get(name, 0) for name in names]
        asked = f"{sum(step.sections.values()):,}"
        rows.append((f"  {step.step}", *(f"{size:,}" for size in sizes), asked, *_reported(step.spending)))
    whole = sum(sums)
    rows.append(("  all", *(f"{size:,}" for size in sums), f"{whole:,}", *_reported(_spent(steps))))
    rows.append(("  share", *(_share(size, whole) for size in sums), "", "", ""))
    return columns(rows)


def cached_share(spending: Spending) -> float | None:
    """Return the share of the reported input that came from the provider's cache, None where none was reported."""
    return spending.cached_input / spending.input if spending.input else None


def _by_section(steps: Sequence[StoredStep], names: Sequence[str], sums: Sequence[int]) -> list[str]:
    """Return the ledger for a narrow screen: a line for each section, its first and last size, its sum and share."""
    first, last = steps[0], steps[-1]
    rows: list[Row] = [("  section", "first", "last", "all steps", "share")]
    whole = sum(sums)
    for name, size in zip(names, sums, strict=True):
        ends = f"{first.sections.get(name, 0):,}", f"{last.sections.get(name, 0):,}"
        rows.append((f"  {clean(name.replace('_', ' '))}", *ends, f"{size:,}", _share(size, whole)))
    requests = sum(first.sections.values()), sum(last.sections.values()), whole
    rows.append(("  request", *(f"{size:,}" for size in requests), ""))
    told = [_reported(one) for one in (first.spending, last.spending, _spent(steps))]
    rows.append(("  reported", *(size for size, _ in told), ""))
    rows.append(("  cached", *(share for _, share in told), ""))
    return columns(rows)


def _section_names(steps: Sequence[StoredStep]) -> list[str]:
    """Return the sections of all steps in the order in which they were first seen."""
    return list(dict.fromkeys(name for step in steps for name in step.sections))


def _spent(steps: Sequence[StoredStep]) -> Spending:
    return sum((step.spending for step in steps), Spending())


def _reported(spending: Spending) -> tuple[str, str]:
    share = cached_share(spending)
    return (f"{spending.input:,}", _share(spending.cached_input, spending.input)) if share is not None else ("-", "-")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "-"
