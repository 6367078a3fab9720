"""One night with a model that cannot do it: the loop counts, keeps its limits, and ends honestly."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.testing.chat_server import ChatServer
from tests.real_model.conftest import NAME, WINDOW, Server
from tests.scenario.world import World, brain, done, plan_of, task

PLAN = plan_of(task("answer", check="grep -qx 42 answer.txt", scope=["answer.txt"]))
CONFIG = f"""[limits]
steps = 3
attempts = 1

[models]
context_window = {WINDOW}
max_output_tokens = 96
"""


# One wire: three calls with the whole briefing take half a minute at best, and many where others compute too.
@pytest.mark.timeout(900)
def test_an_iteration_ends_by_its_limits_and_is_counted(server: Server, tmp_path: Path, bubblewrap: None) -> None:
    with ChatServer(brain(PLAN, lambda _: done())) as planner:
        world = World(tmp_path, planner.url).make_repository({"README.md": "# A project\n"})
        planned = world.run("--json", "plan", "the answer", "--yes", "--autonomy", "full")
        assert planned.code == 0, planned.err
    (world.repo / ".ostinato").mkdir(exist_ok=True)
    (world.repo / ".ostinato/config.toml").write_text(CONFIG)
    world.env.update(server.env, OSTINATO_MODEL=f"openai:{NAME}")
    head = world.git("rev-parse", "HEAD")

    ran = world.run("--json", "ralph", "--max-iterations", "1", "--autonomy", "full", timeout=800)

    print(f"\n{ran.json}")
    assert (ran.json["iterations"], ran.json["completed"]) == (1, 0), ran.out + ran.err
    assert ran.json["stopped"] in {"limit_reached", "stuck", "nothing_ready"}
    assert ran.json["usage"]["input"] > 500 and ran.json["usage"]["output"] > 0
    assert ran.json["cost_usd"] in {0, None}
    assert world.commits(f"ostinato/{ran.json['goal_id']}/main") == []
    assert world.git("rev-parse", "HEAD") == head
