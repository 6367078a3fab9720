"""A decision with all that belongs to it, as a value: its options, what took its place, what came of it. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId, natural_key
from ostinato.graph.details import DecisionDetails
from ostinato.graph.plan import DecisionDraft
from ostinato.graph.types import Node, Status


class Standing(StrEnum):
    """How a decision stands today."""

    HOLDS = "holds"
    OPEN = "open"
    UNACCEPTED = "superseded_unaccepted"
    """Another was put in its place, but no person has agreed: what this one forbids holds."""
    SUPERSEDED = "superseded"
    GIVEN_UP = "given_up"
    """It belongs to a goal that was given up."""


class Relation(StrEnum):
    """What a task has to do with a decision."""

    WAITS = "waits for it"
    NEEDED = "is needed for it"
    ORIGIN = "brought it up"
    PART = "is part of it"


@dataclass(frozen=True, slots=True)
class OptionRecord:
    """An option; `reason` says why it was chosen or rejected, "" where nobody said."""

    node: Node
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """A decision with what belongs to it, each part in natural order of ids, outcomes and revisits by time.

    `accepted` tells whether a person stands behind it, `in_force` whether what it forbids holds now.
    """

    node: Node
    standing: Standing
    accepted: bool = False
    in_force: bool = False
    options: tuple[OptionRecord, ...] = ()
    supersedes: tuple[Node, ...] = ()
    superseded_by: tuple[Node, ...] = ()
    outcomes: tuple[Node, ...] = ()
    revisits: tuple[Node, ...] = ()
    tasks: tuple[tuple[Relation, Node], ...] = ()

    @property
    def details(self) -> DecisionDetails:
        """What it forbids, and its number."""
        return details_of(self.node)

    @property
    def number(self) -> int:
        """Its number in the project's records."""
        return self.details.number or 0

    @property
    def chosen(self) -> OptionRecord | None:
        """The option that was chosen, None while it is open."""
        return next((one for one in self.options if one.node.status is Status.CHOSEN), None)


def details_of(decision: Node) -> DecisionDetails:
    """Return the details of a decision; raises TypeError for any other node."""
    if not isinstance(decision.details, DecisionDetails):
        raise TypeError(f"{decision.id} is a {decision.node_type}, not a decision")
    return decision.details


def require_distinct(draft: DecisionDraft) -> None:
    """Raise RuleError for options with the same title: a choice names one of them."""
    titles = [option.title for option in draft.options]
    if len(set(titles)) < len(titles):
        raise RuleError(f"two options of “{draft.title}” have the same title")


def named_option(decision_id: NodeId, options: Sequence[Node], wanted: str) -> Node:
    """Return the option with this id, else with this title. Raises RuleError, naming them all, for none and several."""
    named = [option for option in options if option.id == wanted] or [
        option for option in options if option.title.strip() == wanted.strip()
    ]
    if len(named) == 1:
        return named[0]
    known = "; ".join(f"{option.id} {option.title}" for option in options) or "it has none"
    problem = "is the title of several options" if named else "is not an option"
    raise RuleError(f"{wanted} {problem} of {decision_id}: {known}")


def standing_of(status: Status, *, in_force: bool, given_up: bool) -> Standing:
    """Return how a decision of this status stands."""
    if given_up:
        return Standing.GIVEN_UP
    if status is Status.DECIDED:
        return Standing.HOLDS
    if status is Status.SUPERSEDED:
        return Standing.UNACCEPTED if in_force else Standing.SUPERSEDED
    return Standing.OPEN


def in_natural_order(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return the nodes by their ids, `.2` before `.10`, each once."""
    return tuple(sorted({node.id: node for node in nodes}.values(), key=lambda node: natural_key(node.id)))


def in_time(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """Return the nodes by created_at, then natural id, each once."""
    unique = {node.id: node for node in nodes}.values()
    return tuple(sorted(unique, key=lambda node: (node.created_at, natural_key(node.id))))
