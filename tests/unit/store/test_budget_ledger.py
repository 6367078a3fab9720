"""The ledger under anything that may happen to it: crashes between reserving and settling, and rivals for the rest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.clock import SystemClock
from ostinato.base.ids import NodeId
from ostinato.graph.actors import Actor
from ostinato.graph.budgets import Budget, Call, Used
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType
from ostinato.store.store import Store, open_store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.memory_store import MemoryStore
from ostinato.testing.prepared_database import open_memory
from tests.examples import examples
from tests.unit.store.work import add_task

LOOP = Actor("loop")
ROOT = Path(__file__).resolve().parents[3]
MOST = st.integers(0, 400)

RIVAL = """
import json, sys
from pathlib import Path
from ostinato.base.clock import SystemClock
from ostinato.graph.actors import Actor
from ostinato.graph.budgets import Call, Used
from ostinato.store.store import open_store

path, node, name, cost = sys.argv[1:]
store = open_store(Path(path), SystemClock())
print("ready", flush=True)
sys.stdin.readline()
made = 0
while store.budgets.reserve(name, made + 1, Call(node, 10, 30, 0.1, 0.3), Actor("loop")) is None:
    made += 1
    store.budgets.settle(name, made, Used(1, int(cost), 0.3), "m")
print(json.dumps(made), flush=True)
store.close()
"""


class Naive:
    """What a budget is to mean, in the fewest words: every call counts with its bill, or with what was held for it."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.counted = 0
        self.billed = 0

    def admits(self, needs: int) -> bool:
        return self.counted + max(needs, 1) <= self.budget


def world(store: Store | MemoryStore) -> tuple[Node, Node]:
    """A goal with a task."""
    project = store.projects.add("/srv/repository")
    goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Goal"))
    return goal, add_task(store, goal)  # type: ignore[arg-type]


@examples(60)
@given(
    budget=st.integers(1, 1500),
    calls=st.lists(st.tuples(MOST, MOST, MOST, st.sampled_from(["settled", "crashed", "failed"]))),
)
def test_no_crash_and_no_failure_overspends_by_more_than_one_answer(
    budget: int, calls: list[tuple[int, int, int, str]]
) -> None:
    stores = (open_memory(FakeClock()), MemoryStore(FakeClock()))
    naive = Naive(budget)
    goals, tasks = {}, {}
    for store in stores:
        goal, task = world(store)
        goals[store], tasks[store] = goal.id, task.id
        store.budgets.set(goal.id, Budget(tokens=budget))
    for step, (needs, most, answer, fate) in enumerate(calls):
        answer = min(answer, most)
        bill = 0 if fate == "failed" else needs + answer
        admitted = naive.admits(needs)
        for store in stores:
            refusal = store.budgets.reserve("owner", step, Call(tasks[store], needs, needs + most, 0.0, 0.0), LOOP)
            assert (refusal is None) == admitted
            if admitted and fate != "crashed":
                store.budgets.settle("owner", step, Used(1, bill), "m")
        if admitted:
            naive.billed += needs + answer if fate != "failed" else 0
            naive.counted += needs + most if fate == "crashed" else bill
            assert naive.billed <= budget + most, "more than one answer too much"
    totals = {store.budgets.account(goals[store]).total.tokens for store in stores}
    assert totals == {naive.counted}
    stores[0].close()


def test_processes_that_share_a_budget_never_share_out_the_same_rest(tmp_path: Path) -> None:
    path = tmp_path / "graph.db"
    store = open_store(path, SystemClock())
    goal, task = world(store)
    store.budgets.set(goal.id, Budget(tokens=3000))
    rivals = [
        subprocess.Popen(
            [sys.executable, "-c", RIVAL, str(path), task.id, f"rival-{n}", "30"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    try:
        for rival in rivals:
            assert rival.stdout is not None
            assert rival.stdout.readline() == "ready\n"
        for rival in rivals:
            assert rival.stdin is not None
            rival.stdin.write("\n")
            rival.stdin.flush()
        made = sum(json.loads(rival.communicate(timeout=60)[0]) for rival in rivals)
    finally:
        for rival in rivals:
            rival.kill()
            rival.wait()
    total = store.budgets.account(NodeId(goal.id)).total
    assert total == Used(made, made * 30, total.cost_usd)
    assert 2980 <= total.tokens <= 3000 + 20, "each was let in with ten tokens to spare, and answered with twenty more"
    store.close()
