"""The database against its model, after every change that a graph can go through. OSTINATO_EXAMPLES=N asks for more."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ostinato.graph.requests import NodeFilter
from ostinato.graph.types import NodeType
from tests import strategies
from tests.model.operations import Add, Link, Plan, Reason, SetStatus, Together, Unlink, Update, Work
from tests.model.pair import Pair


class GraphMachine(RuleBasedStateMachine):
    """Anything that may be done to a graph, done to both."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @initialize()
    def begin_with_a_goal_and_its_tasks(self) -> None:
        self.pair.do(Add(NodeType.GOAL))
        for _ in range(3):
            self.pair.do(Add(NodeType.TASK, parent=0))

    @precondition(lambda self: len(self.pair.model.graph.query(NodeFilter())) < strategies.MOST_NODES)
    @rule(add=strategies.adds)
    def add(self, add: Add) -> None:
        self.pair.do(add)

    @rule(link=strategies.links)
    def link(self, link: Link) -> None:
        self.pair.do(link)

    @rule(unlink=strategies.unlinks)
    def unlink(self, unlink: Unlink) -> None:
        self.pair.do(unlink)

    @rule(change=strategies.statuses)
    def set_status(self, change: SetStatus) -> None:
        self.pair.do(change)

    @rule(update=strategies.updates)
    def update(self, update: Update) -> None:
        self.pair.do(update)

    @rule(work=strategies.works)
    def work(self, work: Work) -> None:
        self.pair.do(work)

    @rule(reason=strategies.reasons)
    def reason(self, reason: Reason) -> None:
        self.pair.do(reason)

    @rule(plan=strategies.plans)
    def plan(self, plan: Plan) -> None:
        self.pair.do(plan)

    @rule(several=strategies.togethers)
    def several_at_once(self, several: Together) -> None:
        self.pair.do(several)

    @rule(seconds=st.sampled_from([0.000001, 1.0, 86_400.0]))
    def time_passes(self, seconds: float) -> None:
        self.pair.clock.advance(seconds)

    @invariant()
    def both_say_the_same(self) -> None:
        self.pair.compare()

    def teardown(self) -> None:
        try:
            self.pair.compare_all()
        finally:
            self.pair.close()


TestGraphMachine = GraphMachine.TestCase
TestGraphMachine.settings = strategies.examples(few=15, steps=25)
