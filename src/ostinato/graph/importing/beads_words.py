"""The words of beads in ours: types, statuses, priorities. Tables and small rules."""

from __future__ import annotations

from ostinato.graph.types import NodeType, Priority, Status

GOALS = frozenset({"epic", "milestone"})
_OBSERVATIONS = frozenset({"message", "event", "agent", "role", "rig", "slot", "convoy"})
"""Types that beads itself never gives out as work."""

_PRIORITIES = (Priority.CRITICAL, Priority.HIGH, Priority.MEDIUM, Priority.LOW, None)
"""By beads' number. 4, its backlog, is ours of no priority: last in both."""

WAITS = ("blocks", "conditional-blocks", "waits-for")
"""Dependencies that hold work up."""
GENERIC_REASONS = frozenset({"", "closed", "close", "completed", "complete", "done", "fixed", "resolved", "finished"})
"""Reasons for closing that tell nothing beyond the status."""

_HELD = {"blocked": "blocked in beads", "deferred": "deferred in beads", "pinned": "pinned in beads"}
_SAME = {"open": (Status.PENDING, Status.ACTIVE), "closed": (Status.COMPLETED, Status.DECIDED)}
KNOWN_STATUSES = frozenset({"open", "in_progress", "blocked", "deferred", "closed", "pinned", "hooked", "tombstone"})


def node_type_of(issue_type: str) -> NodeType:
    """Return what an issue of this type is here, its place in the tree left aside."""
    if issue_type in GOALS:
        return NodeType.GOAL
    if issue_type == "decision":
        return NodeType.DECISION
    return NodeType.OBSERVATION if issue_type in _OBSERVATIONS else NodeType.TASK


def status_of(word: str, node_type: NodeType) -> Status:
    """Return the stored status for a status of beads. Nobody here holds what is in progress there: it is pending."""
    closed = word == "closed"
    if node_type is NodeType.OBSERVATION:
        return Status.ACTIVE
    if node_type is NodeType.DECISION:
        return Status.DECIDED if closed else Status.ACTIVE if word == "in_progress" else Status.PENDING
    if closed:
        return Status.COMPLETED
    if node_type is NodeType.GOAL:
        return Status.ACTIVE if word == "in_progress" else Status.PENDING
    return Status.BLOCKED if word in _HELD else Status.PENDING


def held_reason(word: str) -> str | None:
    """Return the reason of what nobody may take up there, None for what is free."""
    return _HELD.get(word)


def says_it(word: str, status: Status) -> bool:
    """Tell whether our status says all that the word said."""
    return status in _SAME.get(word, ())


def priority_of(number: int) -> Priority | None:
    """Return the priority for beads' 0 to 4."""
    return _PRIORITIES[number]


def prefix_of(identifier: str) -> str:
    """Return what stands before the last hyphen of an id: prefixes have hyphens and underscores of their own."""
    return identifier.rpartition("-")[0]
