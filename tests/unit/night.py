"""A worked goal in a database, by the store's own words: for tests of what is shown of it afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from ostinato.base.ids import IterationId, NodeId
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, ToolCall, ToolMessage, UserMessage
from ostinato.graph.actors import PERSON
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.types import Check, Node, NodeType, Priority, TaskDetails
from ostinato.loop.decide import Action
from ostinato.store.store import Store
from ostinato.verify.types import Verdict, VerdictKind
from tests.unit.store.work import begin, ended

HOSTILE = (
    "\x1b[31mred\x07 <script>alert(1)</script> **bold** `tick` \u202eevil @everyone #12 | & 'q\" [x](http://e.vil)"
)
DIFF = "diff --git a/read.py b/read.py\n--- a/read.py\n+++ b/read.py\n@@ -1 +1,2 @@\n-old\n+new\n+more\n"
COMMIT = "c0ffee" * 6 + "c0ff"
MODEL = "some:model"
SPENT = Spending(1000, 400, 0, 100, 20, 1, 0.02)


@dataclass(frozen=True, slots=True)
class Night:
    """What was made; `first` is the attempt that was committed, `last` the one that failed for good."""

    goal: Node
    session: Session
    done: NodeId
    failed: NodeId
    review: NodeId
    decision: NodeId
    first: IterationId
    last: IterationId


def night(store: Store, path: str, title: str = "A calculator", word: str = "sums") -> Night:
    """Work through a night: one task done, one failed twice, one in review, one that waits for the failed one."""
    project = store.projects.add(path)
    goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, title, f"{title}\n\nIt reads {word}."))
    decision = _decide(store, goal, word)
    order = {"Read": Priority.CRITICAL, "Divide": Priority.HIGH, "Help": Priority.LOW}
    tasks = [_task(store, goal, f"{name} {word}", priority) for name, priority in order.items()]
    store.graph.add_node(project.id, NewNode(NodeType.TASK, "Errors", parent_id=goal.id, depends_on=(tasks[1].id,)))
    session = store.sessions.start(project.id, goal.id, SessionKind.RALPH)
    first = _attempt(store, goal, session, Action.DONE, f"It reads {word}.", commit=COMMIT, diff=DIFF)
    _attempt(store, goal, session, Action.RETRY, "It divides.")
    last = _attempt(store, goal, session, Action.FAIL, f"It divides {word}.")
    third = _attempt(store, goal, session, Action.REVIEW, "A help.")
    payload = {"iteration": third, "commit": "", "base": "base"}
    store.approvals.ask(project.id, tasks[2].id, "review", f"Is the help for {word} good?", payload)
    ended_session = store.sessions.end(session.id, stop_reason="waiting_for_approval", summary="1 task completed")
    return Night(goal, ended_session, tasks[0].id, tasks[1].id, tasks[2].id, decision, first, last)


def _decide(store: Store, goal: Node, word: str) -> NodeId:
    options = (OptionDraft("Split", pros=("short",)), OptionDraft(f"Parse {word}", cons=("long",)))
    draft = DecisionDraft("How it reads", "Sums are short.", options, "Split", f"enough for {word}")
    return store.reasoning.log_decision(goal.id, draft, PERSON).id


def _task(store: Store, goal: Node, title: str, priority: Priority) -> Node:
    details = TaskDetails(checks=(Check("make test"),), acceptance_criteria=("it works",), max_attempts=2)
    new = NewNode(NodeType.TASK, title, parent_id=goal.id, priority=priority, details=details)
    return store.graph.add_node(goal.project_id, new)


def _attempt(store: Store, goal: Node, session: Session, action: Action, said: str, **facts: str) -> IterationId:
    work = begin(store, goal, session=session)
    iteration = work.iteration.id
    _talk(store, iteration, said)
    passed = action in {Action.DONE, Action.REVIEW}
    runs = (
        _run(work.claim.task_id, CheckPhase.BASE, passed=False, output="not there yet"),
        _run(work.claim.task_id, CheckPhase.ATTEMPT, passed=passed, output="all good" if passed else f"boom: {said}"),
    )
    store.iterations.add_check_runs(goal.project_id, runs, session_id=session.id, iteration_id=iteration)
    kind = VerdictKind.PASSED if passed else VerdictKind.FAILED
    verdict = Verdict(kind, () if passed else (f"`make test` exit 1: {said}",), ever_red=True)
    reason = "all checks passed" if passed else f"`make test` exit 1: {said}"
    finished = ended(action, reason, verdict=verdict, steps=1, spending=SPENT, **facts)
    store.iterations.finish(work.claim, finished)
    return iteration


def _talk(store: Store, iteration: IterationId, said: str) -> None:
    keep = store.iterations
    keep.add_message(iteration, 0, "You are the coder.")
    keep.add_message(iteration, 0, UserMessage("## Task: the briefing of this task"))
    keep.begin_step(iteration, 1, {"rules": 300, "task": 120, "tool_results": 0})
    call = ToolCall("c1", "write_file", '{"path":"read.py","content":"one\\ntwo\\nthree\\nfour\\nfive\\nsix\\nseven"}')
    keep.add_message(iteration, 1, AssistantMessage(said, (call,), reasoning="first I think about it"))
    keep.add_message(iteration, 1, ToolMessage("c1", "write_file", "\n".join(f"line {n}" for n in range(30))))
    keep.end_step(iteration, 1, SPENT, MODEL)


def _run(owner: NodeId, phase: CheckPhase, *, passed: bool, output: str) -> CheckRun:
    status = CheckStatus.PASSED if passed else CheckStatus.FAILED
    return CheckRun("make test", status, 0 if passed else 1, 0.5, output, phase, owner)
