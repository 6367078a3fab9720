"""Short words for tests of the loop's records: adding tasks, claiming them, ending their iterations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ostinato.base.process import ProcessIdentity, current_process
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.iterations import Claim, Ending, Iteration
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.types import Check, Node, NodeType, TaskDetails
from ostinato.loop.decide import Action, Decision
from ostinato.loop.finished import FinishedIteration
from ostinato.store.store import Store
from ostinato.verify.types import Verdict, VerdictKind

LEASE = 60.0
PASSED = Verdict(VerdictKind.PASSED, ever_red=True)
RED = Verdict(VerdictKind.FAILED, ("make a: exit 1",), fingerprint="f1")


@dataclass(frozen=True, slots=True)
class Work:
    """An iteration under way."""

    session: Session
    claim: Claim
    iteration: Iteration


def add_task(store: Store, parent: Node, title: str = "A task", *checks: str, **facts: Any) -> Node:
    """Add a task with these checks under a goal or task."""
    details = TaskDetails(checks=tuple(Check(command) for command in checks))
    new = NewNode(NodeType.TASK, title, parent_id=parent.id, details=details, **facts)
    return store.graph.add_node(parent.project_id, new)


def begin(store: Store, goal: Node, process: ProcessIdentity | None = None, session: Session | None = None) -> Work:
    """Open a session unless one is given, claim the next task and start an iteration."""
    process = process or current_process()
    session = session or store.sessions.start(goal.project_id, goal.id, SessionKind.RALPH, process=process)
    claim = claim_next(store, goal, session, process)
    return Work(session, claim, store.iterations.start(session.id, claim, "base"))


def claim_next(store: Store, goal: Node, session: Session, process: ProcessIdentity | None = None) -> Claim:
    """Claim the goal's next task for the session."""
    found = store.tasks.claim_next(
        goal.id, "coder", session_id=session.id, lease_seconds=LEASE, process=process or current_process()
    )
    assert found is not None
    return found[0]


def ended(action: Action, reason: str = "why", **facts: Any) -> FinishedIteration:
    """What the loop hands over for an action."""
    uses = action in {Action.RETRY, Action.FAIL}
    return FinishedIteration(Ending.COMPLETE, "the agent's words", Decision(action, reason, uses), **facts)


def a_run(command: str, status: CheckStatus, phase: CheckPhase, owner: Node | None = None) -> CheckRun:
    """A run of a check."""
    codes = {CheckStatus.PASSED: 0, CheckStatus.FAILED: 1, CheckStatus.INCONCLUSIVE: None}
    return CheckRun(command, status, codes[status], 0.5, "out\nput", phase, owner=owner.id if owner else None)
