"""Coming back to a plan: what waited, what was decided on elsewhere, what was left again; over each wire."""

from __future__ import annotations

from typing import Any

import pytest

from ostinato.app import open_store_for
from ostinato.base.errors import UsageError
from ostinato.graph.types import Status
from ostinato.testing.chat_server import Answer, Call
from tests.scenario.conftest import Modelled
from tests.scenario.test_main_job import FILES, file_task
from tests.scenario.test_planning import Opening, Person, ask, planner, planning, propose, titles
from tests.scenario.test_planning_ends import stop_reason
from tests.scenario.world import WIRES, Body, done

__all__ = ["planning"]


async def test_a_plan_that_was_approved_elsewhere_is_planned_anew_afterwards(
    modelled: Modelled, planning: Opening
) -> None:
    beginnings: list[str] = []

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            beginnings.append(str(body["messages"][1]["content"]))
        return done() if replies else propose(file_task("b" if len(beginnings) > 1 else "a"))

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        proposal = await job.propose("letters", Person())
        await job.leave_plan(proposal)
    goal = proposal.goal.id
    said = world.run("approve", goal)
    assert (said.code, said.out) == (0, f"Accepted: {goal} has 1 task. Next: ostinato ralph {goal}\n")
    async with planning(world) as job:
        again = await job.resume_plan(goal, Person())
        assert titles(again) == ["Make b"]
        rejected = await job.reject(again, "enough")
    assert f"- {goal}.1: Make a [ready]" in beginnings[1]
    assert (rejected.status, len(world.json("tasks", "list", "--goal", goal))) == (Status.ACTIVE, 1)


async def test_an_interrupt_after_a_clean_proposal_keeps_it_and_accepts_nothing(
    modelled: Modelled, planning: Opening
) -> None:
    jobs: list[Any] = []

    def answers(replies: int, body: Body) -> Answer:
        jobs[0]._interruption.ask()
        return propose(file_task("a"))

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        jobs.append(job)
        proposal = await job.propose("letters", None)
        assert (proposal.draft, proposal.end.ending.value) == (None, "interrupted")
        assert await job.leave_plan(proposal)
    async with planning(world) as job:
        assert titles(await job.resume_plan(proposal.goal.id, None)) == ["Make a"]


async def test_what_is_noted_after_the_draft_comes_with_it(modelled: Modelled, planning: Opening) -> None:
    def answers(replies: int, body: Body) -> Answer:
        note = Call("record_observation", {"title": "Postgres is wanted", "description": "said later"})
        if replies == 0:
            return propose(file_task("a"))
        return Answer(tool_calls=(note,)) if replies == 2 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        first = await job.propose("letters", None)
        changed = await job.change_plan(first, "note that we use Postgres", None)
        assert titles(changed) == ["Make a"]
        await job.leave_plan(changed)
    assert world.run("approve", first.goal.id).code == 0
    store = open_store_for(world.root / "data/ostinato/ostinato.db", create=False)
    nodes = store.graph.descendants(first.goal.id)
    assert [node.title for node in nodes] == ["Make a", "Postgres is wanted"]
    assert store.iterations.red_commands(nodes[0].id) == {"grep -qx a a.txt"}
    store.close()


@pytest.mark.parametrize("answer", ["nobody", "declined"])
async def test_a_question_without_an_answer_does_not_hold_up_planning(
    modelled: Modelled, planning: Opening, answer: str
) -> None:
    told: list[str] = []

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            return Answer(tool_calls=(ask("Which?", "a", "b"),))
        told.extend(m["content"] for m in body["messages"] if m["role"] == "tool" and replies == 1)
        return propose(file_task("a")) if replies == 1 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        left = await job.propose("letters", Person(None))
        await job.leave_plan(left)
    if answer == "declined":
        (question,) = world.json("approvals")
        assert world.run("reject", question["id"], "--reason", "ask the team").code == 0
    async with planning(world) as job:
        proposal = await job.resume_plan(left.goal.id, None if answer == "nobody" else Person())
        assert titles(proposal) == ["Make a"]
        assert world.json("approvals") == []
        await job.leave_plan(proposal)
    assert ("ask the team" if answer == "declined" else "Nobody is there to answer") in told[0]
    assert "record_observation" in told[0]


async def test_a_change_that_was_left_goes_on_although_the_former_draft_had_been_asked_about(
    modelled: Modelled, planning: Opening
) -> None:
    def answers(replies: int, body: Body) -> Answer:
        if replies == 2:
            return Answer(tool_calls=(ask("How small?"),))
        return propose(file_task("b" if replies > 2 else "a")) if replies in {0, 3} else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        first = await job.propose("letters", Person())
        await job.leave_plan(first)
    goal = first.goal.id
    async with planning(world) as job:
        shown = await job.resume_plan(goal, Person())
        changed = await job.change_plan(shown, "smaller", Person(None))
        assert (changed.draft, changed.end.ending.value) == (None, "left")
        await job.leave_plan(changed)
    assert [one["kind"] for one in world.json("approvals")] == ["question"]
    async with planning(world) as job:
        assert titles(await job.resume_plan(goal, Person("very"))) == ["Make b"]


@pytest.mark.parametrize("command", [("approve",), ("reject", "--reason", "no")])
async def test_a_plan_that_is_decided_on_elsewhere_while_it_is_looked_at(
    modelled: Modelled, planning: Opening, command: tuple[str, ...]
) -> None:
    def answers(replies: int, body: Body) -> Answer:
        return done() if replies else propose(file_task("a"))

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        left = await job.propose("letters", None)
        await job.leave_plan(left)
    goal = left.goal.id
    async with planning(world) as job:
        shown = await job.resume_plan(goal, Person())
        assert world.run(command[0], goal, *command[1:]).code == 0
        with pytest.raises(UsageError, match="no plan that waits" if command[0] == "approve" else "cancelled"):
            await job.accept(shown)
        await job.leave_plan(shown)
    assert world.json("approvals") == []
    assert stop_reason(world, goal) == ("accepted" if command[0] == "approve" else "rejected")
    assert len(world.json("tasks", "list", "--goal", goal)) == (1 if command[0] == "approve" else 0)


async def test_a_question_can_be_left_again(modelled: Modelled, planning: Opening) -> None:
    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            return Answer(tool_calls=(ask("Which?"),))
        return propose(file_task(last_answer(body))) if replies == 1 else done()

    def last_answer(body: Body) -> str:
        return next(str(m["content"]) for m in reversed(body["messages"]) if m["role"] == "tool")

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        left = await job.propose("letters", Person(None))
        await job.leave_plan(left)
    goal = left.goal.id
    async with planning(world) as job:
        again = await job.resume_plan(goal, Person(None))
        assert (again.draft, again.end.ending.value, again.end.steps) == (None, "left", 0)
        assert await job.leave_plan(again)
    assert stop_reason(world, goal) == "waiting_for_approval"
    assert len(world.json("approvals")) == 1
    async with planning(world) as job:
        assert titles(await job.resume_plan(goal, Person("b"))) == ["Make b"]


@pytest.mark.parametrize("wire", WIRES)
async def test_every_wire_takes_a_conversation_that_goes_on(modelled: Modelled, planning: Opening, wire: str) -> None:
    heard: list[list[str]] = []

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            late = Call("record_observation", {"title": "late", "description": "d"})
            return Answer(text="Let me see.", tool_calls=(Call("list_files", {}), ask("Which?"), late))
        heard.append([str(m["content"]) for m in body["messages"] if m["role"] == "tool"])
        return propose(file_task("a" if replies == 1 else "b")) if replies in {1, 3} else done()

    world = modelled(planner(answers)).make_repository(FILES)
    world.wire = wire
    async with planning(world) as job:
        left = await job.propose("letters", Person(None))
        await job.leave_plan(left)
    async with planning(world) as job:
        proposal = await job.resume_plan(left.goal.id, Person("b"))
        changed = await job.change_plan(proposal, "b instead", Person())
        assert titles(changed) == ["Make b"]
        await job.accept(changed)
    assert heard[0][1:] == ["b", "not run: planning was interrupted"]
