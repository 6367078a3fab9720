"""A proposed plan as values. `graph.plan_rules` judges it; nothing here touches the graph."""

from __future__ import annotations

from dataclasses import dataclass

from ostinato.graph.types import Check, Complexity, Priority


@dataclass(frozen=True, slots=True)
class TaskDraft:
    """One proposed task; `key` names it within the plan, `depends_on` holds keys (or ids of existing nodes).

    `replaces` holds the ids of open tasks that it takes the place of when the plan is accepted.
    """

    key: str
    title: str
    description: str = ""
    acceptance_criteria: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    depends_on: tuple[str, ...] = ()
    file_scope: tuple[str, ...] = ()
    complexity: Complexity | None = None
    priority: Priority | None = None
    profile: str | None = None
    judge: bool = False
    replaces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OptionDraft:
    """An alternative of a proposed decision."""

    title: str
    description: str = ""
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionDraft:
    """A decision that came with the plan; `chosen` is the title of one of the options, or None.

    `forbids_paths` (globs) and `forbids_dependencies` (packages) are what it forbids while it holds; `supersedes` holds
    the ids of decisions whose place it takes.
    """

    title: str
    context: str = ""
    options: tuple[OptionDraft, ...] = ()
    chosen: str | None = None
    rationale: str = ""
    forbids_paths: tuple[str, ...] = ()
    forbids_dependencies: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservationDraft:
    """Something learned or assumed while planning."""

    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """All that becomes part of the graph when the plan is accepted, in one transaction.

    `red` holds (task key, command) for each check that was red on the base when the plan was checked.
    """

    summary: str
    tasks: tuple[TaskDraft, ...] = ()
    decisions: tuple[DecisionDraft, ...] = ()
    observations: tuple[ObservationDraft, ...] = ()
    red: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Criticism:
    """One thing that a critic says the plan misses: which task (its key, None for the whole), what, and a way out."""

    problem: str
    suggestion: str = ""
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Critique:
    """What a critic says of a plan; `note` says in words why it is not whole (the critic could not be asked …)."""

    findings: tuple[Criticism, ...] = ()
    approved: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a plan: which task (its key, None for the whole), which rule, and what to do."""

    rule: str
    message: str
    task: str | None = None
