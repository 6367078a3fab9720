"""Whatever a model says and calls, the conversation that goes back is one that its vendor takes, and repeats itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.chat.messages import (
    AssistantMessage,
    Message,
    Request,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
    never_silent,
)
from ostinato.models import chat_request, messages_request, responses_request
from ostinato.testing import chat_dialect, messages_dialect, responses_dialect
from ostinato.testing.dialect import Dialect, Ledger

TOOLS = (ToolSpec("look", "Look.", {"type": "object", "properties": {}}),)
WORDS = st.text(max_size=20)
ARGUMENTS = st.one_of(WORDS, st.sampled_from(["", "{}", '{"a": 1}', "[1]", '{"a": NaN}', '{"cut": "in the', "null"]))
CALLS = st.lists(st.tuples(st.text(min_size=1, max_size=50), WORDS, ARGUMENTS), max_size=4)


@st.composite
def conversations(draw: st.DrawFn) -> list[Message]:
    """Draw a conversation as the loop keeps it: ids are each there once, each call is answered, no reply is silent."""
    messages: list[Message] = [UserMessage(draw(WORDS) + "go")]
    taken: set[str] = set()
    for _ in range(draw(st.integers(1, 4))):
        drawn = draw(CALLS)
        calls = [
            ToolCall(one, name, arguments) for one, name, arguments in drawn if not (one in taken or taken.add(one))
        ]
        messages.append(never_silent(AssistantMessage(draw(WORDS), tuple(calls))))
        messages += [ToolMessage(call.id, call.name, draw(WORDS), draw(st.booleans())) for call in calls]
        if not calls or draw(st.booleans()):
            messages.append(UserMessage(draw(WORDS) + "!"))
    return messages


def _chat(request: Request) -> dict[str, Any]:
    return chat_request.request_body("m", request)


def _messages(request: Request) -> dict[str, Any]:
    return messages_request.request_body("m", request, name="anthropic:m", max_output_tokens=9)


def _responses(request: Request) -> dict[str, Any]:
    return responses_request.request_body("m", request, name="openai:m")


WIRES: dict[str, tuple[Dialect, Any]] = {
    "openai-chat": (chat_dialect, _chat),
    "anthropic": (messages_dialect, _messages),
    "openai": (responses_dialect, _responses),
}


@pytest.mark.parametrize("wire", WIRES)
@given(messages=conversations())
def test_each_request_of_any_conversation_breaks_no_rule_and_begins_with_the_last(
    wire: str, messages: list[Message]
) -> None:
    dialect, body_of = WIRES[wire]
    ledger = Ledger()
    for length, message in enumerate(messages, 1):
        follows = messages[length] if length < len(messages) else None
        if isinstance(message, AssistantMessage) or not (follows is None or isinstance(follows, AssistantMessage)):
            continue
        body = body_of(Request("rules", tuple(messages[:length]), TOOLS))
        assert dialect.problems_of(body) == []
        assert ledger.problems_of(dialect, body, taken_up=False) == []
