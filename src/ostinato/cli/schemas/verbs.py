"""The document that each verb prints with `--json`. A verb that prints several says so with `either`.

A new command gets its line here; a test asks every verb for one.
"""

from __future__ import annotations

from ostinato.cli.schemas.things import ITERATION, NODE, PROJECT, RALPH, REPORT, SESSION, SPENT
from ostinato.cli.schemas.verbs_beside import CHOSEN, RECORD, VERBS_BESIDE
from ostinato.cli.schemas.words import (
    ANYTHING,
    COUNT,
    FLAG,
    NULL,
    NUMBER,
    TEXT,
    TIME,
    WHOLE,
    Schema,
    Verb,
    by_name,
    either,
    many,
    maybe,
    one_of,
    record,
    ref,
    said,
)
from ostinato.graph.types import Status

_NUMBERS = record({"tokens": maybe(COUNT), "cost_usd": maybe(NUMBER), "seconds": maybe(NUMBER)})
_USED: dict[str, Schema] = {
    "calls": COUNT,
    "tokens": COUNT,
    "cost_usd": said(NUMBER, "The least that was spent where `unpriced` is not 0."),
    "unpriced": said(COUNT, "Calls whose price is not known."),
    "seconds": NUMBER,
}
BUDGET: dict[str, Schema] = {
    "budget": said(_NUMBERS, "The numbers in force; null: no limit."),
    "own": said(_NUMBERS, "Those set on the node itself."),
    "used": said(record(_USED), "All that counts: `unsettled` is in it."),
    "unsettled": said(record(_USED), "Held for calls under way or cut off by a crash."),
    "models": many(record({"model": maybe(TEXT), **_USED})),
}
_GOAL_COUNTS: dict[str, Schema] = {
    "counts": said(by_name(COUNT), "Tasks by status."),
    "failures": many(record({"id": TEXT, "title": TEXT, "status": one_of(Status), "reason": maybe(TEXT)})),
    "commits": many(record({"commit": TEXT, "task_id": TEXT, "iteration_id": TEXT})),
    "completed_since": COUNT,
    "stop_reason": maybe(TEXT),
    "paused": FLAG,
    "next": said(maybe(TEXT), "The command that goes on."),
    "budget": said(
        maybe(record({"budget": _NUMBERS, "used": record(_USED), "unsettled": record(_USED)})),
        "Where the goal has a budget of its own, or a call that was never settled.",
    ),
    **SPENT,
}
_RUNNING: dict[str, Schema] = {
    **SESSION,
    "state": TEXT,
    "pid": maybe(COUNT),
    "host": maybe(TEXT),
    "task_id": maybe(TEXT),
    "step": maybe(COUNT),
    "last_event_at": maybe(TIME),
}
_LISTS: dict[str, Schema] = {
    "goals": many(record({**NODE, **_GOAL_COUNTS})),
    "sessions": many(record(_RUNNING)),
    "waiting": many(ref("approval")),
    **SPENT,
}
_SINCE: dict[str, Schema] = {
    "at": TIME,
    "since": TIME,
    "usage_since": ref("usage"),
    "cost_usd_since": maybe(NUMBER),
}
_STANDING = record({"project": ref("project"), **_LISTS, **_SINCE})
_STATUS = either(
    record({"project": maybe(ref("project")), **_LISTS, **_SINCE}, optional=_SINCE),
    record({"project": NULL, "projects": many(_STANDING), **_LISTS}),
)
_TASK_DETAILS: dict[str, Schema] = {
    **NODE,
    "goal_id": maybe(TEXT),
    "edges": many(ref("edge")),
    "children": many(TEXT),
    "iterations": many(ref("iteration")),
    "depends_on": many(record({"id": TEXT, "status": one_of(Status)})),
    "budget": said(record(BUDGET), "Its own budget, and what it and all beneath it used; [limits] is not looked at."),
    "dependents": many(record({"id": TEXT, "status": one_of(Status)})),
    "observations": many(ref("node")),
    "approvals": many(ref("approval")),
    **SPENT,
}
_TALK: dict[str, Schema] = {"transcript": many(ref("message")), "model_calls": many(ref("model_call"))}
_ITERATION_WHOLE = record(
    {
        **ITERATION,
        "task": maybe(ref("node")),
        **_TALK,
        "sections": by_name(COUNT),
        "check_runs": many(ref("check_run")),
        "diff": TEXT,
        "transcript_gone_at": said(maybe(TIME), "When its transcript was thrown away, null while it is kept."),
        "evidence_gone_at": maybe(TIME),
    }
)
_SESSION_WHOLE = record(
    {
        **SESSION,
        "iterations": many(ref("iteration")),
        "by_model": many(record({"name": TEXT, **SPENT})),
        **_TALK,
        "conversations": by_name(many(ref("message"))),
    }
)
_NODE_WHOLE = record(
    {
        **NODE,
        "edges": many(ref("edge")),
        "children": said(many(TEXT), "The ids of what lies directly in it."),
        "iterations": said(many(ref("iteration")), "Of a task: its attempts."),
        "history": said(many(ref("event")), "With --history: what happened to it."),
    },
    optional=("iterations", "history"),
)
_BUDGET = said(record(BUDGET), "Its own budget, and what it and all beneath it used; [limits] is not looked at.")
_GOAL_WHOLE = record({**REPORT, "draft": said(maybe(ANYTHING), "A plan that waits to be accepted."), "budget": _BUDGET})
_PROPOSED_LINES = many(record({"command": TEXT, "why": TEXT}))
_TRIED = record({"command": TEXT, "result": TEXT, "exit_code": maybe(WHOLE), "seconds": NUMBER, "output": TEXT})
_SETTING = record(
    {
        "key": TEXT,
        "value": {},
        "source": TEXT,
        "line": maybe(WHOLE),
        "meaning": TEXT,
        "allowed": TEXT,
        "default": {},
        "variables": many(TEXT),
        "person_only": FLAG,
        "masked": FLAG,
    }
)
_RALPH = either(
    ref("ralph"),
    record({"goal_id": TEXT, "session_id": TEXT, "pid": COUNT, "log": TEXT}),
    record({"goal_id": TEXT, "session_id": TEXT, "pid": COUNT, "stopping": FLAG}),
)
_PAUSED = record({"goal_id": TEXT, "paused": FLAG, "changed": said(FLAG, "Whether it was different before.")})
_WHY = record(
    {
        "id": TEXT,
        "title": TEXT,
        "status": one_of(Status),
        "ready": FLAG,
        "reason": said(TEXT, "Why it is not ready, in one sentence."),
        "waits_for": said(many(ref("step_of_why")), "Each thing that it waits for directly."),
        "chain": said(many(ref("step_of_why")), "The way to the nearest obstacle."),
        "obstacle": maybe(TEXT),
    }
)

VERBS: dict[str, Verb] = {
    "plan": Verb(ref("plan")),
    "ralph": Verb(_RALPH, note="With --detach where the run is, with --stop which run was asked to end."),
    "run": Verb(
        either(
            ref("plan"),
            record({**RALPH, "tasks": many(ref("node")), "landed": ref("landed")}, optional=("landed",)),
        ),
        note="The document of `plan` where that did not end in an accepted plan.",
    ),
    "land": Verb(
        either(
            ref("landed"),
            record({"goal_id": TEXT, "body": TEXT}),
            record({"goal_id": TEXT, "output": TEXT}),
        ),
        note="With --pr-body the text, or where it was written.",
    ),
    "discard": Verb(
        record(
            {
                "goal_id": TEXT,
                "status": one_of(Status),
                "branch": maybe(TEXT),
                "commit": maybe(TEXT),
                "commits": COUNT,
                "kept": maybe(TEXT),
                "reviews": COUNT,
                "cancelled": many(TEXT),
                "completed": COUNT,
                "questions": COUNT,
                "draft": FLAG,
            }
        )
    ),
    "init": Verb(
        record(
            {
                "path": TEXT,
                "written": FLAG,
                "found": many(
                    record(
                        {
                            "kind": TEXT,
                            "folder": TEXT,
                            "files": many(TEXT),
                            "setup": _PROPOSED_LINES,
                            "checks": _PROPOSED_LINES,
                        }
                    )
                ),
                "settings": record(
                    {
                        "setup": record({"commands": many(TEXT), "inputs": many(TEXT)}),
                        "verify": record({"commands": many(TEXT)}),
                    }
                ),
                "undecided": many(TEXT),
                "toml": TEXT,
                "present": FLAG,
                "fault": maybe(TEXT),
                "differs": FLAG,
                "backup": maybe(TEXT),
                "check": maybe(
                    record({"setup": record({"seconds": NUMBER, "problem": maybe(TEXT)}), "checks": many(_TRIED)})
                ),
            }
        )
    ),
    "say": Verb(record({"goal_id": TEXT, "note": COUNT, "text": TEXT, "session_id": maybe(TEXT)})),
    "pause": Verb(_PAUSED),
    "resume": Verb(_PAUSED),
    "budget": Verb(record({"id": TEXT, "title": TEXT, **BUDGET})),
    "approvals": Verb(many(ref("approval")), note=CHOSEN),
    "approve": Verb(ref("approval")),
    "reject": Verb(ref("approval")),
    "status": Verb(_STATUS, note="With --all, and outside of a repository, `projects` has one document for each."),
    "show": Verb(
        either(
            _GOAL_WHOLE,
            record(_TASK_DETAILS),
            record(RECORD),
            _NODE_WHOLE,
            _ITERATION_WHOLE,
            _SESSION_WHOLE,
            ref("approval"),
        ),
        note="By what the id names.",
    ),
    "report": Verb(either(ref("report"), record({"output": TEXT})), note="With --output where it was written."),
    "tasks list": Verb(many(ref("node")), note=CHOSEN),
    "tasks ready": Verb(many(ref("node")), note=CHOSEN),
    "tasks next": Verb(maybe(ref("node")), note="Null, with exit code 3, when no task is ready."),
    "tasks tree": Verb(
        many(ref("tree")), note=f"{CHOSEN} Without `children` among them it is one flat list in the order of the tree."
    ),
    "tasks why": Verb(_WHY),
    "tasks claim": Verb(maybe(ref("node")), note="Null, with exit code 3, when no task is ready."),
    "tasks release": Verb(ref("node")),
    "tasks retry": Verb(ref("node")),
    "tasks reopen": Verb(ref("node")),
    "node add": Verb(ref("node")),
    "node set": Verb(ref("node")),
    "node show": Verb(_NODE_WHOLE),
    "node list": Verb(many(ref("node")), note=CHOSEN),
    "node edges": Verb(many(ref("edge")), note=CHOSEN),
    "node link": Verb(ref("edge")),
    "node unlink": Verb(ref("edge"), note="The edge that was taken away."),
    "notes": Verb(record({"goal_id": TEXT, "notes": TEXT})),
    "sessions start": Verb(ref("session")),
    "sessions end": Verb(ref("session")),
    "sessions list": Verb(many(ref("session")), note=CHOSEN),
    "sessions latest": Verb(maybe(ref("session")), note="Null, with exit code 3, when there is none."),
    "sessions show": Verb(_SESSION_WHOLE),
    "events": Verb(ref("event"), stream=True, note=CHOSEN),
    "search": Verb(many(ref("hit")), note=CHOSEN),
    **VERBS_BESIDE,
    "project add": Verb(ref("project")),
    "project list": Verb(many(ref("project")), note=CHOSEN),
    "project show": Verb(record({**PROJECT, "goals": many(TEXT)})),
    "project remove": Verb(ref("project")),
    "sandbox": Verb(
        record({"exit_code": maybe(WHOLE), "stdout": TEXT, "stderr": TEXT, "seconds": NUMBER, "truncated": FLAG})
    ),
    "config explain": Verb(either(_SETTING, many(_SETTING)), note="One object for a setting that is named whole."),
    "config path": Verb(record({name: maybe(TEXT) for name in ("project", "user", "database", "state")})),
    "completion": Verb(record({"shell": TEXT, "script": TEXT, "install": TEXT})),
    "doctor": Verb(many(record({"name": TEXT, "state": one_of(("ok", "warn", "fail")), "message": TEXT, "fix": TEXT}))),
    "demo": Verb(
        record(
            {
                "directory": TEXT,
                "database": TEXT,
                "run": maybe(ANYTHING),
                "notes": TEXT,
                "log": many(TEXT),
                "tests": record({"exit_code": WHOLE, "output": TEXT}),
                "page": TEXT,
            },
            optional=("notes", "log", "tests", "page"),
        ),
        note="Without notes, log, tests and page when the run ended early.",
    ),
    "replay": Verb(
        many(
            record(
                {
                    "goal_id": TEXT,
                    "equal": FLAG,
                    "iterations": COUNT,
                    "requests": COUNT,
                    "complete": said(FLAG, "False where the recorded run was killed: the recording has no end."),
                    "stopped": maybe(TEXT),
                    "changed_prompts": many(TEXT),
                    "difference": maybe(
                        record(
                            {
                                "what": one_of(("request", "graph", "tool", "run")),
                                "iteration": WHOLE,
                                "step": maybe(WHOLE),
                                "diff": TEXT,
                            }
                        )
                    ),
                }
            )
        ),
        note="One object for each ralph session; exit code 1 where one differs.",
    ),
    "schema": Verb(
        either(many(record({"verb": TEXT, "stream": FLAG, "about": TEXT})), ANYTHING),
        note="Without a verb the list of them.",
    ),
    "error": Verb(ref("error"), note="What every verb prints on stderr when it fails; stdout is empty then."),
}
