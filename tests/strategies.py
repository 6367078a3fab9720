"""Random operations on a graph, and random valid graphs, for property tests of anything that reads or writes one.

A graph is what the rules let happen of a list of operations: diamonds, deep chains, goals in goals, several parents,
and blocked, failed and cancelled tasks anywhere. `grow` makes it in a store of either kind.
"""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from ostinato.base.errors import OstinatoError
from ostinato.base.ids import ProjectId
from ostinato.graph.edges import EdgeType
from ostinato.graph.types import Complexity, NodeType, Priority, Status
from tests.model.operations import (
    Add,
    AnyStore,
    Here,
    Link,
    Operation,
    Plan,
    Reason,
    SetStatus,
    Together,
    Unlink,
    Update,
    Work,
)

MOST_NODES = 40
_NUMBER = st.integers(0, MOST_NODES)
_PARENT = st.one_of(_NUMBER, _NUMBER, _NUMBER, _NUMBER, _NUMBER, st.none())
_KINDS = [NodeType.TASK] * 8 + [NodeType.GOAL] * 2 + [NodeType.DECISION, NodeType.OPTION, NodeType.OBSERVATION]
_NEW_STATUSES = [None] * 6 + [Status.COMPLETED, Status.BLOCKED, Status.FAILED, Status.CANCELLED]
_MAYBE_PRIORITY = st.none() | st.sampled_from(list(Priority))
_MAYBE_SIZE = st.none() | st.sampled_from(list(Complexity))

adds = st.builds(
    Add,
    kind=st.sampled_from(_KINDS),
    parent=_PARENT,
    status=st.sampled_from(_NEW_STATUSES),
    priority=_MAYBE_PRIORITY,
    complexity=_MAYBE_SIZE,
    checked=st.booleans(),
    depends_on=st.lists(_NUMBER, max_size=1).map(tuple),
)
links = st.builds(
    Link,
    edge_type=st.sampled_from([EdgeType.DEPENDS_ON] * 10 + [EdgeType.CONTAINS] * 3 + list(EdgeType)),
    source=_NUMBER,
    target=_NUMBER,
    label=st.sampled_from([None, "a reason"]),
)
unlinks = st.builds(Unlink, node=_NUMBER, edge=_NUMBER, loose=st.sampled_from([True, True, False]))
statuses = st.builds(
    SetStatus,
    node=_NUMBER,
    status=st.sampled_from([Status.BLOCKED, Status.CANCELLED, Status.COMPLETED] * 4 + list(Status)),
    reason=st.sampled_from([None, "no key"]),
    among=st.sampled_from(["tasks", "tasks", "parents", "any"]),
)
updates = st.builds(Update, node=_NUMBER, priority=_MAYBE_PRIORITY, complexity=_MAYBE_SIZE, checked=st.booleans())
works = st.builds(
    Work,
    what=st.sampled_from(["claim", "release", "retry", "reopen"]),
    node=_NUMBER,
    hint=st.sampled_from([None, "mind the gap"]),
)
reasons = st.builds(
    Reason,
    what=st.sampled_from(["decision", "outcome", "observation", "revisit", "choose", "supersede", "open"]),
    node=_NUMBER,
    other=_NUMBER,
    decided=st.booleans(),
)
plans = st.builds(Plan, goal=_NUMBER, replaces=st.lists(_NUMBER, max_size=3).map(tuple), accepted=st.booleans())
_single = st.one_of(adds, links, unlinks, statuses, works)
togethers = st.builds(
    Together,
    parts=st.lists(_single, min_size=1, max_size=3).map(tuple),
    undone=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    all_undone=st.booleans(),
)


def graphs(max_size: int = 40) -> st.SearchStrategy[list[Operation]]:
    """Return a strategy for the operations that make a graph of at most `max_size` steps."""
    steps = st.one_of(adds, adds, adds, links, links, statuses, reasons, works)
    return st.lists(steps, min_size=1, max_size=max_size)


def grow(store: AnyStore, project_id: ProjectId, operations: Iterable[Operation]) -> None:
    """Do the operations in a project, those that the rules refuse left out."""
    here = Here(store, project_id)
    for operation in operations:
        try:
            operation(here)
        except OstinatoError:
            continue
