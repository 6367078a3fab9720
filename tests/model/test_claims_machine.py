"""Claims against their model: agents that work, hang, die and come back late. One holder each; late writes refused.

OSTINATO_EXAMPLES=N asks for more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ostinato.base.errors import ClaimLostError
from ostinato.base.ids import IterationId
from ostinato.base.process import ProcessIdentity, current_process
from ostinato.graph.iterations import Claim, Ending
from ostinato.graph.requests import NewNode, NodeFilter
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import NodeType, Status
from ostinato.loop.decide import Action, Decision
from ostinato.loop.finished import FinishedIteration
from ostinato.store.recovery import recover
from ostinato.store.store import Store
from tests import strategies
from tests.examples import examples
from tests.model.operations import Add, AnyStore, Here, SetStatus
from tests.model.pair import Pair

LEASE = 60.0
AGENT = "coder"
_WORKERS = st.integers(0, 3)


@dataclass(frozen=True, slots=True)
class Worker:
    """A process, which claims under the same agent's name as all others, and the claims that it thinks it has."""

    process: ProcessIdentity
    session: str
    claims: tuple[Claim, ...] = ()


class ClaimsMachine(RuleBasedStateMachine):
    """Several processes on one goal, in both stores. Two of them are on this host, two on another."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()
        self.dead: set[ProcessIdentity] = set()
        self.workers: list[Worker] = []
        self.tokens: list[int] = []

    @initialize(tasks=st.integers(1, 4))
    def begin(self, tasks: int) -> None:
        self.goal = self.pair.do(Add(NodeType.GOAL))
        for number in range(tasks):
            self.pair.do(Add(NodeType.TASK, parent=0, depends_on=(number,) if number == 3 else ()))
        here = current_process()
        for number in range(4):
            host = here.host if number < 2 else "another-host"
            self.workers.append(Worker(ProcessIdentity(host, here.boot, number + 1, f"then {number}"), ""))
            self._start(number)

    @rule(who=_WORKERS)
    def claim(self, who: int) -> None:
        worker = self.workers[who]
        found = self.pair.do(
            lambda here: here.store.tasks.claim_next(
                self.goal.id, AGENT, session_id=worker.session, lease_seconds=LEASE, process=worker.process
            )
        )
        if found is not None:
            self.tokens.append(found[0].token)
            self.workers[who] = replace(worker, claims=(*worker.claims, found[0]))

    @rule(who=_WORKERS, which=st.integers(0, 3))
    def renew(self, who: int, which: int) -> None:
        claim = self._claim(who, which)
        if claim is not None:
            self._write(claim, lambda here: here.store.tasks.renew(claim, LEASE))

    @rule(who=_WORKERS, which=st.integers(0, 3))
    def begin_iteration(self, who: int, which: int) -> None:
        claim = self._claim(who, which)
        if claim is not None:
            session = self.workers[who].session
            self._write(claim, lambda here: here.store.iterations.start(session, claim, "base"))

    @rule(who=_WORKERS, which=st.integers(0, 3), action=st.sampled_from(list(Action)))
    def finish(self, who: int, which: int, action: Action) -> None:
        claim = self._claim(who, which)
        if claim is not None:
            uses = action in {Action.RETRY, Action.FAIL}
            finished = FinishedIteration(Ending.COMPLETE, "words", Decision(action, "why", uses), steps=1)
            self._write(claim, lambda here: here.store.iterations.finish(claim, finished))

    @rule(who=_WORKERS, which=st.integers(0, 3))
    def split(self, who: int, which: int) -> None:
        claim = self._claim(who, which)
        if claim is not None and self.pair.size() < strategies.MOST_NODES:
            self._write(claim, lambda here: here.store.tasks.create_child(claim, NewNode(NodeType.TASK, "child")))

    @rule(node=st.integers(0, 9))
    def person_takes_one_back(self, node: int) -> None:
        self.pair.do(lambda here: here.store.tasks.release(here.pick(node, NodeType.TASK)))

    @rule(node=st.integers(0, 9), status=st.sampled_from(list(Status)))
    def person_sets_a_status(self, node: int, status: Status) -> None:
        self.pair.do(SetStatus(node, status, "because"))

    @rule()
    def person_claims_one(self) -> None:
        self.pair.do(lambda here: here.store.tasks.claim(AGENT, goal_id=self.goal.id))

    @rule(paused=st.booleans())
    def person_pauses(self, paused: bool) -> None:
        self.pair.do(lambda here: (here.store.steering.pause if paused else here.store.steering.resume)(self.goal.id))

    @rule(seconds=st.sampled_from([1.0, LEASE / 2, LEASE + 1]))
    def time_passes(self, seconds: float) -> None:
        self.pair.clock.advance(seconds)

    @rule(who=_WORKERS)
    def process_dies(self, who: int) -> None:
        """It may have been in the middle of a write yet: what it thinks it has stays, and its writes come late."""
        self.dead.add(self.workers[who].process)

    @rule(lands=st.booleans())
    def recovery(self, lands: bool) -> None:
        running = self.pair.model.iterations.unfinished(self.pair.project.id)
        landed: dict[IterationId, str] = {running[0].id: "c0ffee"} if lands and running else {}
        for _ in range(2):
            lines = self.pair.do(lambda here: _recovered(here, landed, self.dead))
        assert lines == [], "recovering a second time finds nothing"
        held = [held for held in self.pair.model.db.state.claims.values() if held.process in self.dead]
        assert not [one for one in held if one.process and one.process.host == current_process().host]

    @rule(who=_WORKERS)
    def worker_starts_again(self, who: int) -> None:
        """A new process in its place; its claims of before are a zombie's."""
        before = self.workers[who].process
        self.dead.add(before)
        self.workers[who] = replace(self.workers[who], process=replace(before, started=f"{before.started}+"))
        self._start(who)

    @invariant()
    def both_say_the_same(self) -> None:
        self.pair.compare()

    @invariant()
    def each_task_has_one_holder_and_no_token_comes_twice(self) -> None:
        assert self.tokens == sorted(set(self.tokens))
        held = {NodeFilter(status=Status.CLAIMED), NodeFilter(status=Status.IN_PROGRESS)}
        working = {node.id for wanted in held for node in self.pair.real.graph.query(wanted)}
        claims = {row["task_id"] for row in self.pair.real.db.execute("SELECT task_id FROM claims")}
        assert claims == working
        thought = [claim for worker in self.workers for claim in worker.claims if self.pair.real.tasks.holds(claim)]
        assert len({claim.task_id for claim in thought}) == len(thought)

    def teardown(self) -> None:
        try:
            self.pair.compare_all()
        finally:
            self.pair.close()

    def _start(self, who: int) -> None:
        """Open a session; another live process has no say here, since dead ones are judged by this machine alone."""
        started = self.pair.do(lambda here: here.store.sessions.start(here.project_id, self.goal.id, SessionKind.RALPH))
        self.workers[who] = replace(self.workers[who], session=started.id)

    def _claim(self, who: int, which: int) -> Claim | None:
        claims = self.workers[who].claims
        return claims[which % len(claims)] if claims else None

    def _write(self, claim: Claim, write: object) -> None:
        """Write for a claim: whoever does not hold it any more must be told so, and nothing else may happen."""
        holds = self.pair.real.tasks.holds(claim)
        before = self.pair.real.events.last_seq()
        if holds:
            self.pair.do(write)  # type: ignore[arg-type]
            return
        for store in (self.pair.real, self.pair.model):
            with pytest.raises(ClaimLostError):
                write(Here(store, self.pair.project.id))  # type: ignore[operator]
        assert self.pair.real.events.last_seq() == before


def _recovered(here: Here, landed: dict[IterationId, str], dead: set[ProcessIdentity]) -> list[str]:
    """Recover where the machine says who is dead; of another host only the lease tells."""

    def is_dead(process: ProcessIdentity) -> bool:
        return process in dead and process.host == current_process().host

    store: AnyStore = here.store
    if isinstance(store, Store):
        return recover(store, here.project_id, landed=landed, dead=is_dead)
    found: list[str] = store.recover(here.project_id, landed, is_dead)
    return found


# Finding the smallest failure may take minutes.
TestClaimsMachine = pytest.mark.timeout(900)(ClaimsMachine.TestCase)
TestClaimsMachine.settings = examples(12, steps=25)
