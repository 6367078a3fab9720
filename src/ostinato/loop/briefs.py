"""Gathers from the store what a fresh agent is told; how it is told is `agent.briefing`'s business."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ostinato.agent.briefing import Briefing, coder_briefing, critic_briefing, planner_briefing
from ostinato.agent.facts import (
    BriefingFacts,
    CompletedWork,
    CriticFacts,
    OpenTask,
    PastAttempt,
    PlannerFacts,
    StandingDecision,
)
from ostinato.agent.profiles import Profile
from ostinato.base.ids import NodeId
from ostinato.graph.edges import EdgeType
from ostinato.graph.evidence import CheckRun
from ostinato.graph.iterations import Iteration
from ostinato.graph.prohibitions import forbidden_words
from ostinato.graph.requests import NodeFilter
from ostinato.graph.steering import HINT, PersonNote
from ostinato.graph.tried import tried_lines
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.course import course_before, direction
from ostinato.loop.crew import added
from ostinato.loop.store_ports import OPEN_TASKS, StorePort, tasks_of
from ostinato.loop.workbench import Run, Workbench

_LATEST_OBSERVATIONS = 20
_READ = 100
"""Of long lists a briefing shows the first; more than so many lines never fit into its budget."""
_OPEN_SHOWN = 250
"""The same for a planner's open tasks, which have more room."""
_TRIED_SHOWN = 3
"""Of each open task's failed attempts, for a planner."""


async def brief_coder(
    run: Run,
    task: Node,
    iteration: Iteration,
    before: tuple[CheckRun, ...],
    notes: Sequence[PersonNote],
    profile: Profile,
) -> Briefing:
    """Return the briefing of an attempt at `task`, from the graph as it is now; `notes` come newest first."""
    bench = run.bench
    facts = await bench.store(lambda s: _facts(s, run, task, iteration))
    return coder_briefing(replace(facts, base_runs=before, notes=_said(notes), profile=profile))


async def brief_planner(bench: Workbench, goal: Node, *, asks: bool, wish: str = "") -> Briefing:
    """Return the briefing of a planning conversation, with the work that the goal has already."""
    facts = await bench.store(lambda s: _planner_facts(s, bench, goal))
    crew = bench.crew
    facts = replace(facts, profile=crew.profile("planner"), others=added(crew))
    return planner_briefing(replace(facts, asks=asks, wish=wish))


async def brief_critic(bench: Workbench, goal: Node, plan: str, before: str) -> Briefing:
    """Return the briefing of a critic, in a context of its own."""
    facts = await bench.store(lambda s: _planner_facts(s, bench, goal))
    return critic_briefing(
        CriticFacts(
            goal=goal,
            plan=plan,
            before=before,
            conventions=facts.conventions,
            project_checks=facts.project_checks,
            check_timeout=facts.check_timeout,
            completed=facts.completed,
            left=facts.left,
            now=facts.now,
            budget=facts.budget,
            rules=facts.rules,
            profile=bench.crew.profile("critic"),
        )
    )


def _planner_facts(store: StorePort, bench: Workbench, goal: Node) -> PlannerFacts:
    policy = bench.policy
    nodes = store.graph.descendants(goal.id)
    return PlannerFacts(
        goal=goal,
        now=bench.clock.now(),
        conventions=bench.conventions(),
        decisions=_decisions(store, goal, nodes),
        observations=_observations(nodes, _about(store, goal.id)),
        completed=_completed(nodes),
        left=tuple(
            OpenTask(task, _prerequisites(store, task) if place < _OPEN_SHOWN else (), _tried(store, task))
            for place, task in enumerate(task for task in tasks_of(nodes) if task.status in OPEN_TASKS)
        ),
        project_checks=policy.project_checks,
        notes=_said(store.steering.notes(goal.id)),
        handoff=store.sessions.last_notes(goal.id) if nodes else "",
        check_timeout=policy.check_timeout,
        budget=policy.briefing.tokens,
        rules=policy.briefing,
    )


def _facts(store: StorePort, run: Run, task: Node, iteration: Iteration) -> BriefingFacts:
    policy = run.bench.policy
    goal = run.goal.id
    earlier = [i for i in store.iterations.of_task(task.id) if i.ended_at is not None and i.id != iteration.id]
    about = _about(store, task.id)
    seen = store.graph.query(NodeFilter(goal_id=goal, node_type=NodeType.OBSERVATION))
    done = store.graph.completed(goal, limit=_READ)
    return BriefingFacts(
        goal=run.goal,
        task=task,
        now=run.bench.clock.now(),
        attempt=iteration.attempt,
        max_attempts=task.task.max_attempts or policy.attempts,
        conventions=run.bench.conventions(),
        near=run.bench.conventions_near(task.task.file_scope),
        decisions=_decisions(store, run.goal, store.graph.query(NodeFilter(goal_id=goal, node_type=NodeType.DECISION))),
        observations=_observations(seen, about),
        # What the person said about this task when it was to be tried again, the newest first.
        hints=tuple(node for node in reversed(seen) if node.id in about and HINT in node.labels),
        completed=tuple(CompletedWork(one, _outcome(store, one)) for one in done),
        completed_unread=store.graph.counts(goal).get(Status.COMPLETED, 0) - len(done) if len(done) == _READ else 0,
        dependencies=tuple(store.graph.prerequisites(task.id)),
        project_checks=policy.project_checks,
        earlier=tuple(PastAttempt(i, tuple(store.iterations.check_runs(iteration_id=i.id))) for i in earlier),
        handoff=store.sessions.last_notes(goal),
        direction=direction(course_before(run, task, iteration.attempt, earlier), earlier),
        check_timeout=policy.check_timeout,
        budget=policy.briefing.tokens,
        rules=policy.briefing,
    )


def _decisions(store: StorePort, goal: Node, nodes: list[Node]) -> tuple[StandingDecision, ...]:
    """Return the goal's decisions that stand, and with them whatever the project's decisions forbid now."""
    forbids = {
        one.decision: forbidden_words(one.paths, one.dependencies)
        for one in store.decisions.prohibitions(goal.project_id)
    }
    known = {node.id for node in nodes}
    shown = [node for node in nodes if node.node_type is NodeType.DECISION and _stands(node, forbids)]
    shown += [store.graph.get(one) for one in forbids if one not in known]
    return tuple(
        _decision(store, node, forbids.get(node.id, ""))
        if place < _READ or node.id in forbids
        else StandingDecision(node)
        for place, node in enumerate(shown)
    )


def _decision(store: StorePort, node: Node, forbids: str) -> StandingDecision:
    chosen = [e for e in store.graph.edges_of(node.id) if e.edge_type is EdgeType.CHOSEN and e.from_id == node.id]
    last = max(chosen, key=lambda e: (e.created_at, e.id), default=None)
    if last is None:
        return StandingDecision(node, forbids=forbids)
    return StandingDecision(node, store.graph.get(last.to_id).title, last.label or "", forbids)


def _prerequisites(store: StorePort, task: Node) -> tuple[str, ...]:
    return tuple(one.id for one in store.graph.prerequisites(task.id))


def _tried(store: StorePort, task: Node) -> tuple[str, ...]:
    """Return what the latest attempts at an open task tried: a new plan must not do the same again."""
    return tried_lines(store.iterations.of_task(task.id), _TRIED_SHOWN) if task.task.attempts else ()


def _outcome(store: StorePort, task: Node) -> str:
    """Return what came of a task: the text of its latest outcome, "" without one."""
    outcomes = store.graph.query(NodeFilter(parent_id=task.id, node_type=NodeType.OUTCOME))
    return outcomes[-1].description if outcomes else ""


def _stands(decision: Node, forbids: Mapping[NodeId, str]) -> bool:
    return decision.status in {Status.DECIDED, Status.ACTIVE} or decision.id in forbids


def _said(notes: Sequence[PersonNote]) -> tuple[str, ...]:
    return tuple(f"- {note.at:%Y-%m-%d %H:%M} UTC: {note.text.strip()}" for note in notes)


def _observations(nodes: list[Node], about: set[NodeId]) -> tuple[Node, ...]:
    """Return the observations in `about` first, then the latest others; a task's hints stand with the task itself."""
    seen = [node for node in nodes if node.node_type is NodeType.OBSERVATION]
    mine = [node for node in seen if node.id in about and HINT not in node.labels]
    others = sorted((n for n in seen if n.id not in about), key=lambda n: (n.created_at, n.id), reverse=True)
    return (*reversed(mine), *others[:_LATEST_OBSERVATIONS])


def _about(store: StorePort, node: NodeId) -> set[NodeId]:
    """Return the ids of the observations about a node."""
    return {e.from_id for e in store.graph.edges_of(node) if e.edge_type is EdgeType.INFORMS}


def _completed(nodes: list[Node]) -> tuple[CompletedWork, ...]:
    outcomes = {node.parent_id: node.description for node in nodes if node.node_type is NodeType.OUTCOME}
    return tuple(
        CompletedWork(node, outcomes.get(node.id, "")) for node in tasks_of(nodes) if node.status is Status.COMPLETED
    )
