"""propose_plan and what is logged beside it: a draft, checked, never the graph."""

from __future__ import annotations

from typing import Any

import pytest

from ostinato.graph.plan import Finding, PlanDraft
from ostinato.graph.plan_rules import check_plan
from ostinato.tools.planning import PlanBuilder
from ostinato.tools.signal import signal_tool
from ostinato.tools.toolbox import Toolbox
from tests.unit.tools.conftest import Call, calling

TASK = {"key": "a", "title": "Make a", "acceptance_criteria": ["a is"], "checks": [{"command": "test -f a"}]}
PLAN: dict[str, Any] = {"summary": "One task.", "tasks": [TASK]}


class Planning:
    """A planner's tools with the real rules; counts the checks."""

    def __init__(self) -> None:
        self.checked: list[PlanDraft] = []
        self.builder = PlanBuilder(self.check)
        self.call: Call = calling(Toolbox([*self.builder.tools(), signal_tool()]))

    async def check(self, draft: PlanDraft) -> list[Finding]:
        self.checked.append(draft)
        return check_plan(draft)


@pytest.fixture
def planning() -> Planning:
    return Planning()


async def test_a_clean_plan_is_kept_as_a_draft(planning: Planning) -> None:
    result = await planning.call("propose_plan", **PLAN)
    assert not result.is_error
    assert result.signal is None
    assert "1 tasks" in result.text
    draft = planning.builder.draft()
    assert draft is not None
    assert [task.title for task in draft.tasks] == ["Make a"]


async def test_findings_go_back_and_nothing_is_kept(planning: Planning) -> None:
    wrong = {**TASK, "checks": [], "depends_on": ["nothing"]}
    result = await planning.call("propose_plan", summary="s", tasks=[wrong])
    assert result.is_error
    assert "no check" in result.text
    assert "'nothing'" in result.text
    assert planning.builder.draft() is None


async def test_the_latest_clean_draft_stays_when_a_later_one_has_findings(planning: Planning) -> None:
    await planning.call("propose_plan", **PLAN)
    await planning.call("propose_plan", summary="worse", tasks=[])
    draft = planning.builder.draft()
    assert draft is not None
    assert draft.summary == "One task."


async def test_the_same_clean_plan_again_ends_the_conversation(planning: Planning) -> None:
    await planning.call("propose_plan", **PLAN)
    result = await planning.call("propose_plan", **PLAN)
    assert result.signal is not None
    assert result.signal.outcome == "complete"
    assert len(planning.checked) == 1


async def test_a_plan_that_cannot_be_read_names_every_problem(planning: Planning) -> None:
    result = await planning.call(
        "propose_plan", summary="s", tasks=[{**TASK, "complexity": "huge", "checks": [{"command": 5}]}]
    )
    assert result.is_error
    assert "complexity" in result.text
    assert "command" in result.text
    assert planning.checked == []


async def test_what_is_logged_comes_with_the_plan_before_and_after(planning: Planning) -> None:
    options = [{"title": "A"}, {"title": "B"}]
    await planning.call("log_decision", title="First", context="c", options=options, chosen="A", rationale="r")
    await planning.call("record_observation", title="Assumed", description="nobody was asked")
    await planning.call("propose_plan", **PLAN)
    await planning.call("log_decision", title="Second", context="c", options=options)
    draft = planning.builder.draft()
    assert draft is not None
    assert [decision.title for decision in draft.decisions] == ["First", "Second"]
    assert [seen.title for seen in draft.observations] == ["Assumed"]
    assert planning.checked[0].decisions


async def test_a_decision_that_the_rules_refuse_is_refused_when_it_is_logged(planning: Planning) -> None:
    await planning.call("propose_plan", **PLAN)
    for options in ([{"title": "Only"}], [], [{"title": "A"}, {"title": "a"}]):
        result = await planning.call("log_decision", title="D", context="c", options=options)
        assert result.is_error, options
    draft = planning.builder.draft()
    assert draft is not None
    assert check_plan(draft) == []


@pytest.mark.parametrize("outcome", ["complete", "blocked"])
async def test_signal_ends_with_its_words(planning: Planning, outcome: str) -> None:
    result = await planning.call("signal", outcome=outcome, message="why")
    assert result.signal is not None
    assert (result.signal.outcome, result.signal.message) == (outcome, "why")
    assert (await planning.call("signal", outcome="maybe", message="x")).is_error
