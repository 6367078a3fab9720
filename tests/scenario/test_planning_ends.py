"""However planning ends, what was learned is kept, and a later session goes on from there."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from typing import Any

import pytest

from ostinato.app import open_store_for
from ostinato.base.clock import SystemClock
from ostinato.base.errors import OstinatoError, RuleError
from ostinato.graph.types import Status
from ostinato.loop.plan import Proposal
from ostinato.testing.chat_server import Answer, Call, usage
from tests.scenario.conftest import Modelled
from tests.scenario.test_main_job import FILES, file_task
from tests.scenario.test_planning import Opening, Person, ask, last, planner, planning, propose, titles
from tests.scenario.world import Body, World, done, task

__all__ = ["planning"]
LOOK = Answer(tool_calls=(Call("list_files", {}),))


def status(world: World, goal: str) -> str:
    return str(world.json("node", "show", goal)["status"])


def stop_reason(world: World, goal: str) -> str:
    return str(world.json("sessions", "latest", "--goal", goal)["stop_reason"])


def only_goal(world: World) -> str:
    store = open_store_for(world.root / "data/ostinato/ostinato.db", create=False)
    try:
        (row,) = store.db.execute("SELECT id FROM nodes WHERE node_type = 'goal'", {})
        return str(row["id"])
    finally:
        store.close()


async def test_a_provider_that_fails_in_the_middle_loses_nothing(modelled: Modelled, planning: Opening) -> None:
    broken = [True]
    went_on: list[Body] = []

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            return LOOK
        if broken[0]:
            return Answer(status=401, error={"message": "key expired"})
        went_on.append(body)
        return propose(file_task("a")) if replies == 1 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        with pytest.raises(OstinatoError) as failed:
            await job.propose("letters", None)
    goal = only_goal(world)
    assert failed.value.exit_code == 7
    assert failed.value.message.endswith(f"nothing is lost: `ostinato plan --goal {goal}` goes on")
    assert "\n" not in failed.value.message
    assert (status(world, goal), stop_reason(world, goal)) == ("pending", "provider_failed")
    broken[0] = False
    async with planning(world) as job:
        proposal = await job.resume_plan(goal, None)
        await job.accept(proposal)
    assert titles(proposal) == ["Make a"]
    assert [m["role"] for m in went_on[0]["messages"]] == ["system", "user", "assistant", "tool", "user"]


async def test_a_key_that_never_worked_leaves_no_goal_behind(modelled: Modelled, planning: Opening) -> None:
    world = modelled(lambda body: Answer(status=401, error={"message": "bad key"})).make_repository(FILES)
    async with planning(world) as job:
        with pytest.raises(OstinatoError, match="OPENAI_API_KEY") as failed:
            await job.propose("letters", None)
    assert "plan --goal" not in failed.value.message
    assert status(world, only_goal(world)) == "cancelled"


async def test_a_limit_ends_planning_and_the_next_session_has_its_own(modelled: Modelled, planning: Opening) -> None:
    def answers(replies: int, body: Body) -> Answer:
        look = replace(LOOK, usage=usage(2_000, 10))
        return look if replies < 2 else propose(file_task("a")) if replies == 2 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world, max_tokens=2_500) as job:
        proposal = await job.propose("letters", None)
        assert proposal.draft is None
        assert proposal.limit is not None
        assert proposal.limit.startswith("tokens")
        assert await job.leave_plan(proposal)
    goal = proposal.goal.id
    assert (status(world, goal), stop_reason(world, goal)) == ("pending", "limit_reached")
    async with planning(world) as job:
        assert titles(await job.resume_plan(goal, None)) == ["Make a"]


async def test_an_interrupt_ends_after_the_step(modelled: Modelled, planning: Opening) -> None:
    jobs: list[Any] = []

    def answers(replies: int, body: Body) -> Answer:
        if len(jobs) == 1:
            jobs[0]._interruption.ask()
        return LOOK if replies < 2 else propose(file_task("a")) if replies == 2 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        jobs.append(job)
        proposal = await job.propose("letters", None)
        assert (proposal.draft, proposal.end.ending.value, proposal.end.steps) == (None, "interrupted", 1)
        assert await job.leave_plan(proposal)
    assert stop_reason(world, proposal.goal.id) == "interrupted"
    jobs.append(None)
    async with planning(world) as job:
        assert titles(await job.resume_plan(proposal.goal.id, None)) == ["Make a"]


async def test_a_planner_that_never_gets_it_right_stops_with_what_is_wrong(
    modelled: Modelled, planning: Opening
) -> None:
    asked: list[int] = []

    def answers(replies: int, body: Body) -> Answer:
        asked.append(replies)
        return propose({**task(f"a{replies}", check="false"), "acceptance_criteria": []})

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        proposal = await job.propose("letters", None)
        assert await job.leave_plan(proposal)
    assert len(asked) == 8
    assert "8 proposals in a row" in proposal.end.message
    assert "no acceptance criteria" in proposal.end.message
    assert stop_reason(world, proposal.goal.id) == "no_plan"


async def test_prose_only_is_no_plan_and_can_go_on(modelled: Modelled, planning: Opening) -> None:
    silent = [True]

    def answers(replies: int, body: Body) -> Answer:
        if silent[0]:
            return Answer(text="First we should think about it." if replies else "")
        return done() if "accepted as a draft" in last(body) else propose(file_task("a"))

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        proposal = await job.propose("letters", None)
        assert (proposal.draft, proposal.end.ending.value) == (None, "text")
        await job.leave_plan(proposal)
    silent[0] = False
    async with planning(world) as job:
        assert titles(await job.resume_plan(proposal.goal.id, None)) == ["Make a"]


async def test_answers_that_are_cut_end_planning_and_say_why(modelled: Modelled, planning: Opening) -> None:
    asked: list[int] = []

    def answers(replies: int, body: Body) -> Answer:
        asked.append(replies)
        return Answer(tool_calls=(Call("propose_plan", '{"summary": "half of'),), finish="length")

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        proposal = await job.propose("letters", None)
        await job.leave_plan(proposal)
    assert proposal.draft is None
    assert "max_output_tokens" in proposal.end.message
    assert len(asked) <= 4


async def test_a_goal_is_planned_by_one_process_at_a_time(modelled: Modelled, planning: Opening) -> None:
    reached, release = threading.Event(), threading.Event()

    def answers(replies: int, body: Body) -> Answer:
        reached.set()
        release.wait(30)
        return done() if replies else propose(file_task("a"))

    world = modelled(planner(answers)).make_repository(FILES)
    process = world.start("plan", "letters", "--yes")
    assert await asyncio.to_thread(reached.wait, 30)
    async with planning(world) as job:
        with pytest.raises(RuleError, match=f"process {process.pid} .*already plans"):
            await job.resume_plan(only_goal(world), None)
    release.set()
    process.communicate(timeout=30)
    assert process.returncode == 0


async def test_a_task_that_was_taken_up_meanwhile_is_not_replaced(modelled: Modelled, planning: Opening) -> None:
    goal = ""

    def answers(replies: int, body: Body) -> Answer:
        if replies:
            return done()
        return propose(file_task("b", replaces=[f"{goal}.1"]) if goal else file_task("a"))

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world) as job:
        proposal = await job.propose("letters", None)
        await job.accept(proposal)
    goal = proposal.goal.id
    async with planning(world) as job:
        again = await job.resume_plan(goal, None)
        assert world.run("tasks", "claim", f"{goal}.1", "--agent", "me").code == 0
        with pytest.raises(RuleError, match=r"is being worked on.*nothing was changed"):
            await job.accept(again)
        assert await job.leave_plan(again)
    assert [n["title"] for n in world.json("tasks", "list", "--goal", goal)] == ["Make a"]
    assert world.run("tasks", "release", f"{goal}.1").code == 0
    assert world.run("approve", goal).code == 0
    nodes = {n["title"]: n["status"] for n in world.json("tasks", "list", "--goal", goal)}
    assert nodes == {"Make a": "cancelled", "Make b": "ready"}


HANGING = """
import asyncio, sys
from ostinato.app.job import Job, JobOptions
from ostinato.loop.interruption import Interruption

class Silent:
    async def ask(self, question, options):
        print("asked", flush=True)
        await asyncio.sleep(600)

async def main():
    async with Job.planning(JobOptions(), Interruption()) as job:
        await job.propose("letters", Silent())

asyncio.run(main())
"""


async def test_a_question_outlives_the_process_that_put_it(modelled: Modelled, planning: Opening) -> None:
    heard: list[list[str]] = []

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            return Answer(tool_calls=(Call("list_files", {}), ask("Which?", "a", "b")))
        heard.append([m["content"] for m in body["messages"] if m["role"] == "tool"])
        return propose(file_task("a")) if replies == 1 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HANGING), cwd=world.repo, env=world.environment(), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"asked\n"
    process.kill()
    await process.communicate()
    goal, person = only_goal(world), Person("b")
    assert [one["question"] for one in world.json("approvals")] == ["Which?"]
    async with planning(world) as job:
        assert titles(await job.resume_plan(goal, person)) == ["Make a"]
        assert world.json("approvals") == []
    assert world.json("sessions", "list", "--goal", goal)[1]["usage"]["calls"] == 1
    assert person.asked == [("Which?", ("a", "b"))]
    assert (len(heard[0]), heard[0][1]) == (2, "b")


@pytest.mark.parametrize("moment", ["second call", "after the proposal"])
async def test_a_killed_planner_goes_on(modelled: Modelled, planning: Opening, moment: str) -> None:
    reached, release, dead = threading.Event(), threading.Event(), threading.Event()
    heard: list[Body] = []

    def held(answer: Answer) -> Answer:
        if not dead.is_set():
            reached.set()
            release.wait(30)
        return answer

    def answers(replies: int, body: Body) -> Answer:
        if dead.is_set():
            heard.append(body)
        if replies == 0:
            return LOOK if moment != "after the proposal" else propose(file_task("a"))
        if replies == 1 and moment != "after the proposal":
            return held(propose(file_task("a")))
        return held(done())

    world = modelled(planner(answers)).make_repository(FILES)
    process = world.start("plan", "letters", "--no-input")
    assert await asyncio.to_thread(reached.wait, 30)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    dead.set()
    release.set()
    goal = only_goal(world)
    async with planning(world) as job:
        proposal: Proposal = await job.resume_plan(goal, Person())
        tasks = await job.accept(proposal)
    assert [(node.title, node.status) for node in tasks] == [("Make a", Status.READY)]
    assert len(heard) == (0 if moment == "after the proposal" else 2)
    sessions = world.json("sessions", "list", "--goal", goal)
    assert [one["stop_reason"] for one in sessions] == ["accepted", "crashed"]
    assert sessions[1]["usage"]["calls"] == 1


class JumpingClock(SystemClock):
    """The machine's clock, which a person who thinks puts forward."""

    thought = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + JumpingClock.thought


async def test_time_that_the_person_takes_is_not_the_planners(
    modelled: Modelled, planning: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostinato.app.opening.SystemClock", JumpingClock)
    monkeypatch.setattr(JumpingClock, "thought", 0.0)

    class Slow(Person):
        async def ask(self, question: str, options: tuple[str, ...]) -> str:
            JumpingClock.thought += 100_000.0
            return "a"

    def answers(replies: int, body: Body) -> Answer:
        if replies == 0:
            return Answer(tool_calls=(ask("Which?"),))
        return propose(file_task("a")) if replies == 1 else done()

    world = modelled(planner(answers)).make_repository(FILES)
    async with planning(world, max_time=300.0) as job:
        proposal = await job.propose("letters", Slow())
        assert titles(proposal) == ["Make a"]
        await job.leave_plan(proposal)
