"""Transcripts come back as they were said, and nothing is added to one that has ended."""

from __future__ import annotations

import pytest

from ostinato.base.errors import ClaimLostError, DatabaseError
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ostinato.graph.types import Node
from ostinato.loop.decide import Action
from ostinato.store.store import Store
from tests.unit.store.work import add_task, begin, ended

SAID: list[Message | str] = [
    "You are …",
    UserMessage("Do\nit"),
    AssistantMessage("", (ToolCall("c1", "read_file", '{"path": "ä"}'), ToolCall("c2", "x", "{")), "hm"),
    ToolMessage("c1", "read_file", "text", is_error=True),
    AssistantMessage("done"),
]


def test_messages_come_back_in_order_as_they_were(store: Store) -> None:
    for step, message in enumerate(SAID):
        store.iterations.add_message("iter-a", step, message)
    store.iterations.add_message("iter-b", 0, UserMessage("other"))
    kept = store.iterations.transcript("iter-a")
    assert [entry.message for entry in kept] == SAID
    assert [(entry.position, entry.step) for entry in kept] == [(n + 1, n) for n in range(len(SAID))]
    assert store.iterations.transcript("iter-none") == []


def test_steps_keep_their_sections_cost_and_model(store: Store) -> None:
    spent = Spending(10, 1, 2, 3, 1, 1, None)
    store.iterations.begin_step("sess-a", 1, {"rules": 10})
    store.iterations.begin_step("sess-a", 2, {"rules": 10, "task": 5})
    store.iterations.end_step("sess-a", 1, spent, "ollama:qwen3")
    first, second = store.iterations.steps("sess-a")
    assert (first.sections, first.spending, first.model) == ({"rules": 10}, spent, "ollama:qwen3")
    assert first.ended_at is not None
    assert first.ended_at > first.started_at
    assert (second.sections, second.spending, second.ended_at) == ({"rules": 10, "task": 5}, Spending(), None)
    assert second.model == ""


def test_a_reply_brings_its_cost_before_its_tools_have_run(store: Store) -> None:
    store.iterations.begin_step("sess-1", 1, {"rules": 5})
    store.iterations.add_reply("sess-1", 1, AssistantMessage("hm"), Spending(input=3, calls=1), "a:model")
    (step,) = store.iterations.steps("sess-1")
    assert (step.spending, step.model, step.ended_at) == (Spending(input=3, calls=1), "a:model", None)
    assert step.sections == {"rules": 5}
    assert [one.message for one in store.iterations.transcript("sess-1")] == [AssistantMessage("hm")]


def test_a_step_that_is_tried_again_keeps_its_start(store: Store) -> None:
    store.iterations.begin_step("sess-a", 1, {"rules": 10})
    (before,) = store.iterations.steps("sess-a")
    store.iterations.begin_step("sess-a", 1, {"rules": 4})
    (after,) = store.iterations.steps("sess-a")
    assert (after.started_at, after.sections) == (before.started_at, {"rules": 4})


def test_nothing_is_added_when_the_iteration_has_ended(store: Store, goal: Node) -> None:
    add_task(store, goal)
    work = begin(store, goal)
    store.iterations.begin_step(work.iteration.id, 1, {})
    store.iterations.finish(work.claim, ended(Action.RETRY))
    late = [
        lambda: store.iterations.add_message(work.iteration.id, 1, UserMessage("late")),
        lambda: store.iterations.begin_step(work.iteration.id, 2, {}),
        lambda: store.iterations.end_step(work.iteration.id, 1, Spending(calls=9), "m:x"),
    ]
    for write in late:
        with pytest.raises(ClaimLostError, match=work.iteration.id):
            write()
    assert store.iterations.transcript(work.iteration.id) == []
    assert [step.spending for step in store.iterations.steps(work.iteration.id)] == [Spending()]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("messages", "at", "x"), ("messages", "content", '{"text": 1, "odd": 2}'), ("steps", "sections", "[]")],
)
def test_a_corrupt_row_is_an_error(store: Store, table: str, column: str, value: str) -> None:
    store.iterations.add_message("iter-a", 1, UserMessage("x"))
    store.iterations.begin_step("iter-a", 1, {})
    store.db.execute(f"UPDATE {table} SET {column} = :value", {"value": value})
    with pytest.raises(DatabaseError, match="iter-a"):
        store.iterations.transcript("iter-a")
        store.iterations.steps("iter-a")
