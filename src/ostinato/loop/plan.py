"""Plan mode: from a goal in words to a draft that passed the model-free checks. Accepting it is a person's.

Whatever ends a plan session, a goal of which anything was learned stays, and a later session goes on from there.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ostinato.agent.fence import fenced
from ostinato.agent.ports import ProviderError
from ostinato.base.errors import MachineError, OstinatoError, machine_error
from ostinato.base.ids import NodeId
from ostinato.base.text import many
from ostinato.graph.iterations import Ending
from ostinato.graph.plan import Finding, PlanDraft
from ostinato.graph.plan_format import to_arguments
from ostinato.graph.sessions import Session
from ostinato.graph.types import Node
from ostinato.loop import plan_record
from ostinato.loop.briefs import brief_planner
from ostinato.loop.critique import criticised
from ostinato.loop.plan_record import Return
from ostinato.loop.planning import Planning
from ostinato.loop.planning import Proposal as Proposal
from ostinato.loop.ports import Asker
from ostinato.loop.questions import Left as Left
from ostinato.loop.recover import recover
from ostinato.loop.workbench import Run, Workbench

_GOES_ON = (
    "Planning goes on; files may have changed since you read them. Propose the plan with `propose_plan`, or end with "
    "`signal`."
)
_STOPS = {Ending.INTERRUPTED: "interrupted", Ending.SESSION_LIMIT: "limit_reached", Ending.LEFT: "waiting_for_approval"}


async def propose(
    bench: Workbench, title: str, description: str, base: str, asker: Asker | None
) -> tuple[Planning, Proposal]:
    """Let the planner explore `base` (a commit) and propose; nothing becomes part of the graph but a pending goal.

    A ProviderError or MachineError ends the session and is raised again; the goal is cancelled where nothing was
    learned, and stays otherwise.
    """
    await recover(bench)
    goal, session = await bench.store(lambda s: s.plans.start(bench.project.id, title, description, bench.process))
    planning = await _opened(bench, goal, session, base, asker, made=True)
    async with _ended_by_errors(planning):
        briefing = await brief_planner(bench, goal, asks=asker is not None)
        return planning, await _looked_at(planning, await planning.begin(briefing))


async def come_back(
    bench: Workbench, goal_id: NodeId, base: str, asker: Asker | None, words: str
) -> tuple[Planning, Proposal]:
    """Go on with the planning of a goal: its draft that waits, its conversation, or anew about what is left.

    `words` are what the person wants now, "" for nothing in particular. Raises as `propose` does; the goal stays.
    """
    await recover(bench)
    record = await bench.store(lambda s: s.plans.record(goal_id))
    goal, way = record.goal, plan_record.way_back(record)
    briefing = await brief_planner(bench, goal, asks=asker is not None, wish=words if way is Return.AFRESH else "")
    carried = record.session.id if record.session is not None and way is not Return.AFRESH else None
    session = await bench.store(lambda s: s.plans.go_on(goal, carried, briefing.system, bench.process))
    planning = await _opened(bench, goal, session, base, asker, made=False)
    async with _ended_by_errors(planning):
        if way is Return.AFRESH:
            return planning, await _looked_at(planning, await planning.begin(briefing))
        await planning.carry_on(briefing, record)
        if way is Return.SHOW and record.draft is not None and not words:
            return planning, planning.shown(record.draft)
        going_on = _changed(planning, words) if words else planning.go_on(_GOES_ON)
        return planning, await _looked_at(planning, await going_on)


async def change(planning: Planning, words: str) -> Proposal:
    """Let the planner change its plan as the person says, in the same conversation."""
    async with _ended_by_errors(planning):
        return await _changed(planning, words.strip())


async def edit(planning: Planning, draft: PlanDraft) -> tuple[Proposal, list[Finding]]:
    """Take a draft that the person edited: with findings nothing is saved."""
    async with _ended_by_errors(planning):
        edited, findings = await planning.adopt(draft)
        if not findings:
            text = json.dumps(to_arguments(edited), ensure_ascii=False, indent=1)
            await planning.say(f"{plan_record.EDITED}{fenced(text)}")
        return planning.shown(edited, "edited by the person"), findings


async def accept(bench: Workbench, proposal: Proposal) -> list[Node]:
    """Make the draft part of the graph and end the session, in one transaction; returns the tasks in plan order."""
    actor = Run(bench, proposal.goal, proposal.session, 0.0).actor()
    session = proposal.session.id
    return await bench.store(lambda s: s.plans.accept(proposal.goal.id, actor._replace(by="person"), session))


async def give_up(bench: Workbench, goal: Node, session: Session, stop_reason: str, why: str) -> None:
    """Drop a plan that is not to be and end its session; a goal without accepted work is cancelled."""
    actor = Run(bench, goal, session, 0.0).actor()._replace(by="person" if stop_reason == "rejected" else "loop")
    await bench.store(lambda s: s.plans.reject(goal.id, why, actor))
    await bench.store(lambda s: s.sessions.end(session.id, stop_reason=stop_reason, summary=why))


async def leave(planning: Planning, proposal: Proposal | None) -> bool:
    """End the session without a decision; tell whether the goal stays, which it does when anything was learned.

    A draft waits for the person as a question; None stands for a session that was left before it had a proposal.
    """
    run, bench = planning.run, planning.run.bench
    if proposal is not None and proposal.draft is not None:
        tasks = len(proposal.draft.tasks)
        question = f"Accept the plan for {run.goal.title} ({many(tasks, 'task')})?"
        await bench.store(lambda s: s.plans.ask(run.goal.id, run.session.id, question, {"tasks": tasks}))
        return True
    end = proposal.end if proposal is not None else None
    stopped = _STOPS.get(end.ending, "no_plan") if end is not None else "interrupted"
    why = (proposal.limit or end.message if proposal is not None and end is not None else "") or stopped
    return await _stop(planning, stopped, why)


async def _changed(planning: Planning, words: str) -> Proposal:
    """Tell the planner what shall be different; the draft that it is about is not asked about any more."""
    goal = planning.run.goal.id
    await planning.run.bench.store(lambda s: s.plans.reconsider(goal, words))
    return await planning.go_on(f"{plan_record.CHANGES}{words}")


async def _opened(
    bench: Workbench, goal: Node, session: Session, base: str, asker: Asker | None, *, made: bool
) -> Planning:
    run = Run(bench, goal, session, bench.clock.monotonic())
    await bench.store(lambda s: s.sessions.add_agent(session.id, bench.agent))
    return Planning(run, base, asker, made=made)


async def _looked_at(planning: Planning, proposal: Proposal) -> Proposal:
    """Let the critic look at a new draft, where there is one."""
    critic = planning.run.bench.critic
    if critic is None or proposal.end.ending is Ending.LEFT:
        return proposal
    return await criticised(planning, proposal, critic)


@asynccontextmanager
async def _ended_by_errors(planning: Planning) -> AsyncIterator[None]:
    """End the session for an error of the provider or the machine, and raise it with the way to go on."""
    try:
        yield
    except (ProviderError, MachineError) as error:
        await _fail(planning, error)
        raise
    except OSError as error:
        known = machine_error(error)
        await _fail(planning, known)
        raise known from error


async def _fail(planning: Planning, error: OstinatoError) -> None:
    if await _stop(planning, error.kind, error.message):
        error.message = f"{error.message}; nothing is lost: `ostinato plan --goal {planning.run.goal.id}` goes on"


async def _stop(planning: Planning, stop_reason: str, why: str) -> bool:
    run, bench = planning.run, planning.run.bench
    record = await bench.store(lambda s: s.plans.record(run.goal.id))
    if planning.made and record.steps == 0 and record.draft is None:
        await give_up(bench, run.goal, run.session, stop_reason, why)
        return False
    await bench.store(lambda s: s.sessions.end(run.session.id, stop_reason=stop_reason, summary=why))
    return True
