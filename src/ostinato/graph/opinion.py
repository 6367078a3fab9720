"""What one agent says of the work of others. A value; who hears it decides what it means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Opinion:
    """Approval, or rejection with at least one reason; an approval may come with reasons too."""

    approve: bool
    reasons: tuple[str, ...] = ()
