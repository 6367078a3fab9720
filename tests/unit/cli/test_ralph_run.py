"""What a person reads at the end of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ostinato.app.results import RalphResult
from ostinato.base.spending import Spending
from ostinato.cli.ralph_run import next_after, ralph_lines
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import StopReason
from ostinato.graph.types import NodeType
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory


@pytest.fixture
def result(tmp_path: Path) -> RalphResult:
    store = open_memory(FakeClock())
    project = store.projects.add(str(tmp_path), "shop")
    goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Sell"))
    store.close()
    return RalphResult(goal, None, StopReason.INTERRUPTED, "stopped", 1, 0, 3, 0, "ostinato/x/main", Spending())


def test_one_iteration_is_no_plural(result: RalphResult) -> None:
    assert any(line.startswith("  1 iteration, 0 completed") for line in ralph_lines(result))
    assert any(line.startswith("  2 iterations, ") for line in ralph_lines(replace(result, iterations=2)))


def test_each_way_to_stop_names_the_command_that_comes_next(result: RalphResult) -> None:
    table = {
        StopReason.GOAL_COMPLETED: f"ostinato land {result.goal.id}",
        StopReason.INTERRUPTED: f"ostinato ralph {result.goal.id}",
        StopReason.LIMIT_REACHED: f"ostinato ralph {result.goal.id}",
        StopReason.WAITING_FOR_APPROVAL: "ostinato approvals",
        StopReason.PROVIDER_FAILED: "ostinato doctor --live",
        StopReason.ENVIRONMENT: "ostinato doctor",
        StopReason.NOTHING_READY: "ostinato status",
        StopReason.STUCK: "ostinato status",
    }
    assert set(table) == set(StopReason)
    for stopped, command in table.items():
        after = next_after(replace(result, stopped=stopped))
        assert after, stopped
        assert after.partition("  ")[0] == command
    # A goal that was completed without a commit of its own leaves nothing to land.
    assert next_after(replace(result, stopped=StopReason.GOAL_COMPLETED, branch=None)) is None
