"""The database against its model, after every change that a graph can go through. OSTINATO_EXAMPLES=N asks for more."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ostinato.graph.edges import EdgeType
from ostinato.graph.types import NodeType
from tests import strategies
from tests.examples import examples
from tests.model.operations import Add, Link, Operation, SetStatus, Together, Unlink, Work
from tests.model.pair import Pair

GOAL, TASK = NodeType.GOAL, NodeType.TASK
_START = (
    Add(GOAL),
    Add(TASK, parent=0),
    Add(TASK, parent=1),  # two tasks in a task
    Add(TASK, parent=1),
    Add(TASK, parent=0, depends_on=(1,)),  # one that waits for them, with one of its own
    Add(TASK, parent=4),
    Add(NodeType.DECISION, parent=0),
    Add(TASK, depends_on=(6,)),  # two that stand alone, the first waiting for a decision
    Add(TASK, checked=True),
    Add(GOAL, parent=0),
    Add(TASK, parent=9, depends_on=(8,)),
    Link(EdgeType.CONTAINS, source=4, target=0),  # what stood alone stands in a task now, and may be taken out again
)
"""A little of everything, so that the first step already meets something."""


class GraphMachine(RuleBasedStateMachine):
    """Anything that may be done to a graph, done to both."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair()

    @initialize(operations=strategies.graphs(max_size=15))
    def begin_with_some_graph(self, operations: list[Operation]) -> None:
        for operation in _START:
            self.pair.clock.advance(0.001)  # so that the numbers count in the order of making
            assert self.pair.do(operation) is not None
        for operation in operations:
            self.pair.do(operation)

    @precondition(lambda self: self.pair.size() < strategies.MOST_NODES)
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

    @rule(work=strategies.works)
    def work(self, work: Work) -> None:
        self.pair.do(work)

    @rule(other=st.one_of(strategies.updates, strategies.reasons, strategies.plans))
    def write_down(self, other: Operation) -> None:
        self.pair.do(other)

    @rule(several=strategies.togethers, seconds=st.sampled_from([0.000001, 1.0, 86_400.0]))
    def several_at_once_later(self, several: Together, seconds: float) -> None:
        self.pair.clock.advance(seconds)
        self.pair.do(several)

    @invariant()
    def both_say_the_same(self) -> None:
        self.pair.compare()

    def teardown(self) -> None:
        try:
            self.pair.compare_all()
        finally:
            self.pair.close()


# Finding the smallest failure may take minutes.
TestGraphMachine = pytest.mark.timeout(900)(GraphMachine.TestCase)
TestGraphMachine.settings = examples(10, steps=20)
