"""What goes with decisions, options, outcomes and revisits. A task's details stand beside the node in `graph.types`."""

from __future__ import annotations

from dataclasses import dataclass

from ostinato.base.ids import IterationId


@dataclass(frozen=True, slots=True)
class DecisionDetails:
    """What a decision forbids while it holds: paths (globs) and dependencies (names of packages).

    `number` names it in the project's records; the store gives it once and never changes it.
    """

    forbids_paths: tuple[str, ...] = ()
    forbids_dependencies: tuple[str, ...] = ()
    number: int | None = None


@dataclass(frozen=True, slots=True)
class OptionDetails:
    """What speaks for and against an option."""

    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutcomeDetails:
    """What an iteration or a chosen option led to."""

    success: bool = False
    iteration_id: IterationId | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class RevisitDetails:
    """Why a decision is opened again."""

    pivot_reason: str = ""
