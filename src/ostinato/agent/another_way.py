"""What the next attempt is told when those before it went in circles. Pure; what was tried is data of others."""

from __future__ import annotations

from collections.abc import Sequence

from ostinato.agent.fence import fenced


def another_way(repeats: str, tried: Sequence[str], *, split: bool) -> str:
    """Return the instruction: what repeats, what was tried, and to do something else; `split` offers smaller tasks."""
    listed = "\n".join(f"- {line}" for line in tried)
    smaller = (
        " If no single change can do it, make child tasks with `create_task`, each with a check of its own, and end."
        if split
        else ""
    )
    return (
        f"Attempts at this task go in circles: {repeats}. Tried already, each without success:\n{fenced(listed)}\n"
        "Do none of these again. Find out first why they failed, then take an approach that differs from all of "
        f"them.{smaller}"
    )
