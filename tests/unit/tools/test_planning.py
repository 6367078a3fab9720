"""propose_plan and what is logged beside it: a draft, checked, never the graph."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ostinato.chat.messages import AssistantMessage, Message, ToolCall, ToolMessage
from ostinato.graph.plan import Criticism, Critique, DecisionDraft, Finding, ObservationDraft, PlanDraft, TaskDraft
from ostinato.graph.plan_rules import check_plan
from ostinato.loop.plan import Left
from ostinato.tools.critique import CritiqueBook
from ostinato.tools.planning import MOST_PROPOSALS, PlanBuilder, ask_tool
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
    assert result.text.startswith("accepted as a draft with 1 task, ")
    # What only the planner must know is not shown to people.
    assert result.summary == "accepted as a draft with 1 task"
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


async def test_proposals_with_findings_are_bounded_and_the_end_says_what_is_wrong(planning: Planning) -> None:
    for number in range(1, MOST_PROPOSALS):
        result = await planning.call("propose_plan", summary="s", tasks=[])
        assert (result.is_error, result.signal) == (True, None), number
    await planning.call("propose_plan", **PLAN)
    for _number in range(1, MOST_PROPOSALS):
        assert (await planning.call("propose_plan", summary="s", tasks=[])).signal is None
    result = await planning.call("propose_plan", summary="s", tasks=[{**TASK, "checks": []}])
    assert result.signal is not None
    assert result.signal.outcome == "blocked"
    assert "a: the task has no check" in result.signal.message
    assert "\n" not in result.signal.message


async def test_a_draft_that_is_adopted_brings_all_that_belongs_to_it(planning: Planning) -> None:
    await planning.call("record_observation", title="Old", description="d")
    await planning.call("propose_plan", **PLAN)
    edited = PlanDraft("edited", (TaskDraft("z", "Z"),), observations=(ObservationDraft("Kept"),), red=(("z", "c"),))
    planning.builder.adopt(edited)
    assert planning.builder.draft() == replace(edited, red=())
    await planning.call("record_observation", title="Later", description="d")
    draft = planning.builder.draft()
    assert draft is not None
    assert {seen.title for seen in draft.observations} == {"Kept", "Later"}


async def test_a_proposal_after_an_edit_keeps_the_decisions_that_it_does_not_repeat(planning: Planning) -> None:
    await planning.call("propose_plan", **PLAN)
    kept = (DecisionDraft("Which", chosen="A"),)
    planning.builder.adopt(PlanDraft("edited", (TaskDraft("z", "Z"),), kept, (ObservationDraft("Seen"),)))
    await planning.call("propose_plan", **PLAN)
    draft = planning.builder.draft()
    assert draft is not None
    assert (draft.decisions, draft.observations) == (kept, (ObservationDraft("Seen"),))


def calls(*made: tuple[str, dict[str, Any], bool | None]) -> list[Message]:
    """Return a kept conversation: each call with its answer, an error, or (None) none at all."""
    said: list[Message] = []
    for place, (name, arguments, good) in enumerate(made):
        said.append(AssistantMessage("", (ToolCall(f"c{place}", name, json.dumps(arguments)),)))
        if good is not None:
            said.append(ToolMessage(f"c{place}", name, "answer", is_error=not good))
    return said


async def test_a_kept_conversation_gives_back_what_was_logged_and_nothing_that_was_refused(planning: Planning) -> None:
    options = [{"title": "A"}, {"title": "B"}]
    decision = {"title": "D", "context": "c", "options": options, "chosen": "A"}
    planning.builder.replay(
        calls(
            ("log_decision", {**decision, "chosen": "B"}, True),
            ("log_decision", decision, True),
            ("log_decision", {**decision, "title": "Refused"}, False),
            ("record_observation", {"title": "Seen", "description": "d"}, True),
            ("record_observation", {"title": "Broken"}, True),
            ("record_observation", {"title": "Cut off", "description": "d"}, None),
            ("read_file", {"path": "x"}, True),
        )
    )
    await planning.call("propose_plan", **PLAN)
    draft = planning.builder.draft()
    assert draft is not None
    assert [(one.title, one.chosen) for one in draft.decisions] == [("D", "A")]
    assert [seen.title for seen in draft.observations] == ["Seen"]


async def test_a_question_gets_the_persons_words_and_an_empty_one_is_refused() -> None:
    put: list[tuple[str, tuple[str, ...]]] = []

    async def ask(question: str, options: tuple[str, ...]) -> str:
        put.append((question, options))
        return "the second"

    call = calling(Toolbox([ask_tool(ask)]))
    assert (await call("ask_user", question=" Which? ", options=["one", " ", "two"])).text == "the second"
    assert (await call("ask_user", question="Which?", options='["one"]')).text == "the second"
    assert (await call("ask_user", question=" ")).is_error
    assert put == [("Which?", ("one", "two")), ("Which?", ("one",))]


async def test_a_person_who_goes_away_is_no_tool_result() -> None:
    async def ask(question: str, options: tuple[str, ...]) -> str:
        raise Left

    with pytest.raises(Left):
        await calling(Toolbox([ask_tool(ask)]))("ask_user", question="Which?")


async def test_a_critique_is_taken_once_it_says_something() -> None:
    book = CritiqueBook()
    call = calling(Toolbox([book.tool()]))
    assert (await call("critique", findings=[], approve=False)).is_error
    assert (await call("critique", findings=[{"problem": 5}], approve=False)).is_error
    assert book.critique() is None
    result = await call(
        "critique", findings=["too large", {"task": "a", "problem": "p", "suggestion": "s"}], approve=False
    )
    assert result.signal is not None
    assert book.critique() == Critique((Criticism("too large"), Criticism("p", "s", "a")))
    many = [{"problem": str(number)} for number in range(50)]
    await call("critique", findings=many, approve=True)
    taken = book.critique()
    assert taken is not None
    assert (len(taken.findings), taken.approved) == (10, True)


async def test_what_was_logged_after_the_draft_and_saved_with_it_is_there_once(planning: Planning) -> None:
    kept = PlanDraft("kept", (TaskDraft("z", "Z"),), observations=(ObservationDraft("Later", "d"),))
    planning.builder.adopt(kept)
    planning.builder.replay(calls(("record_observation", {"title": "Later", "description": "d"}, True)))
    draft = planning.builder.draft()
    assert draft is not None
    assert draft.observations == kept.observations
