"""A budget with what is used of it, as a document and as lines: for `budget` and `show`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ostinato.cli.output import clean
from ostinato.cli.screen import of_budget, used_words

if TYPE_CHECKING:
    from ostinato.graph.budgets import Account, Budget


def budget_document(own: Budget, account: Account, default: Budget) -> dict[str, Any]:
    """Return a budget with what is used of it: the numbers in force, null for no limit, and whose they are."""
    force = own.over(default)
    return {
        "budget": asdict(force),
        "own": asdict(own),
        "used": asdict(account.total),
        "unsettled": asdict(account.reserved),
        "models": [{"model": name or None, **asdict(used)} for name, used in account.by_model.items()],
    }


def budget_lines(own: Budget, default: Budget, account: Account) -> Iterator[str]:
    """Yield what is used of each number, the models that it went to, and what was never settled."""
    used, force = account.total, own.over(default)
    set_by = {
        "tokens": (own.tokens, f"{used.tokens:,}", force.tokens and f"{force.tokens:,}"),
        "cost": (own.cost_usd, used_words(used), force.cost_usd and f"${force.cost_usd:.2f}"),
        "time": (own.seconds, f"{used.seconds:,.0f} s", force.seconds and f"{force.seconds:,.0f} s"),
    }
    shares = of_budget(used, force)
    for name, (mine, now, most) in set_by.items():
        share = f" ({shares[name]:.0%})" if name in shares else ""
        whose = "" if mine is not None or not most else ", as [limits] says"
        yield f"  {name:<7}{now} of {most}{share}{whose}" if most else f"  {name:<7}{now}, no limit"
    for model, one in account.by_model.items():
        if one.calls:
            yield f"           {clean(model) or 'before budgets'}: {one.tokens:,} tokens, {used_words(one)}"
    held = account.reserved
    if held.calls:
        yield (
            f"  held   {held.tokens:,} tokens for {held.calls} unsettled {'call' if held.calls == 1 else 'calls'}: "
            "under way, or cut off by a crash; they count as spent"
        )
