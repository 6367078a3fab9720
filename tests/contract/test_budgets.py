"""Budgets and the ledger of calls as the store keeps them."""

from __future__ import annotations

import pytest

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import NodeId
from ostinato.base.spending import Spending
from ostinato.graph.actors import Actor
from ostinato.graph.budgets import Budget, Call, Refusal, Used
from ostinato.graph.events import EventKind
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType
from ostinato.store.store import Store
from tests.unit.store.garden import Garden
from tests.unit.store.work import add_task, begin

LOOP = Actor("loop")


def call(node: Node, needs: int = 100, answer: int = 50, **facts: object) -> Call:
    """A call that needs so much input and may answer so much, at a cent for a hundred tokens."""
    return Call(node.id, needs, needs + answer, needs / 10_000, (needs + answer) / 10_000, **facts)  # type: ignore[arg-type]


def test_a_budget_is_kept_with_its_event_and_only_for_goals_and_tasks(store: Store, goal: Node, garden: Garden) -> None:
    task = add_task(store, goal)
    assert store.budgets.get(task.id) == Budget()
    store.budgets.set(task.id, Budget(1000, 2.5))
    store.budgets.set(task.id, Budget(2000, None, 60.0))
    assert (store.budgets.get(task.id), store.budgets.get(goal.id)) == (Budget(2000, None, 60.0), Budget())
    told = [event.payload["budget"] for event in garden.events(kind=EventKind.NODE_UPDATED)]
    assert told[-1] == {"tokens": 2000, "cost_usd": None, "seconds": 60.0}
    with pytest.raises(NotFoundError):
        store.budgets.set(NodeId("os-00000000"), Budget(1))
    note = store.graph.add_node(goal.project_id, NewNode(NodeType.OBSERVATION, "Seen", parent_id=goal.id))
    with pytest.raises(RuleError, match="goals and tasks"):
        store.budgets.set(note.id, Budget(1))


def test_what_is_held_counts_until_it_is_settled_and_for_all_nodes_above(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    other = add_task(store, goal)
    assert store.budgets.reserve("iter-a", 1, call(task), LOOP) is None
    assert store.budgets.reserve("iter-b", 1, call(other, 7, 0), LOOP) is None
    held = Used(1, 150, 0.015)
    assert store.budgets.account(task.id).reserved == store.budgets.account(task.id).total == held
    assert store.budgets.account(goal.id).total.tokens == 157
    store.budgets.settle("iter-a", 1, Used(1, 120, 0.012), "some:model")
    store.budgets.settle("iter-a", 1, Used(1, 120, 0.012), "some:model")  # a second time nothing happens
    after = store.budgets.account(task.id)
    assert (after.reserved, after.by_model) == (Used(), {"some:model": Used(1, 120, 0.012)})
    assert store.budgets.account(goal.id).total.tokens == 127
    assert store.budgets.account(other.id).total.tokens == 7, "a neighbour's calls are no business of a task"


def test_a_call_is_refused_where_it_does_not_fit_and_the_reason_says_how_to_go_on(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    store.budgets.set(task.id, Budget(tokens=300))
    assert store.budgets.reserve("iter-a", 1, call(task), LOOP) is None
    refusal = store.budgets.reserve("iter-a", 2, call(task, 151), LOOP)
    assert refusal == Refusal(
        task.id,
        NodeType.TASK,
        f"tokens: 150 of the 300 of {task.id} are used, the next call needs about 151; "
        f"`ostinato budget {task.id} --tokens 600` raises it",
    )
    assert store.budgets.account(task.id).reserved.calls == 1, "what is refused holds nothing"
    assert store.budgets.reserve("iter-a", 2, call(task, 150), LOOP) is None
    store.budgets.set(goal.id, Budget(cost_usd=0.03))
    refusal = store.budgets.refusal(call(add_task(store, goal), 1))
    assert refusal is not None
    assert (refusal.node_id, refusal.name) == (goal.id, "cost")


def test_a_cost_budget_lets_no_call_in_whose_price_is_not_known(store: Store, goal: Node) -> None:
    unknown = Call(goal.id, 10, 20)
    assert store.budgets.refusal(unknown) is None
    store.budgets.set(goal.id, Budget(cost_usd=5.0))
    refusal = store.budgets.refusal(unknown)
    assert refusal is not None
    assert "price of the model is not known" in refusal.detail


def test_time_counts_for_the_node_and_all_above_it(store: Store, goal: Node) -> None:
    task = add_task(store, goal)
    store.budgets.set(goal.id, Budget(seconds=10.0))
    store.budgets.worked(task.id, 9.5, "m")
    assert store.budgets.refusal(call(task)) is None
    store.budgets.worked(task.id, 0.5, "m")
    refusal = store.budgets.refusal(call(task))
    assert refusal is not None
    assert (refusal.name, refusal.node_id) == ("time", goal.id)


def test_defaults_hold_where_a_node_has_no_number_and_those_of_tasks_for_the_task_alone(
    store: Store, goal: Node
) -> None:
    parent = add_task(store, goal)
    task = add_task(store, parent)
    asked = call(task, goals=Budget(tokens=1000), tasks=Budget(tokens=200))
    store.budgets.reserve("iter-z", 1, call(parent, 150, 0), LOOP)
    assert store.budgets.refusal(asked) is None, "the task around it has no budget of its own"
    store.budgets.set(task.id, Budget(tokens=99))
    refusal = store.budgets.refusal(asked)
    assert refusal is not None
    assert "of the 99 of" in refusal.detail


def test_a_person_is_warned_once_at_80_percent_and_anew_after_a_new_budget(
    store: Store, goal: Node, garden: Garden
) -> None:
    store.budgets.set(goal.id, Budget(tokens=1000))

    def warnings() -> list[tuple[object, object]]:
        return [(e.node_id, e.payload["limit"]) for e in garden.events(kind=EventKind.LIMIT_WARNED)]

    store.budgets.reserve("s", 1, call(goal, 799, 0), LOOP)
    store.budgets.reserve("s", 2, call(goal, 1, 0), LOOP)
    assert warnings() == []
    store.budgets.reserve("s", 3, call(goal, 1, 0), LOOP)
    store.budgets.reserve("s", 4, call(goal, 1, 0), LOOP)
    assert warnings() == [(goal.id, "tokens")]
    store.budgets.set(goal.id, Budget(tokens=1001))
    store.budgets.reserve("s", 5, call(goal, 1, 0), LOOP)
    assert warnings() == [(goal.id, "tokens")] * 2


def test_a_step_holds_its_call_and_its_reply_settles_it_before_any_tool_runs(store: Store, goal: Node) -> None:
    from ostinato.chat.messages import AssistantMessage

    add_task(store, goal)
    work = begin(store, goal)
    task = store.graph.get(work.claim.task_id)
    owner, spent = work.iteration.id, Spending(input=90, output=20, calls=1, cost_usd=0.5)
    assert store.iterations.begin_step(owner, 1, {"task": 100}, call(task), LOOP) is None
    assert store.budgets.account(task.id).total.tokens == 150
    store.iterations.add_reply(owner, 1, AssistantMessage("hello", ()), spent, "some:model")
    assert store.budgets.account(task.id).total == Used(1, 110, 0.5)
    store.iterations.end_step(owner, 1, spent, "some:model", node_id=task.id, seconds=3.0)
    assert store.budgets.account(goal.id).by_model == {"some:model": Used(1, 110, 0.5, 0, 3.0)}


def test_a_failed_call_settles_with_what_it_cost_and_a_refused_one_leaves_no_step(store: Store, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    task = store.graph.get(work.claim.task_id)
    store.iterations.begin_step(work.iteration.id, 1, {}, call(task), LOOP)
    store.iterations.fail_step(work.iteration.id, 1, Spending(input=5, calls=1, cost_usd=None, known_usd=0.1), "")
    assert store.budgets.account(task.id).total == Used(1, 5, 0.1, 1)
    assert store.iterations.steps(work.iteration.id)[0].spending.input == 5
    store.budgets.set(task.id, Budget(tokens=6))
    assert store.iterations.begin_step(work.iteration.id, 2, {}, call(task), LOOP) is not None
    assert len(store.iterations.steps(work.iteration.id)) == 1
