"""Plan mode below the terminal: questions, changes, edits, leaving and coming back, through the job that faces use."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from ostinato.app.job import Job, JobOptions
from ostinato.loop.interruption import Interruption
from ostinato.loop.plan import Left, Proposal
from ostinato.testing.chat_server import Answer, Call
from tests.scenario.conftest import Modelled
from tests.scenario.test_main_job import FILES, file_task, writer
from tests.scenario.world import Body, Turn, World, brain, done, plan_of, tools_of

Planner = Callable[[int, Body], Answer]


class Person:
    """Answers from a list; None in it is going away instead."""

    def __init__(self, *answers: str | None) -> None:
        self.answers: Iterator[str | None] = iter(answers)
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def ask(self, question: str, options: tuple[str, ...]) -> str:
        self.asked.append((question, options))
        answer = next(self.answers)
        if answer is None:
            raise Left
        return answer


def planner(answers: Planner) -> Callable[[Body], Answer]:
    """Return a model that plans with `answers`, told how often it replied before; coders write what is checked."""

    def handle(body: Body) -> Answer:
        if "propose_plan" in tools_of(body):
            return answers(sum(m["role"] == "assistant" for m in body["messages"]), body)
        return brain({}, writer)(body)

    return handle


def propose(*tasks: Mapping[str, Any], **more: Any) -> Answer:
    return Answer(tool_calls=(Call("propose_plan", plan_of(*tasks, **more)),))


def ask(question: str, *options: str) -> Call:
    return Call("ask_user", {"question": question, "options": list(options)})


def last(body: Body) -> str:
    return str(body["messages"][-1]["content"])


Opening = Callable[[World], AbstractAsyncContextManager[Job]]


@pytest.fixture
def planning(monkeypatch: pytest.MonkeyPatch) -> Opening:
    """Open a job in the world's repository, as the command line would there."""

    def opened(world: World, **options: Any) -> AbstractAsyncContextManager[Job]:
        monkeypatch.chdir(world.repo)
        for name, value in world.environment().items():
            monkeypatch.setenv(name, value)
        return Job.planning(JobOptions(**options), Interruption())

    return opened


def titles(proposal: Proposal) -> list[str]:
    assert proposal.draft is not None, proposal.end
    return [one.title for one in proposal.draft.tasks]


async def test_the_planner_asks_and_the_answer_is_its_tool_result(modelled: Modelled, planning: Opening) -> None:
    heard: list[str] = []

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            assert "ask_user" in tools_of(body)
            return Answer(tool_calls=(ask("Which letter?", "a", "b"),))
        heard.append(last(body))
        return propose(file_task("b")) if replies == 1 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    person = Person("b, please")
    async with planning(world) as job:
        proposal = await job.propose("a letter", person)
        await job.accept(proposal)
    assert person.asked == [("Which letter?", ("a", "b"))]
    assert heard[0] == "b, please"
    assert titles(proposal) == ["Make b"]
    assert world.json("approvals") == []
    asked = [e for e in events(world) if e["kind"].startswith("approval.")]
    assert [(e["kind"], e["payload"]["kind"]) for e in asked] == [
        ("approval.asked", "question"),
        ("approval.answered", "question"),
    ]


def events(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in world.run("--json", "events", "--limit", "10000").out.splitlines()]


async def test_nobody_there_means_no_questions(modelled: Modelled, planning: Opening) -> None:
    seen: list[Body] = []

    def answers(replies: int, body: Body) -> Answer:
        seen.append(body)
        return done() if replies else propose(file_task("a"))

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        await job.leave_plan(await job.propose("a letter", None))
    assert "ask_user" not in tools_of(seen[0])
    assert "assumption" in seen[0]["messages"][0]["content"]


async def test_a_question_that_was_left_is_answered_elsewhere_and_planning_goes_on(
    modelled: Modelled, planning: Opening
) -> None:
    heard: list[Body] = []

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            log = {"title": "Names", "context": "c", "options": [{"title": "x"}, {"title": "y"}], "chosen": "x"}
            late = Call("record_observation", {"title": "late", "description": "d"})
            return Answer(tool_calls=(Call("log_decision", log), ask("Which?", "a", "b"), late))
        heard.append(body)
        return propose(file_task("a")) if replies == 1 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        proposal = await job.propose("a letter", Person(None))
        assert (proposal.draft, proposal.end.ending.value) == (None, "left")
        assert await job.leave_plan(proposal)
    goal = proposal.goal.id
    assert world.json("sessions", "latest", "--goal", goal)["stop_reason"] == "waiting_for_approval"
    (question,) = world.json("approvals")
    assert (question["kind"], question["question"]) == ("question", "Which?")
    assert world.run("approve", question["id"]).code == 2
    assert world.run("approve", question["id"], "--answer", "b it is").code == 0

    nobody_asks = Person()
    async with planning(world) as job:
        proposal = await job.resume_plan(goal, nobody_asks)
        tasks = await job.accept(proposal)
    results = [m["content"] for m in heard[0]["messages"] if m["role"] == "tool"]
    assert results == ["logged with the plan: Names", "b it is", "not run: planning was interrupted"]
    assert nobody_asks.asked == []
    assert [node.title for node in tasks] == ["Make a"]
    assert "Names → x" in world.run("notes", "--goal", goal).out
    assert len(heard) == 2


async def test_changes_in_words_and_edits_by_hand(modelled: Modelled, planning: Opening) -> None:
    told: list[str] = []

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            return propose(file_task("a"))
        told.append(last(body))
        return propose(file_task("a"), file_task("b")) if replies == 2 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        first = await job.propose("letters", Person())
        second = await job.change_plan(first, "also b", Person())
        assert titles(second) == ["Make a", "Make b"]
        assert second.draft is not None
        bad = replace(second.draft, tasks=(replace(second.draft.tasks[0], acceptance_criteria=()),))
        same, findings = await job.edit_plan(second, bad)
        assert ([f.rule for f in findings], same) == (["no-criteria"], second)
        good = replace(second.draft, tasks=(replace(second.draft.tasks[1], title="Make it b"),))
        edited, findings = await job.edit_plan(second, good)
        assert (findings, titles(edited)) == ([], ["Make it b"])
        tasks = await job.accept(edited)
    assert "also b" in told[1]
    assert [node.title for node in tasks] == ["Make it b"]
    assert world.run("--json", "ralph", proposal_goal(edited)).code in {0, 3}


def proposal_goal(proposal: Proposal) -> str:
    return str(proposal.goal.id)


async def test_a_draft_that_waits_comes_back_without_a_model_call(modelled: Modelled, planning: Opening) -> None:
    calls: list[int] = []

    def answers(replies: int, body: Body) -> Answer:
        calls.append(replies)
        return done() if replies else propose(file_task("a"))

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        proposal = await job.propose("letters", Person())
        await job.leave_plan(proposal)
    assert len(world.json("approvals")) == 1
    async with planning(world) as job:
        again = await job.resume_plan(proposal.goal.id, Person())
        assert again.draft == proposal.draft
        assert again.session.id != proposal.session.id
        await job.accept(again)
    assert calls == [0, 1]
    assert world.json("approvals") == []
    assert world.json("sessions", "latest", "--goal", proposal.goal.id)["stop_reason"] == "accepted"


def critique(*findings: Mapping[str, Any], approve: bool = False) -> Answer:
    return Answer(tool_calls=(Call("critique", {"findings": list(findings), "approve": approve}),))


MISSING = {"task": "a", "problem": "nothing makes b", "suggestion": "add a task for b"}


async def test_a_critic_finds_what_is_missing_and_the_planner_mends_it(modelled: Modelled, planning: Opening) -> None:
    told: list[str] = []
    looked: list[str] = []

    def handle(body: Body) -> Answer:
        if "critique" in tools_of(body):
            assert {"write_file", "run_command", "propose_plan", "ask_user"}.isdisjoint(tools_of(body))
            looked.append(str(body["messages"][1]["content"]))
            return critique(MISSING) if len(looked) == 1 else critique(approve=True)
        replies = sum(m["role"] == "assistant" for m in body["messages"])
        if replies == 2:
            told.append(last(body))
            return propose(file_task("a"), file_task("b"))
        return done("mended") if replies else propose(file_task("a"))

    world = modelled(handle).make_repository(FILES)
    async with planning(world, critique=True) as job:
        proposal = await job.propose("letters a and b", Person())
        assert proposal.critique is not None
        assert (proposal.critique.approved, proposal.critique.findings) == (True, ())
        assert titles(proposal) == ["Make a", "Make b"]
        await job.accept(proposal)
    assert "a: nothing makes b Suggested: add a task for b" in told[0]
    assert "letters a and b" in looked[0]
    assert ("Make b" in looked[0], "Make b" in looked[1]) == (False, True)
    assert "nothing makes b" in looked[1]
    session = world.json("sessions", "latest", "--goal", proposal.goal.id)
    assert session["usage"]["calls"] == 6


async def test_a_critic_who_is_never_content_ends_and_its_findings_are_shown(
    modelled: Modelled, planning: Opening
) -> None:
    looks: list[int] = []

    def handle(body: Body) -> Answer:
        if "critique" in tools_of(body):
            looks.append(1)
            return critique(MISSING)
        replies = sum(m["role"] == "assistant" for m in body["messages"])
        return done("it is not wanted") if replies else propose(file_task("a"))

    world = modelled(handle).make_repository(FILES)
    async with planning(world, critique=True) as job:
        proposal = await job.propose("letter a", None)
        await job.leave_plan(proposal)
    assert proposal.critique is not None
    assert [one.problem for one in proposal.critique.findings] == ["nothing makes b"]
    assert len(looks) == 3
    assert titles(proposal) == ["Make a"]


async def test_a_critic_whose_provider_fails_is_not_in_the_way(modelled: Modelled, planning: Opening) -> None:
    def handle(body: Body) -> Answer:
        if "critique" in tools_of(body):
            return Answer(status=401, error={"message": "bad key"})
        return done() if len(body["messages"]) > 2 else propose(file_task("a"))

    world = modelled(handle).make_repository(FILES)
    async with planning(world, critique=True) as job:
        proposal = await job.propose("letter a", None)
        await job.accept(proposal)
    assert proposal.critique is not None
    assert "OPENAI_API_KEY" in proposal.critique.note


async def test_what_is_left_of_a_goal_is_planned_anew(modelled: Modelled, planning: Opening) -> None:
    briefings: list[str] = []
    goal = ""

    def answers(replies: int, body: Body) -> Answer:
        if not goal:
            made = (file_task("a"), file_task("b", after=["a"]), file_task("c", after=["b"]), file_task("d"))
            return done() if replies else propose(*made)
        if not replies:
            briefings.append(str(body["messages"][1]["content"]))
            bad = [file_task("b", replaces=[f"{goal}.1", f"{goal}.9"]), file_task("d")]
            return propose(*bad)
        if replies == 1:
            briefings.append(last(body))
            b1 = file_task("b1", after=[f"{goal}.1"], replaces=[f"{goal}.2"])
            b2 = file_task("b2", after=["b1"], replaces=[f"{goal}.2"])
            return propose(b1, b2)
        return done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        proposal = await job.propose("letters", None)
        await job.accept(proposal)
    assert world.run("ralph", proposal.goal.id, "--max-iterations", "1").code == 4
    goal = proposal.goal.id

    async with planning(world) as job:
        again = await job.resume_plan(goal, None, "b is too much at once")
        assert again.replaced == (f"{goal}.2",)
        tasks = await job.accept(again)

    assert f"- {goal}.1: Make a (completed)" in briefings[0]
    assert f"- {goal}.3: Make c [pending] after {goal}.2" in briefings[0]
    assert "b is too much at once" in briefings[0]
    assert f"{goal}.1 is completed" in briefings[1]
    assert f"'{goal}.9' is no task of this goal" in briefings[1]
    assert "open task 'Make d' already" in briefings[1]
    nodes = {n["id"]: n for n in world.json("tasks", "list", "--goal", goal)}
    assert (nodes[f"{goal}.2"]["status"], nodes[f"{goal}.1"]["status"]) == ("cancelled", "completed")
    new = [node.id for node in tasks]
    edges = {(e["edge_type"], e["from_id"], e["to_id"]) for e in world.json("node", "show", f"{goal}.2")["edges"]}
    assert {("supersedes", one, f"{goal}.2") for one in new} <= edges
    after = {e["to_id"] for e in world.json("node", "show", f"{goal}.3")["edges"] if e["edge_type"] == "depends_on"}
    assert after == set(new)
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"
    assert world.commits(f"ostinato/{goal}/main")[1:3] == ["Make c", "Make b2"]


async def test_what_is_left_is_planned_anew_while_ralph_works_on_it(modelled: Modelled, planning: Opening) -> None:
    at_work, release = threading.Event(), threading.Event()
    goal = ""

    def answers(replies: int, body: Body) -> Answer:
        if replies:
            return done()
        if not goal:
            return propose(file_task("a"), file_task("b", after=["a"]), file_task("c", after=["b"]))
        return propose(file_task("n", replaces=[f"{goal}.2"], after=[f"{goal}.1"]))

    def coder(turn: Turn) -> Answer:
        if turn.title == "Make a":
            at_work.set()
            release.wait(30)
        return writer(turn)

    # Two servers: each answers one request at a time, and the coder's is held.
    world, planned = modelled(brain({}, coder)), modelled(planner(answers))
    planned.make_repository(FILES)
    async with planning(planned) as job:
        proposal = await job.propose("letters", None)
        await job.accept(proposal)
    goal = proposal.goal.id
    ralph = world.start("--json", "ralph", goal)
    assert await asyncio.to_thread(at_work.wait, 30)
    try:
        async with planning(planned) as job:
            await job.accept(await job.resume_plan(goal, None))
    finally:
        release.set()
    out, err = await asyncio.to_thread(ralph.communicate, timeout=60)
    assert (ralph.returncode, json.loads(out)["completed"]) == (0, 3), err
    assert world.commits(f"ostinato/{goal}/main") == ["Make c", "Make n", "Make a"]
