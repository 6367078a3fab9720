"""What a planning ended in, for the command that asked for it: a document, lines for a person, an exit code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostinato.base.text import many
from ostinato.cli.documents import node_document
from ostinato.cli.output import clean

if TYPE_CHECKING:
    from ostinato.app.job import Job
    from ostinato.graph.types import Node
    from ostinato.loop.plan import Proposal

REJECTED = 3
LIMIT = 4
WAITING = 5
NO_PLAN = 6
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class PlanOutcome:
    """The document of DESIGN §11, what a person reads, and the exit code."""

    document: dict[str, Any]
    lines: list[str]
    exit_code: int


def outcome(
    proposal: Proposal, lines: list[str], exit_code: int, tasks: list[Node] | None = None, detail: str = ""
) -> PlanOutcome:
    """Return what came of `proposal`; `tasks` are those that were accepted."""
    document: dict[str, Any] = {
        "goal_id": proposal.goal.id,
        "session_id": proposal.session.id,
        "accepted": bool(tasks),
        "tasks": [node_document(task) for task in tasks or ()],
    }
    if detail:
        document["detail"] = detail
    return PlanOutcome(document, lines, exit_code)


def accepted(proposal: Proposal, tasks: list[Node]) -> PlanOutcome:
    """Return the outcome of a plan that is part of the graph now."""
    goal = proposal.goal.id
    count = many(len(tasks), "new task" if proposal.goal.status.value == "active" else "task")
    return outcome(proposal, [f"Accepted: {goal} has {count}. Next: ostinato ralph {goal}"], 0, tasks)


def waiting(proposal: Proposal) -> PlanOutcome:
    """Return the outcome of a plan that waits for a person."""
    goal = proposal.goal.id
    lines = [
        "The plan waits for you:",
        f"  ostinato plan --goal {goal}",
        f"  ostinato approve {goal}",
        f"  ostinato reject {goal} --reason TEXT",
    ]
    return outcome(proposal, lines, WAITING)


async def without_plan(job: Job, proposal: Proposal) -> PlanOutcome:
    """End a planning that came to no plan; the goal stays where anything was learned, and the lines say how."""
    from ostinato.cli.show_iteration import ENDINGS

    ending, goal = proposal.end.ending.value, proposal.goal.id
    said = f": {clean(proposal.end.message).rstrip('.')}" if proposal.end.message else ""
    why = f"the planner ended without a plan that passes the checks ({ENDINGS.get(ending, ending)}{said})"
    code = {"interrupted": INTERRUPTED, "left": WAITING}.get(ending, LIMIT if proposal.limit else NO_PLAN)
    if proposal.limit:
        why = f"the limit was reached before the plan was ready ({proposal.limit})"
    elif code == INTERRUPTED:
        why = "interrupted before the plan was ready"
    stays = await job.leave_plan(proposal)
    go_on = f"  ostinato plan --goal {goal}"
    if code == WAITING:
        lines = ["The planner's question waits for you:", go_on]
        return outcome(proposal, lines, code, detail="a question waits")
    after = ["Nothing is lost; to go on:", go_on] if stays else [f"{goal} is cancelled."]
    return outcome(proposal, [f"No plan: {why}.", *after], code, detail=why)


def nothing_begun() -> PlanOutcome:
    """Return the outcome of a conversation that was left before there was a goal."""
    return PlanOutcome({}, ["Nothing was begun; what you typed is in the history (arrow up)."], INTERRUPTED)
