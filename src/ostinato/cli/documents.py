"""The JSON documents that other programs read: one function per kind of thing. More keys may be added, none removed.

Times are RFC 3339 in UTC with microseconds, absent values are null. Nothing is escaped or shortened here.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, assert_never

from ostinato.base.clock import format_time
from ostinato.graph.types import Check, Details, Node, TaskDetails

if TYPE_CHECKING:
    from ostinato.base.spending import Spending
    from ostinato.graph.approvals import Approval
    from ostinato.graph.edges import Edge
    from ostinato.graph.events import Event
    from ostinato.graph.iterations import Iteration
    from ostinato.graph.projects import Project
    from ostinato.graph.search import Hit
    from ostinato.graph.sessions import Session


NODE_FIELDS = (
    "id",
    "project_id",
    "node_type",
    "title",
    "description",
    "status",
    "priority",
    "assigned_to",
    "created_by",
    "labels",
    "created_at",
    "started_at",
    "completed_at",
    "blocked_reason",
    "details",
    "metadata",
    "parent_id",
)
"""The keys of a node's document, which lists of nodes take for --fields."""
EDGE_FIELDS = ("id", "edge_type", "from_id", "to_id", "label", "created_at")
HIT_FIELDS = (*NODE_FIELDS, "rank", "matched", "snippet")
RECORD_FIELDS = (
    *NODE_FIELDS,
    *("number", "standing", "accepted", "in_force", "chosen", "options"),
    *("supersedes", "superseded_by", "outcomes", "revisits", "tasks"),
)
MOMENT_FIELDS = ("at", "by", "decision_id", "title", "what", "other_id", "other_title", "reason")
SESSION_FIELDS = (
    "id",
    "project_id",
    "goal_id",
    "kind",
    "started_at",
    "ended_at",
    "handoff_notes",
    "agent_ids",
    "summary",
    "stop_reason",
    "usage",
    "cost_usd",
)
PROJECT_FIELDS = ("id", "name", "path", "created_at")
APPROVAL_FIELDS = (
    "id",
    "project_id",
    "node_id",
    "kind",
    "question",
    "payload",
    "asked_at",
    "answered_at",
    "answer",
    "reason",
)
EVENT_FIELDS = ("seq", "at", "kind", "project_id", "session_id", "iteration_id", "node_id", "payload")


def node_document(node: Node) -> dict[str, Any]:
    """Return a node with the fields of DESIGN §3; `details` is an object by node type, empty where it has none."""
    return {
        "id": node.id,
        "project_id": node.project_id,
        "node_type": node.node_type,
        "title": node.title,
        "description": node.description,
        "status": node.status,
        "priority": node.priority,
        "assigned_to": node.assigned_to,
        "created_by": node.created_by,
        "labels": list(node.labels),
        "created_at": _time(node.created_at),
        "started_at": _time(node.started_at),
        "completed_at": _time(node.completed_at),
        "blocked_reason": node.blocked_reason,
        "details": details_document(node.details),
        "metadata": dict(node.metadata),
        "parent_id": node.parent_id,
    }


def hit_document(hit: Hit) -> dict[str, Any]:
    """Return a node that was found. In `snippet` each matching word stands between U+0002 and U+0003."""
    return {**node_document(hit.node), "rank": hit.rank, "matched": list(hit.matched), "snippet": hit.snippet}


def details_document(details: Details) -> dict[str, Any]:
    """Return the details that go with the node type."""
    if details is None:
        return {}
    if isinstance(details, TaskDetails):
        return {
            "acceptance_criteria": list(details.acceptance_criteria),
            "checks": [check_document(check) for check in details.checks],
            "file_scope": list(details.file_scope),
            "complexity": details.complexity,
            "profile": details.profile,
            "attempts": details.attempts,
            "max_attempts": details.max_attempts,
            "judge": details.judge,
        }
    # Late: showing tasks needs no other details.
    from ostinato.graph.details import DecisionDetails, OptionDetails, OutcomeDetails, RevisitDetails

    match details:
        case DecisionDetails():
            return {
                "forbids_paths": list(details.forbids_paths),
                "forbids_dependencies": list(details.forbids_dependencies),
                "number": details.number,
            }
        case OptionDetails():
            return {"pros": list(details.pros), "cons": list(details.cons)}
        case OutcomeDetails():
            return {"success": details.success, "iteration_id": details.iteration_id, "commit": details.commit}
        case RevisitDetails():
            return {"pivot_reason": details.pivot_reason}
        case _:
            assert_never(details)


def check_document(check: Check) -> dict[str, Any]:
    """Return a check; `timeout` in seconds, null for the configured one."""
    return {
        "command": check.command,
        "timeout": check.timeout,
        "working_dir": check.working_dir,
        "guard": check.guard,
    }


def edge_document(edge: Edge) -> dict[str, Any]:
    """Return an edge; `from_id` and `to_id` as the direction of its type says."""
    return {
        "id": edge.id,
        "edge_type": edge.edge_type,
        "from_id": edge.from_id,
        "to_id": edge.to_id,
        "label": edge.label,
        "created_at": _time(edge.created_at),
    }


def project_document(project: Project) -> dict[str, Any]:
    """Return a project."""
    return {
        "id": project.id,
        "name": project.name,
        "path": project.path,
        "created_at": _time(project.created_at),
    }


def usage_document(spending: Spending) -> dict[str, int]:
    """Return tokens by kind and the number of model calls; the cost stands beside it as `cost_usd`."""
    return {
        "input": spending.input,
        "cached_input": spending.cached_input,
        "cache_write": spending.cache_write,
        "output": spending.output,
        "reasoning": spending.reasoning,
        "calls": spending.calls,
    }


def spending_document(spending: Spending) -> dict[str, Any]:
    """Return what was spent, as every document says it: `usage` and `cost_usd`."""
    return {"usage": usage_document(spending), "cost_usd": spending.cost_usd}


def session_document(session: Session) -> dict[str, Any]:
    """Return a session; `ended_at` is null while it is open, `cost_usd` where a price is unknown."""
    return {
        "id": session.id,
        "project_id": session.project_id,
        "goal_id": session.goal_id,
        "kind": session.kind,
        "started_at": _time(session.started_at),
        "ended_at": _time(session.ended_at),
        "handoff_notes": session.handoff_notes,
        "agent_ids": list(session.agent_ids),
        "summary": session.summary,
        "stop_reason": session.stop_reason,
        **spending_document(session.spending),
    }


def iteration_document(iteration: Iteration) -> dict[str, Any]:
    """Return an iteration without its diff and transcript."""
    return {
        "id": iteration.id,
        "session_id": iteration.session_id,
        "task_id": iteration.task_id,
        "attempt": iteration.attempt,
        "base_commit": iteration.base_commit,
        "started_at": _time(iteration.started_at),
        "ended_at": _time(iteration.ended_at),
        "ending": iteration.ending,
        "ending_message": iteration.ending_message,
        "verdict": iteration.verdict,
        "decision": iteration.decision,
        "reasons": list(iteration.reasons),
        "commit": iteration.commit,
        "steps": iteration.steps,
        **spending_document(iteration.spending),
    }


def approval_document(approval: Approval) -> dict[str, Any]:
    """Return a question and, where there is one, its answer."""
    return {
        "id": approval.id,
        "project_id": approval.project_id,
        "node_id": approval.node_id,
        "kind": approval.kind,
        "question": approval.question,
        "payload": approval.payload,
        "asked_at": _time(approval.asked_at),
        "answered_at": _time(approval.answered_at),
        "answer": approval.answer,
        "reason": approval.reason,
    }


def event_document(event: Event) -> dict[str, Any]:
    """Return one row of the stream."""
    return {
        "seq": event.seq,
        "at": _time(event.at),
        "kind": event.kind,
        "project_id": event.project_id,
        "session_id": event.session_id,
        "iteration_id": event.iteration_id,
        "node_id": event.node_id,
        "payload": event.payload,
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
