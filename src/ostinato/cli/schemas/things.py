"""The things that documents speak of: nodes, edges, sessions, attempts … One description, referred to by name."""

from __future__ import annotations

from ostinato.cli.schemas.words import (
    ANYTHING,
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    Schema,
    by_name,
    either,
    many,
    maybe,
    one_of,
    record,
    ref,
    said,
)
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase, CheckStatus
from ostinato.graph.iterations import Ending
from ostinato.graph.sessions import SessionKind, StopReason
from ostinato.graph.types import Complexity, NodeType, Priority, Status

SPENT: dict[str, Schema] = {
    "usage": ref("usage"),
    "cost_usd": said(maybe(NUMBER), "US dollars; null where a price is not known."),
}
NODE: dict[str, Schema] = {
    "id": TEXT,
    "project_id": TEXT,
    "node_type": one_of(NodeType),
    "title": TEXT,
    "description": TEXT,
    "status": one_of(Status),
    "priority": maybe(one_of(Priority)),
    "assigned_to": maybe(TEXT),
    "created_by": maybe(TEXT),
    "labels": many(TEXT),
    "created_at": TIME,
    "started_at": maybe(TIME),
    "completed_at": maybe(TIME),
    "blocked_reason": maybe(TEXT),
    "details": said(
        either(
            *(ref(f"{kind}_details") for kind in ("task", "decision", "option", "outcome", "revisit")), ref("empty")
        ),
        "By node type; empty for a goal and an observation.",
    ),
    "metadata": by_name(TEXT),
    "parent_id": maybe(TEXT),
}
SESSION: dict[str, Schema] = {
    "id": TEXT,
    "project_id": TEXT,
    "goal_id": TEXT,
    "kind": one_of(SessionKind),
    "started_at": TIME,
    "ended_at": said(maybe(TIME), "Null while the session is open."),
    "handoff_notes": maybe(TEXT),
    "agent_ids": many(TEXT),
    "summary": maybe(TEXT),
    "stop_reason": maybe(TEXT),
    **SPENT,
}
ITERATION: dict[str, Schema] = {
    "id": TEXT,
    "session_id": TEXT,
    "task_id": TEXT,
    "attempt": COUNT,
    "base_commit": TEXT,
    "started_at": TIME,
    "ended_at": maybe(TIME),
    "ending": maybe(one_of(Ending)),
    "ending_message": TEXT,
    "verdict": maybe(TEXT),
    "decision": maybe(TEXT),
    "reasons": many(TEXT),
    "commit": maybe(TEXT),
    "steps": COUNT,
    **SPENT,
}
PROJECT: dict[str, Schema] = {"id": TEXT, "name": TEXT, "path": TEXT, "created_at": TIME}
DECISION: dict[str, Schema] = {
    **NODE,
    "chosen": said(maybe(TEXT), "The id of the option that was chosen."),
    "options": many(record({**NODE, "reason": TEXT})),
}
RALPH: dict[str, Schema] = {
    "goal_id": TEXT,
    "session_id": maybe(TEXT),
    "stopped": one_of(StopReason),
    "detail": TEXT,
    "iterations": COUNT,
    "completed": COUNT,
    "remaining": COUNT,
    "failed": COUNT,
    "branch": maybe(TEXT),
    **SPENT,
}
_ATTEMPT = record({**ITERATION, "check_runs": many(ref("check_run"))})
_CHANGE = record({"path": TEXT, "added": maybe(COUNT), "removed": maybe(COUNT)})
_SPENT_ON = record({"name": TEXT, **SPENT})
REPORT: dict[str, Schema] = {
    **NODE,
    "at": TIME,
    "project": ref("project"),
    "session": maybe(ref("session")),
    "branch": maybe(TEXT),
    "landed_commit": maybe(TEXT),
    "counts": by_name(COUNT),
    "sessions": many(ref("session")),
    "tasks": many(
        record(
            {
                **NODE,
                "commit": maybe(TEXT),
                "changed": many(_CHANGE),
                "judged_by": maybe(TEXT),
                "attempts": many(_ATTEMPT),
                **SPENT,
            }
        )
    ),
    "decisions": many(ref("decision")),
    "learned": many(record({**NODE, "about": many(TEXT)})),
    "waiting": many(ref("approval")),
    "changed": many(_CHANGE),
    "by_model": many(_SPENT_ON),
    "by_day": many(_SPENT_ON),
    **SPENT,
    "timeline": many(record({"at": TIME, "kind": TEXT, "text": TEXT})),
}
THINGS: dict[str, Schema] = {
    "node": record(NODE),
    "empty": {"type": "object", "maxProperties": 0},
    "task_details": record(
        {
            "acceptance_criteria": many(TEXT),
            "checks": many(ref("check")),
            "file_scope": many(TEXT),
            "complexity": maybe(one_of(Complexity)),
            "profile": maybe(TEXT),
            "attempts": said(COUNT, "Attempts that are used up."),
            "max_attempts": maybe(COUNT),
            "judge": said(FLAG, "A person judges the result."),
        }
    ),
    "decision_details": record(
        {"forbids_paths": many(TEXT), "forbids_dependencies": many(TEXT), "number": maybe(COUNT)}
    ),
    "option_details": record({"pros": many(TEXT), "cons": many(TEXT)}),
    "outcome_details": record({"success": FLAG, "iteration_id": maybe(TEXT), "commit": maybe(TEXT)}),
    "revisit_details": record({"pivot_reason": TEXT}),
    "check": record(
        {
            "command": TEXT,
            "timeout": said(maybe(NUMBER), "Seconds; null for the configured time."),
            "working_dir": maybe(TEXT),
            "guard": FLAG,
        }
    ),
    "edge": record(
        {
            "id": TEXT,
            "edge_type": one_of(EdgeType),
            "from_id": TEXT,
            "to_id": TEXT,
            "label": maybe(TEXT),
            "created_at": TIME,
        }
    ),
    "project": record(PROJECT),
    "usage": record(dict.fromkeys(("input", "cached_input", "cache_write", "output", "reasoning", "calls"), COUNT)),
    "session": record(SESSION),
    "iteration": record(ITERATION),
    "approval": record(
        {
            "id": TEXT,
            "project_id": TEXT,
            "node_id": TEXT,
            "kind": TEXT,
            "question": TEXT,
            "payload": ANYTHING,
            "asked_at": TIME,
            "answered_at": maybe(TIME),
            "answer": maybe(TEXT),
            "reason": maybe(TEXT),
        }
    ),
    "event": record(
        {
            "seq": COUNT,
            "at": TIME,
            "kind": one_of(EventKind),
            "project_id": maybe(TEXT),
            "session_id": maybe(TEXT),
            "iteration_id": maybe(TEXT),
            "node_id": maybe(TEXT),
            "payload": {**ANYTHING, "properties": {"v": WHOLE, "by": TEXT}, "required": ["v"]},
        }
    ),
    "hit": record(
        {
            **NODE,
            "rank": said(NUMBER, "How well it fits: the lower, the better."),
            "matched": many(one_of(("title", "description", "notes"))),
            "snippet": said(
                TEXT,
                "A piece of the text in which the words stand. Each matching word stands between U+0002 and U+0003, "
                "and no other of these characters is in it.",
            ),
        }
    ),
    "tree": record({**NODE, "children": many(ref("tree"))}),
    "step_of_why": record(
        {
            "by": said(TEXT, "The node that waits, or that ancestor of it whose prerequisite or state it is."),
            "how": one_of(("depends_on", "lies_in", "contains")),
            "id": TEXT,
            "status": one_of(Status),
            "title": TEXT,
        }
    ),
    "message": record(
        {
            "position": WHOLE,
            "step": WHOLE,
            "at": TIME,
            "role": one_of(("system", "user", "assistant", "tool")),
            "text": TEXT,
            "reasoning": maybe(TEXT),
            "tool_calls": many(record({"id": TEXT, "name": TEXT, "arguments": TEXT})),
            "call_id": TEXT,
            "name": TEXT,
            "is_error": FLAG,
        },
        optional=("reasoning", "tool_calls", "call_id", "name", "is_error"),
    ),
    "model_call": record(
        {
            "step": WHOLE,
            "model": TEXT,
            "started_at": TIME,
            "ended_at": maybe(TIME),
            **SPENT,
            "sections": said(by_name(COUNT), "Estimated tokens of the request by section."),
            "estimated_input": said(COUNT, "Their sum: the request's estimated tokens."),
            "cached_share": said(maybe(NUMBER), "Share of the reported input that was cached; null: none reported."),
        }
    ),
    "check_run": record(
        {
            "phase": one_of(CheckPhase),
            "command": TEXT,
            "owner": maybe(TEXT),
            "status": one_of(CheckStatus),
            "exit_code": maybe(WHOLE),
            "seconds": NUMBER,
            "flaky": FLAG,
            "failing_tests": many(TEXT),
            "output": TEXT,
        }
    ),
    "decision": record(DECISION),
    "report": record(REPORT),
    "ralph": record(RALPH),
    "plan": record(
        {"goal_id": TEXT, "session_id": TEXT, "accepted": FLAG, "tasks": many(ref("node")), "detail": TEXT},
        optional=("detail",),
    ),
    "landed": record(
        {
            "goal_id": TEXT,
            "branch": TEXT,
            "from": TEXT,
            "to": TEXT,
            "how": TEXT,
            "commits": COUNT,
            "checks": COUNT,
            "dry_run": FLAG,
            "kept_branch": maybe(TEXT),
        }
    ),
    "error": record({"error": record({"kind": TEXT, "message": TEXT})}),
}
