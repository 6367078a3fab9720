"""The documents of the verbs beside the main job: decisions, files of the graph, imports, keeping the database."""

from __future__ import annotations

from ostinato.agent.profiles import Output
from ostinato.cli.schemas.things import DECISION
from ostinato.cli.schemas.words import (
    COUNT,
    FLAG,
    NUMBER,
    TEXT,
    TIME,
    Schema,
    Verb,
    by_name,
    many,
    maybe,
    one_of,
    record,
    ref,
    said,
)
from ostinato.graph.comparing import Strategy
from ostinato.graph.decisions import Standing
from ostinato.graph.types import Status

CHOSEN = "With --fields each object has the chosen keys alone."
RECORD: dict[str, Schema] = {
    **DECISION,
    "number": said(maybe(COUNT), "Its number in the project's records; it never changes."),
    "standing": one_of(Standing),
    "accepted": said(FLAG, "Whether a person stands behind it."),
    "in_force": said(FLAG, "Whether what it forbids holds now."),
    "supersedes": many(TEXT),
    "superseded_by": many(TEXT),
    "outcomes": many(ref("node")),
    "revisits": many(ref("node")),
    "tasks": many(record({"id": TEXT, "title": TEXT, "status": one_of(Status), "relation": TEXT})),
}
MOMENT: dict[str, Schema] = {
    "at": TIME,
    "by": maybe(TEXT),
    "decision_id": TEXT,
    "title": TEXT,
    "what": TEXT,
    "other_id": maybe(TEXT),
    "other_title": maybe(TEXT),
    "reason": maybe(TEXT),
}
_RENUMBERED = many(record({"file": TEXT, "database": TEXT}))
_DIFFERENCE: dict[str, Schema] = {"id": TEXT, "field": TEXT, "database": {}, "file": {}}
_SIDE = record({"nodes": many(TEXT), "edges": many(ref("edge"))})
_PROFILE: dict[str, Schema] = {
    "name": TEXT,
    "role": said(TEXT, "The built-in profile whose job it does."),
    "description": TEXT,
    "for_tasks": FLAG,
    "output": one_of(Output),
    "read_only": FLAG,
    "tools": many(TEXT),
    "file_scope": said(many(many(TEXT)), "Lists of globs; a path must be covered by each list."),
    "model": maybe(TEXT),
    "fallback": maybe(TEXT),
    "limits": record({"steps": COUNT, "tokens": COUNT, "minutes": NUMBER}),
    "prompt_tokens": said(COUNT, "An estimate."),
    "sources": said(by_name(many(TEXT)), "For each key the places that its value comes from, the first one first."),
}
_SHARE = record({"count": COUNT, "bytes": COUNT})
_TAKEN = record({"transcripts": _SHARE, "evidence": _SHARE, "events": _SHARE, "bytes": COUNT})

VERBS_BESIDE: dict[str, Verb] = {
    "profiles list": Verb(many(record(_PROFILE)), note=CHOSEN),
    "profiles show": Verb(record({**_PROFILE, "prompt": TEXT})),
    "decisions log": Verb(record(RECORD)),
    "decisions choose": Verb(record(RECORD)),
    "decisions revisit": Verb(maybe(record(RECORD)), note="Null where no decision stands above the outcome."),
    "decisions supersede": Verb(record(RECORD)),
    "decisions now": Verb(many(record(RECORD)), note=CHOSEN),
    "decisions history": Verb(many(record(MOMENT)), note=CHOSEN),
    "decisions show": Verb(record(RECORD)),
    "decisions export": Verb(
        record(
            {
                "output": TEXT,
                "written": many(TEXT),
                "unchanged": many(TEXT),
                "removed": many(TEXT),
                "kept": said(many(record({"file": TEXT, "why": TEXT})), "Files that were left alone."),
            }
        )
    ),
    "graph export": Verb(record({"written": many(TEXT), "unchanged": many(TEXT), "removed": many(TEXT)})),
    "graph import": Verb(
        record(
            {
                "strategy": one_of(Strategy),
                "added_nodes": many(TEXT),
                "added_edges": many(ref("edge")),
                "removed_edges": many(ref("edge")),
                "conflicts": many(record({**_DIFFERENCE, "kept": one_of(("file", "database"))})),
                "skipped_edges": many(ref("edge")),
                "renumbered": _RENUMBERED,
                "collisions": many(TEXT),
                "unchanged": COUNT,
                "dry_run": FLAG,
            }
        )
    ),
    "graph diff": Verb(
        record(
            {
                "same": FLAG,
                "only_in_file": _SIDE,
                "only_in_database": _SIDE,
                "differences": many(record(_DIFFERENCE)),
                "renumbered": _RENUMBERED,
                "collisions": many(TEXT),
                "unchanged": COUNT,
            }
        ),
        note="Exit code 1 where something differs.",
    ),
    "import": Verb(
        record(
            {
                "goal_id": maybe(TEXT),
                "format": TEXT,
                "detected": FLAG,
                "dry_run": FLAG,
                "new_goal": FLAG,
                "made": said(by_name(COUNT), "Nodes by type."),
                "tasks": said(by_name(COUNT), "Tasks by status."),
                "without_checks": COUNT,
                "ids": said(by_name(TEXT), "The id of the source, and ours."),
                "existing": by_name(TEXT),
                "done_in_source": many(TEXT),
                "skipped": by_name(COUNT),
                "warnings": many(TEXT),
            }
        )
    ),
    "backup": Verb(record({"path": TEXT, "bytes": COUNT, "schema": COUNT, "sound": FLAG, "rows": by_name(COUNT)})),
    "prune": Verb(
        record(
            {
                "dry_run": FLAG,
                "due": _TAKEN,
                "taken": _TAKEN,
                "used_bytes": record({"before": COUNT, "after": COUNT}),
                "compacted": FLAG,
            }
        )
    ),
}
