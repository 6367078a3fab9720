"""Every operation that writes, by name: what prepares it, and the call that is to fail half-way.

A new method of a part of the store belongs here, or among those that only read: `test_every_commit.py` fails for one
that stands nowhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ostinato.base.ids import NodeId
from ostinato.base.process import current_process
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage
from ostinato.graph.actors import Actor
from ostinato.graph.approvals import HELP
from ostinato.graph.budgets import Budget, Call, Used
from ostinato.graph.comparing import Strategy
from ostinato.graph.edges import EdgeType
from ostinato.graph.events import EventKind
from ostinato.graph.evidence import CheckPhase, CheckStatus
from ostinato.graph.importing.markdown import read_markdown
from ostinato.graph.iterations import Ending
from ostinato.graph.joining import NamedFile
from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.retention import Keep, Policy
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import NodeType, Status
from ostinato.loop.decide import Action
from ostinato.store.discarding import discard
from ostinato.store.soundness import work_out_anew
from tests.faults.situation import DRAFT, Situation, another_claim
from tests.unit.night import COMMIT, DIFF
from tests.unit.store.work import PASSED, a_run, ended

Act = Callable[[], Any]
SPENT = Spending(10, 0, 0, 5, 0, 1, 0.01)
CHECKLIST = {"PRD.md": "# A list\n\n- [ ] One thing\n  - [ ] Its part\n- [x] Another\n"}


def _review(here: Situation) -> tuple[Any, Any]:
    (iteration,) = here.store.iterations.of_task(here.night.review)
    return here.night.review, iteration.id


def _claimed(here: Situation) -> Act:
    claim = another_claim(here).claim
    return lambda: here.store.tasks.release(claim.task_id)


def _old() -> Policy:
    keep = Keep(None, 1)
    return Policy(keep, keep, keep)


def _ended_session(here: Situation) -> Situation:
    here.store.sessions.end(here.planning.id)
    return here


def _start(here: Situation) -> Act:
    claimed = here.store.tasks.claim_next(
        here.goal.id, "coder", session_id=here.work.session.id, lease_seconds=60, process=current_process()
    )
    assert claimed is not None
    return lambda: here.store.iterations.start(here.work.session.id, claimed[0], "base")


def _go_on(here: Situation) -> Act:
    return lambda: here.store.plans.go_on(here.planned, here.planning.id, "another system", None)


def _resume(here: Situation) -> Act:
    here.store.steering.pause(here.goal.id)
    return lambda: here.store.steering.resume(here.goal.id)


def _reconsider(here: Situation) -> Act:
    here.store.approvals.ask(here.project.id, here.planned.id, "plan", "Accept it?")
    return lambda: here.store.plans.reconsider(here.planned.id, "smaller")


def _settle_help(here: Situation) -> Act:
    here.store.approvals.ask(here.project.id, here.leaf.id, HELP, "What now?")
    return lambda: here.store.approvals.settle_help(here.leaf.id, "a hint")


def _settle(here: Situation) -> Act:
    here.store.budgets.reserve("iter-x", 1, Call(here.leaf.id, 1, 2), Actor("loop"))
    return lambda: here.store.budgets.settle("iter-x", 1, Used(1, 10, 0.5), "some:model")


def _recover(here: Situation) -> Act:
    for table in ("claims", "sessions"):
        here.store.db.execute(f"UPDATE {table} SET started = 'long ago' WHERE started IS NOT NULL")
    return lambda: here.store.recover(here.project.id, {here.work.iteration.id: COMMIT})


def _bring_in(here: Situation) -> Act:
    """A file in which one node was renamed, one came new and one edge is gone wins over the database."""
    told = here.store.interchange.read(here.project.id, here.goal.id)
    nodes = [replace(node, title="Renamed") if node.id == here.leaf.id else node for node in told.nodes]
    leaf = next(node for node in nodes if node.id == here.leaf.id)
    new = replace(leaf, id=NodeId(f"{here.tree.id}.99"), uid=None, title="New")
    edges = tuple(edge for edge in told.edges if edge.edge_type is not EdgeType.INFORMS)
    file = NamedFile("goal.toml", "d2", replace(told, nodes=(*nodes, new), edges=edges))
    return lambda: here.store.interchange.bring_in(here.project.id, [file], Strategy.THEIRS)


OPERATIONS: dict[str, Callable[[Situation], Act]] = {
    "projects.add": lambda s: lambda: s.store.projects.add("/another"),
    "projects.remove": lambda s: lambda: s.store.projects.remove(s.project.name),
    "events.add": lambda s: lambda: s.store.events.add(EventKind.LIMIT_WARNED, project_id=s.project.id),
    "events.add_made": lambda s: lambda: s.store.events.add_made((0, 0), project_id=s.project.id),
    "graph.add_node": lambda s: (
        lambda: s.store.graph.add_node(
            s.project.id, NewNode(NodeType.TASK, "New", parent_id=s.tree.id, depends_on=(s.leaf.id,))
        )
    ),
    "graph.update": lambda s: (
        lambda: s.store.graph.update(s.leaf.id, NodeChanges(title="Renamed", metadata={"a": "b"}))
    ),
    "graph.set_status": lambda s: lambda: s.store.graph.set_status(s.leaf.id, Status.COMPLETED),
    "graph.link": lambda s: lambda: s.store.graph.link(s.waiting.id, EdgeType.DEPENDS_ON, s.night.failed, None),
    "graph.unlink": lambda s: (
        lambda: s.store.graph.unlink(
            next(edge.id for edge in s.store.graph.edges_of(s.waiting.id) if edge.edge_type is EdgeType.DEPENDS_ON)
        )
    ),
    "reasoning.log_decision": lambda s: (
        lambda: s.store.reasoning.log_decision(
            s.goal.id, DecisionDraft("How?", "", (OptionDraft("So"), OptionDraft("Thus")), "So", "it is so")
        )
    ),
    "reasoning.choose_option": lambda s: lambda: s.store.reasoning.choose_option(s.undecided.id, "Two", "why not"),
    "reasoning.reject_option": lambda s: lambda: s.store.reasoning.reject_option(s.undecided.id, "Two", "too long"),
    "reasoning.supersede": lambda s: lambda: s.store.reasoning.supersede(s.night.decision, s.undecided.id),
    "reasoning.record_outcome": lambda s: lambda: s.store.reasoning.record_outcome(s.leaf.id, "It went", "well", True),
    "reasoning.revisit": lambda s: lambda: s.store.reasoning.revisit(s.outcome.id, "It went badly", "Again?"),
    "reasoning.record_observation": lambda s: (
        lambda: s.store.reasoning.record_observation(s.goal.id, "It rains", "all day", s.leaf.id)
    ),
    "tasks.claim": lambda s: lambda: s.store.tasks.claim("pat", task_id=s.leaf.id),
    "tasks.claim_next": lambda s: (
        lambda: s.store.tasks.claim_next(
            s.goal.id, "coder", session_id=s.work.session.id, lease_seconds=60, process=current_process()
        )
    ),
    "tasks.renew": lambda s: lambda: s.store.tasks.renew(s.work.claim, 600),
    "tasks.release": _claimed,
    "tasks.retry": lambda s: lambda: s.store.tasks.retry(s.night.failed, "try the other way"),
    "tasks.reopen": lambda s: lambda: s.store.tasks.reopen(s.night.done),
    "tasks.create_child": lambda s: lambda: s.store.tasks.create_child(s.work.claim, NewNode(NodeType.TASK, "Part")),
    "sessions.start": lambda s: lambda: s.store.sessions.start(s.project.id, s.planned.id, SessionKind.RALPH),
    "sessions.end": lambda s: lambda: s.store.sessions.end(s.work.session.id, stop_reason="interrupted"),
    "sessions.add_agent": lambda s: lambda: s.store.sessions.add_agent(s.work.session.id, "critic"),
    "sessions.add_spending": lambda s: lambda: s.store.sessions.add_spending(s.work.session.id, SPENT),
    "iterations.start": _start,
    "iterations.finish": lambda s: (
        lambda: s.store.iterations.finish(
            s.work.claim, ended(Action.DONE, verdict=PASSED, commit=COMMIT, diff=DIFF, spending=SPENT)
        )
    ),
    "iterations.complete_landed": lambda s: lambda: s.store.iterations.complete_landed(s.work.iteration.id, COMMIT),
    "iterations.abandon": lambda s: lambda: s.store.iterations.abandon(s.work.iteration.id, Ending.CRASHED, "gone"),
    "iterations.begin_step": lambda s: lambda: s.store.iterations.begin_step(s.work.iteration.id, 2, {"task": 5}),
    "iterations.end_step": lambda s: lambda: s.store.iterations.end_step(s.work.iteration.id, 1, SPENT, "some:model"),
    "iterations.fail_step": lambda s: lambda: s.store.iterations.fail_step(s.work.iteration.id, 1, SPENT, ""),
    "iterations.add_message": lambda s: lambda: s.store.iterations.add_message(s.work.iteration.id, 1, "system"),
    "iterations.add_reply": lambda s: (
        lambda: s.store.iterations.add_reply(s.work.iteration.id, 1, AssistantMessage("hello", ()), SPENT, "some:model")
    ),
    "iterations.add_check_runs": lambda s: (
        lambda: s.store.iterations.add_check_runs(
            s.project.id,
            [a_run("true", CheckStatus.PASSED, CheckPhase.ATTEMPT, s.leaf)] * 2,
            session_id=s.work.session.id,
            iteration_id=s.work.iteration.id,
        )
    ),
    "approvals.ask": lambda s: lambda: s.store.approvals.ask(s.project.id, s.goal.id, "question", "Really?"),
    "approvals.settle_help": _settle_help,
    "approvals.answer": lambda s: lambda: s.store.approvals.answer(s.night.review, "approved"),
    "reviews.approve": lambda s: lambda: s.store.reviews.approve(*_review(s), COMMIT),
    "reviews.reject": lambda s: lambda: s.store.reviews.reject(*_review(s), "no", 1),
    "plans.start": lambda s: lambda: s.store.plans.start(s.project.id, "More", "", None),
    "plans.go_on": lambda s: _go_on(_ended_session(s)),
    "plans.ask": lambda s: lambda: s.store.plans.ask(s.planned.id, s.planning.id, "Which one?", {}),
    "plans.save_draft": lambda s: lambda: s.store.plans.save_draft(s.planned.id, DRAFT),
    "plans.reconsider": _reconsider,
    "plans.accept": lambda s: lambda: s.store.plans.accept(s.planned.id),
    "plans.reject": lambda s: lambda: s.store.plans.reject(s.planned.id, "no"),
    "interchange.bring_in": _bring_in,
    "file_marks.caught_up": lambda s: lambda: s.store.file_marks.caught_up(s.project.id, 7),
    "file_marks.remember": lambda s: lambda: s.store.file_marks.remember(s.project.id, s.goal.id, "d1"),
    "importing.bring": lambda s: lambda: s.store.importing.bring(s.project.id, read_markdown(CHECKLIST)),
    "steering.say": lambda s: lambda: s.store.steering.say(s.goal.id, "mind the gap"),
    "steering.pause": lambda s: lambda: s.store.steering.pause(s.goal.id),
    "steering.resume": _resume,
    "budgets.set": lambda s: lambda: s.store.budgets.set(s.goal.id, Budget(1000, 2.0)),
    "budgets.reserve": lambda s: lambda: s.store.budgets.reserve("iter-x", 1, Call(s.leaf.id, 1, 2), Actor("loop")),
    "budgets.settle": _settle,
    "budgets.worked": lambda s: lambda: s.store.budgets.worked(s.leaf.id, 3.0, "some:model"),
    "retention.prune": lambda s: lambda: s.store.retention.prune(_old()),
    "recover": _recover,
    "discard": lambda s: (
        lambda: discard(s.store, s.night.goal.id, cancel=True, commit=COMMIT, before_commit=lambda: None)
    ),
    "work_out_anew": lambda s: lambda: work_out_anew(s.store.db),
}
"""`part.method`, and the operations of several parts that stand by themselves."""

READING = {
    "projects": "find_by_path get list",
    "events": "after before_latest last_seq of_node",
    "decisions": "history prohibitions record records",
    "interchange": "goals inside meet read shared_goals",
    "file_marks": "behind last_seen seen",
    "graph": "attempts children completed counts descendants edges_of find find_hits get goal_of notes "
    "prerequisites query search",
    "tasks": "holds next ready",
    "sessions": "find get last_notes list live open owner",
    "iterations": "check_runs get of_session of_task red_commands steps transcript unfinished",
    "approvals": "for_node get open",
    "plans": "draft record used",
    "looking": "approvals_of_goal budgets check_runs_of_goal committed_diffs edges_of_goal iterations_of_commit "
    "iterations_of_goal iterations_since last_sign last_step near_ids nodes nodes_of_goal paused steps_of talks_of "
    "tasks_and_goals",
    "budgets": "account get refusal",
    "steering": "news notes paused paused_goals",
    "retention": "due used",
}
"""By part, the methods that write nothing."""
