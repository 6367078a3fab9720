"""What follows from rows that are written plainly, past every rule, as importing and merging write them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.ids import NodeId
from ostinato.graph.requests import NodeFilter
from ostinato.graph.rules import Facts, next_key, open_dependents
from ostinato.graph.status import STATUSES, stored
from ostinato.graph.types import Complexity, NodeType, Priority, Status
from ostinato.store.settling import unsettle_all
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory.naive import naive
from tests import strategies
from tests.examples import examples
from tests.model.operations import Here, Operation
from tests.model.pair import database


@dataclass(frozen=True, slots=True)
class Written:
    """One plain statement; the numbers mean nodes as in `tests.model.operations`."""

    what: str
    node: int
    other: int

    def __call__(self, here: Here) -> object:
        node_id, db = here.pick(self.node), here.store.db
        row = db.one("SELECT * FROM nodes WHERE id = :id", {"id": node_id})
        if row is None:
            return None
        if self.what == "status":
            words = sorted({str(stored(status)) for status in STATUSES[NodeType(row["node_type"])]})
            parameters = {"id": node_id, "status": words[self.other % len(words)]}
            return db.execute("UPDATE nodes SET status = :status WHERE id = :id", parameters)
        if self.what == "ranks":
            size = [None, *Complexity][self.other % 4]
            details = {"id": node_id, "size": size and str(size), "priority": [None, *Priority][self.other % 5]}
            return db.execute(
                "UPDATE nodes SET priority = :priority, details = json_set(details, '$.complexity', :size)"
                " WHERE id = :id",
                {**details, "priority": details["priority"] and str(details["priority"])},
            )
        if self.what == "edge gone":
            return db.execute("DELETE FROM edges WHERE from_id = :id AND edge_type = 'depends_on'", {"id": node_id})
        if self.what == "alone":
            return db.execute("UPDATE nodes SET parent_id = NULL WHERE id = :id", {"id": node_id})
        return self._family(here, row)

    def _family(self, here: Here, row: dict[str, Any]) -> object:
        """Write a node with a child that waits for another node, the parent before the child."""
        db, at = here.store.db, here.store.db.now()
        target = here.pick(self.other, NodeType.TASK)
        parent = f"os-plain{db.one('SELECT count(*) AS n FROM nodes')['n']}"
        for node_id, above in ((parent, None), (f"{parent}.1", parent)):
            db.execute(
                "INSERT INTO nodes (id, project_id, node_type, title, status, created_at, parent_id)"
                " VALUES (:id, :project, 'task', 't', 'pending', :at, :above)",
                {"id": node_id, "project": here.project_id, "at": at, "above": above},
            )
        waiting = f"{parent}.1" if self.node % 2 else parent
        return db.execute(
            "INSERT INTO edges (id, edge_type, from_id, to_id, created_at)"
            " VALUES (:id, 'depends_on', :one, :other, :at)",
            {"id": f"e-{parent}", "one": waiting, "other": target, "at": at},
        )


_writes = st.builds(
    Written,
    what=st.sampled_from(["status"] * 5 + ["ranks", "edge gone", "alone", "family"]),
    node=st.integers(0, 40),
    other=st.integers(0, 40),
)
_transactions = st.lists(
    st.tuples(st.booleans(), st.lists(_writes, min_size=1, max_size=4), st.booleans()), min_size=1, max_size=6
)


@examples(25)
@given(operations=strategies.graphs(25), transactions=_transactions)
def test_standings_are_what_the_rule_says_however_rows_were_written(
    operations: list[Operation], transactions: list[tuple[bool, list[Written], bool]]
) -> None:
    clock = FakeClock()
    store = database(clock)
    try:
        here = Here(store, store.projects.add("/srv/repository").id)
        strategies.grow(store, here.project_id, operations)
        for anew, writes, looked_at in transactions:
            with store.db.transaction():
                if anew:
                    unsettle_all(store.db)
                for write in writes:
                    write(here)
                    if looked_at:
                        compare(store)
            compare(store)
    finally:
        store.close()


def compare(store: Store) -> None:
    """Compare what the store says of every task with the rule worked out from the rows."""
    rows = store.db.execute("SELECT * FROM nodes")
    nodes = {NodeId(row["id"]): _facts(row) for row in rows}
    edges = {tuple(pair) for pair in store.db.tuples("SELECT from_id, to_id FROM edges WHERE edge_type = 'depends_on'")}
    expected = naive(nodes, edges)
    found = {node.id: (node.status, node.blocked_reason) for node in store.graph.query(NodeFilter())}
    assert {node_id: found[node_id] for node_id in expected} == expected
    counts = open_dependents(nodes, edges)
    ready = [nodes[node_id] for node_id, (status, _) in expected.items() if status is Status.READY]
    in_order = sorted(ready, key=lambda task: next_key(task, counts.get(task.id, 0)))
    assert [task.id for task in store.tasks.ready()] == [task.id for task in in_order]


def _facts(row: dict[str, Any]) -> Facts:
    return Facts(
        NodeId(row["id"]),
        NodeType(row["node_type"]),
        Status(row["status"]),
        row["parent_id"],
        Priority(row["priority"]) if row["priority"] else None,
        Complexity(row["complexity"]) if row["complexity"] else None,
        row["created_at"],
    )
