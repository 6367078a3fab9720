"""How long `status`, `show` and `report` take on a goal of many tasks, beside the start of the command line alone.

`make bench` runs it; a number of tasks may be given. The graph is written with SQL, not by runs: each
task has an attempt with two steps, two runs of checks and an outcome; each tenth failed twice before.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.measuring import load

from ostinato.base.clock import SystemClock
from ostinato.graph.sessions import SessionKind
from ostinato.store.store import Store, open_store

OSTINATO = Path(sys.executable).parent / "ostinato"
TASKS = 10_000
LIMIT = 1.0
AT = "2026-03-09T22:%02d:%02d.%06dZ"
SPENDING = json.dumps({"input": 3000, "cached_input": 1500, "output": 200, "calls": 1, "cost_usd": 0.01})
DIFF = "diff --git a/file_{n}.py b/file_{n}.py\n--- a/file_{n}.py\n+++ b/file_{n}.py\n@@ -1,2 +1,3 @@\n a\n-b\n+c\n+d\n"


def main() -> int:
    """Make the graph and print the times; return 1 when one screen, `status`, takes longer than the limit."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else TASKS
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "shop"
        (top / ".git").mkdir(parents=True)
        (top / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
        database = Path(folder) / "test.db"
        store = open_store(database, SystemClock())
        goal = grow(store, str(top), tasks)
        store.close()
        print(f"looking at {tasks:,} tasks, {database.stat().st_size / 1e6:.0f} MB; {load()}; the best of three")
        floor = _seconds(top, database, ("--version",))
        taken: dict[str, float] = {}
        for words in (
            ("status",),
            ("status", "--json"),
            ("show", f"{goal}.7"),
            ("show", "iter-00000007"),
            ("show", goal),
            ("report", "--output", "r.txt"),
            ("report", "--output", "r.md"),
            ("report", "--output", "r.html"),
            ("report", "--json"),
        ):
            said = " ".join(words)
            taken[said] = _seconds(top, database, words)
            print(f"  {taken[said]:6.2f} s  x{taken[said] / floor:5.1f} of a bare start ({floor:.2f})  ostinato {said}")
    kept = taken["status"] <= LIMIT
    print(f"limit of status {LIMIT} s: {'kept' if kept else 'NOT kept'}")
    return 0 if kept else 1


def _seconds(top: Path, database: Path, words: tuple[str, ...]) -> float:
    """Return the best of three."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        environ = {**os.environ, "OSTINATO_DB": str(database)}
        subprocess.run([OSTINATO, *words], cwd=top, env=environ, check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    return min(times)


def grow(store: Store, path: str, tasks: int) -> str:
    """Fill an empty database with a worked goal and return its id."""
    from ostinato.graph.requests import NewNode
    from ostinato.graph.types import NodeType

    project = store.projects.add(path)
    goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "A large goal"))
    session = store.sessions.start(project.id, goal.id, SessionKind.RALPH)
    with store.db.transaction():
        for number in range(1, tasks + 1):
            _add_task(store, project.id, goal.id, session.id, number)
    store.sessions.end(session.id, stop_reason="nothing_ready")
    return goal.id


def _add_task(store: Store, project: str, goal: str, session: str, number: int) -> None:
    at = AT % (number // 60 % 60, number % 60, number)
    task = f"{goal}.{number}"
    failed = number % 10 == 0
    details = json.dumps({"checks": [{"command": f"test -e {number}"}], "acceptance_criteria": ["it is there"]})
    store.db.execute(
        "INSERT INTO nodes (id, project_id, node_type, title, status, created_at, completed_at, blocked_reason,"
        " details, parent_id, attempts)"
        " VALUES (:id, :project, 'task', :title, :status, :at, :done, :reason, :details, :goal, 1)",
        {
            "id": task,
            "project": project,
            "title": f"Make part {number} of the whole",
            "status": "failed" if failed else "completed",
            "at": at,
            "done": None if failed else at,
            "reason": "3 of 3 attempts failed: `test -e` exit 1" if failed else None,
            "details": details,
            "goal": goal,
        },
    )
    for attempt in range(3 if failed else 1):
        _add_attempt(store, project, session, task, number * 3 + attempt if attempt else number, at, failed=failed)


def _add_attempt(store: Store, project: str, session: str, task: str, number: int, at: str, *, failed: bool) -> None:
    iteration = f"iter-{number:08x}" if not failed else f"iter-{os.urandom(4).hex()}"
    facts = {"id": iteration, "session": session, "task": task, "at": at, "spending": SPENDING}
    facts |= {"project": project, "diff": DIFF.replace("{n}", str(number % 500))}
    facts |= {"verdict": "failed" if failed else "passed", "decision": "retry" if failed else "done"}
    facts["commit"] = None if failed else os.urandom(20).hex()
    store.db.execute(
        "INSERT INTO iterations (id, session_id, task_id, attempt, token, base_commit, started_at, ended_at, ending,"
        " verdict, decision, commit_id, diff, steps, spending) VALUES (:id, :session, :task, 1, 1, 'base', :at, :at,"
        " 'complete', :verdict, :decision, :commit, :diff, 2, :spending)",
        {name: facts[name] for name in facts if name != "project"},
    )
    for step in (1, 2):
        store.db.execute(
            "INSERT INTO steps (owner_id, step, started_at, ended_at, spending, sections, model)"
            " VALUES (:id, :step, :at, :at, :spending, '{\"rules\": 300}', 'scripted:x')",
            {"id": iteration, "step": step, "at": at, "spending": SPENDING},
        )
    for phase, status in (("base", "failed"), ("attempt", "failed" if failed else "passed")):
        store.db.execute(
            "INSERT INTO check_runs (project_id, iteration_id, owner_id, phase, command, status, exit_code, seconds,"
            " output, at) VALUES (:project, :id, :task, :phase, 'test -e x', :status, 1, 0.1, :output, :at)",
            {
                "project": project,
                "id": iteration,
                "task": task,
                "phase": phase,
                "status": status,
                "output": "no\n" * 40,
                "at": at,
            },
        )


if __name__ == "__main__":
    sys.exit(main())
