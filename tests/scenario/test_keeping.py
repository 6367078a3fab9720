"""What a run keeps and throws away by itself, and a backup that is worked on from."""

from __future__ import annotations

import json

import database_watch

from ostinato.testing.chat_server import Answer
from tests.scenario.conftest import Modelled
from tests.scenario.world import Turn, brain, done, plan_of, task, write

PLAN = plan_of(task("a", check='test "$(cat a.txt)" = a', scope=["a.txt"]))


def worker(turn: Turn) -> Answer:
    return (write("a.txt", "a"), done())[turn.number]


def test_a_run_throws_away_what_grew_old_and_a_backup_from_before_has_it(modelled: Modelled) -> None:
    world = modelled(brain(PLAN, worker)).make_repository({"README.md": "# A\n"})
    assert database_watch.VARIABLE in world.environment(), "nobody looks at what this world's programs open"
    goal = world.json("plan", "one file", "--yes")["goal_id"]
    backup = str(world.root / "before.db")
    assert world.json("backup", backup)["rows"]["messages"] > 0
    settings = world.root / "config" / "ostinato" / "config.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text("[retention]\ntranscripts_days = 0.00000001\nevents_days = 0.00000001\n")

    assert world.json("ralph", goal)["stopped"] == "goal_completed"

    (session, planning) = world.json("sessions", "list", "--goal", goal)
    assert session["usage"]["calls"] == 2, "costs are facts"
    events = [json.loads(line) for line in world.run("--json", "events").out.splitlines()]
    shown = world.json("show", next(event["iteration_id"] for event in events if event["kind"] == "iteration.ended"))
    assert (shown["transcript"], bool(shown["transcript_gone_at"]), shown["verdict"]) == ([], True, "passed")
    assert world.json("show", planning["id"])["transcript"] == []
    kinds = {event["kind"] for event in events}
    assert "tool.ended" not in kinds and {"commit", "iteration.ended", "node.status"} <= kinds

    # The backup is of the moment before: its plan can be worked on, with the talk that led to it.
    assert world.json("--db", backup, "show", planning["id"])["transcript"] != []
    world.git("branch", "-D", f"ostinato/{goal}/main")
    settings.unlink()
    assert world.json("--db", backup, "ralph", goal)["stopped"] == "goal_completed"
