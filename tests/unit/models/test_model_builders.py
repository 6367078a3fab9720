"""Whatever a server sends, an answer can be made of it or refused: nothing fails on its form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.examples import examples

from ostinato.chat.messages import Request, ToolMessage, UserMessage
from ostinato.models.chat_reply import ReplyBuilder
from ostinato.models.failures import Endpoint, failure_in_stream, read_report
from ostinato.models.messages_reply import MessagesBuilder
from ostinato.models.messages_request import request_body as messages_body
from ostinato.models.responses_reply import ResponsesBuilder
from ostinato.models.responses_request import request_body as responses_body
from ostinato.testing.fake_clock import FakeClock

BUILDERS = {
    "chat": ReplyBuilder,
    "messages": lambda: MessagesBuilder("anthropic:m"),
    "responses": lambda: ResponsesBuilder("openai:m"),
}
KINDS = [
    *("message", "message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop"),
    *("text", "thinking", "redacted_thinking", "tool_use", "text_delta", "input_json_delta", "error"),
    *("response.output_item.added", "response.output_item.done", "response.output_text.delta", "response.completed"),
    *("response.failed", "response.incomplete", "response.function_call_arguments.delta", "function_call", "reasoning"),
    *("response.refusal.delta", "output_text", "refusal", "function"),
]
KEYS = [
    *("type", "index", "output_index", "delta", "message", "content", "content_block", "usage", "input", "arguments"),
    *("id", "call_id", "name", "text", "thinking", "signature", "partial_json", "stop_reason", "response", "output"),
    *("item", "summary", "encrypted_content", "status", "incomplete_details", "reason", "error", "code", "object"),
    *("choices", "tool_calls", "function", "finish_reason", "input_tokens", "output_tokens", "refusal", "detail"),
]
LEAVES = st.none() | st.booleans() | st.integers(-1, 3) | st.text(max_size=3) | st.sampled_from(KINDS)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4)
EVENTS = VALUES | st.builds(lambda kind, rest: rest | {"type": kind}, st.sampled_from(KINDS), OBJECTS)
ASK = Request("sys", (UserMessage("hello"),))


@pytest.mark.parametrize("kind", BUILDERS)
@examples(60)
@given(st.lists(EVENTS, max_size=6))
def test_builder_makes_a_reply_that_can_be_sent_back_of_anything(kind: str, events: list[Any]) -> None:
    builder = BUILDERS[kind]()
    for event in events:
        builder.feed(event)
    reply = builder.reply(ASK, 100)
    spent = reply.spending
    assert min(spent.input, spent.output, spent.input - spent.cached_input, spent.output - spent.reasoning) >= 0
    message = reply.message
    ids = [call.id for call in message.tool_calls]
    assert len(set(ids)) == len(ids)
    assert all(ids)
    results = [ToolMessage(call.id, call.name, "done") for call in message.tool_calls]
    said = Request("sys", (UserMessage("hello"), message, *results))
    sent = messages_body("m", said, name="anthropic:m", max_output_tokens=9)
    assert [turn["role"] for turn in sent["messages"]] == ["user", "assistant", "user"][: 2 + bool(results)]
    json.dumps([sent, responses_body("m", said, name="openai:m")])


@given(EVENTS)
def test_failures_are_read_from_anything(document: Any) -> None:
    report = read_report(document)
    if report is not None:
        assert str(failure_in_stream(report, Endpoint("m", "https://a"), FakeClock().now()))
