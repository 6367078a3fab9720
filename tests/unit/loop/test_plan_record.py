"""How planning goes on when somebody comes back to a goal, from what was kept of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from ostinato.base.ids import NodeId, ProjectId, SessionId
from ostinato.chat.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage
from ostinato.graph.plan import PlanDraft
from ostinato.graph.plan_format import parse_plan
from ostinato.graph.sessions import Session, SessionKind
from ostinato.graph.types import Node, NodeType, Status
from ostinato.loop.plan_record import (
    CHANGES,
    EDITED,
    SAVED,
    PlanRecord,
    Return,
    answer_unheard,
    as_sent,
    open_calls,
    question_of,
    way_back,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)
GOAL = Node(NodeId("os-1"), ProjectId("proj-1"), NodeType.GOAL, "G", Status.PENDING, AT)
BRIEF: Message = UserMessage("the goal")
PROPOSAL: tuple[Message, ...] = (
    AssistantMessage("", (ToolCall("c1", "propose_plan", "{}"),)),
    ToolMessage("c1", "propose_plan", "accepted as a draft"),
)
REFUSED: tuple[Message, ...] = (PROPOSAL[0], ToolMessage("c1", "propose_plan", "mend this", is_error=True))
WISH: Message = UserMessage(f"{CHANGES}smaller")
DRAFT = PlanDraft("p")


def record(stop: str | None, *messages: Message, draft: PlanDraft | None = None, asked: bool = False) -> PlanRecord:
    session = Session(SessionId("sess-1"), ProjectId("proj-1"), GOAL.id, SessionKind.PLAN, AT, stop_reason=stop)
    return PlanRecord(GOAL, draft, session, messages, asked=asked)


@pytest.mark.parametrize(
    ("kept", "way"),
    [
        (PlanRecord(GOAL), Return.AFRESH),
        (record("crashed", BRIEF), Return.AFRESH),
        (record("crashed", BRIEF, *REFUSED), Return.GO_ON),
        (record("provider_failed", BRIEF, AssistantMessage("hm")), Return.GO_ON),
        (record("crashed", BRIEF, *PROPOSAL, draft=DRAFT), Return.SHOW),
        (record("crashed", BRIEF, *PROPOSAL, WISH, draft=DRAFT), Return.GO_ON),
        (record("crashed", BRIEF, *PROPOSAL, WISH, *REFUSED, draft=DRAFT), Return.GO_ON),
        (record("crashed", BRIEF, *PROPOSAL, WISH, *PROPOSAL, draft=DRAFT), Return.SHOW),
        # The planner had nothing to change, and the person was asked about the draft as it is.
        (record("waiting_for_approval", BRIEF, *PROPOSAL, WISH, draft=DRAFT, asked=True), Return.SHOW),
        (record("accepted", BRIEF, *PROPOSAL), Return.AFRESH),
        # Accepted over another face, while nobody had the session open or just before a crash.
        (record("waiting_for_approval", BRIEF, *PROPOSAL), Return.AFRESH),
        (record("crashed", BRIEF, *PROPOSAL, WISH), Return.AFRESH),
        (record("crashed", BRIEF, *PROPOSAL, WISH, UserMessage(f"{EDITED}…"), draft=DRAFT), Return.SHOW),
        (record("rejected", BRIEF, *PROPOSAL), Return.AFRESH),
        (record("accepted", BRIEF, *PROPOSAL, draft=DRAFT), Return.SHOW),
    ],
)
def test_the_way_back_follows_from_what_was_kept(kept: PlanRecord, way: Return) -> None:
    assert way_back(kept) is way


def test_open_calls_are_those_of_the_last_reply_without_an_answer() -> None:
    calls = tuple(ToolCall(f"c{n}", "look", "{}") for n in range(3))
    said = (BRIEF, *PROPOSAL, AssistantMessage("", calls), ToolMessage("c0", "look", "x"))
    assert open_calls(said) == list(calls[1:])
    assert open_calls((*said, ToolMessage("c1", "look", ""), ToolMessage("c2", "look", ""))) == []
    assert open_calls((BRIEF,)) == []


@pytest.mark.parametrize(
    ("name", "arguments", "question"),
    [
        ("ask_user", '{"question": " Which? ", "options": ["a", " "]}', ("Which?", ("a",))),
        ("ask_user", '{"question": "Which?", "options": null}', ("Which?", ())),
        ("ask_user", '{"question": "Which?", "options": "[\\"a\\"]"}', ("Which?", ("a",))),
        ("ask_user", '{"question": "Which?", "options": "a"}', ("Which?", ("a",))),
        ("ask_user", '{"question": 5}', None),
        ("ask_user", "[]", None),
        ("ask_user", '{"question"', None),
        ("signal", '{"question": "Which?"}', None),
    ],
)
def test_a_question_is_read_as_it_was_put(name: str, arguments: str, question: object) -> None:
    assert question_of(ToolCall("c", name, arguments)) == question


def test_a_proposal_whose_answer_was_lost_is_told_that_it_was_saved() -> None:
    arguments = {"summary": "s", "tasks": [{"key": "a", "title": "A", "acceptance_criteria": ["a"]}]}
    call = ToolCall("c", "propose_plan", json.dumps(arguments))
    saved = answer_unheard(call, parse_plan(arguments))
    assert (saved.is_error, saved.text) == (False, SAVED)
    assert way_back(record("crashed", BRIEF, AssistantMessage("", (call,)), saved)) is Return.AFRESH
    other = parse_plan({**arguments, "tasks": [{"key": "b", "title": "B"}]})
    for draft, lost in (
        (other, call),
        (None, call),
        (other, ToolCall("c", "propose_plan", "{")),
        (other, ToolCall("c", "look", "{}")),
    ):
        assert answer_unheard(lost, draft).is_error


def test_a_reply_without_words_and_calls_can_be_sent_again() -> None:
    (first, second) = as_sent((AssistantMessage("  "), PROPOSAL[0]))
    assert first.text.strip()
    assert second is PROPOSAL[0]
