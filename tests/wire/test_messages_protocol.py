"""What goes over the wire to a Messages server, and what is made of its answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ostinato.agent.ports import ContextTooLong, ProviderDown, ProviderRefused, ProviderUnsteady
from ostinato.chat.messages import AssistantMessage, Message, Request, ToolCall, ToolMessage, ToolSpec, UserMessage
from ostinato.models.messages_request import request_body
from ostinato.testing import messages_dialect
from ostinato.testing.answers import seal
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, in_turn

KEY = "sk-test-0123456789"
READ = ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
ASK = Request("Be brief.", (UserMessage("hello"),), (READ,))
NAME = "anthropic:test-model"
Document = dict[str, Any]


def body_of(*messages: Message, system: str = "sys", tools: tuple[ToolSpec, ...] = (READ,)) -> Document:
    return request_body("m", Request(system, messages, tools), name=NAME, max_output_tokens=9)


def start(block: Document, index: int = 0) -> Document:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int = 0, **fields: str) -> Document:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def end(reason: str, **usage: int) -> Document:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


BEGIN: Document = {
    "type": "message_start",
    "message": {"content": [], "usage": {"input_tokens": 7, "output_tokens": 1}},
}
TEXT = start({"type": "text", "text": ""})


def marked(body: Document) -> list[str]:
    """Return where the cache markers stand."""
    places = [f"tool {n}" for n, tool in enumerate(body.get("tools", [])) if "cache_control" in tool]
    places += ["system" for block in body.get("system", []) if "cache_control" in block]
    return places + [
        f"message {n}, block {place}"
        for n, turn in enumerate(body["messages"])
        for place, block in enumerate(turn["content"])
        if "cache_control" in block
    ]


async def test_call_has_the_vendors_headers_path_and_limit(open_messages) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_messages(server.url).reply(ASK)
        await open_messages(server.url.removesuffix("/v1") + "/").reply(ASK)
        await open_messages(server.url + "?beta=1", context_window=8000).reply(ASK)
    first, second, third = server.requests
    assert [one.path for one in server.requests] == ["/v1/messages", "/v1/messages", "/v1/messages?beta=1"]
    assert (first.headers["x-api-key"], first.headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert "authorization" not in first.headers
    assert first.raw == second.raw
    assert [one.body["max_tokens"] for one in (first, third)] == [32_000, 2_000]
    assert first.body["stream"] is True


def test_all_results_of_a_turn_and_the_words_after_them_are_one_user_message() -> None:
    calls = (ToolCall("a", "read_file", "{}"), ToolCall("b", "read_file", "{}"))
    results = (ToolMessage("a", "read_file", "of a"), ToolMessage("b", "read_file", " ", is_error=True))
    words = (UserMessage("warning"), UserMessage("a note"))
    body = body_of(UserMessage("go"), AssistantMessage("", calls), *results, *words)
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    last = [{k: v for k, v in block.items() if k != "cache_control"} for block in body["messages"][2]["content"]]
    assert last == [
        {"type": "tool_result", "tool_use_id": "a", "content": "of a"},
        {"type": "tool_result", "tool_use_id": "b", "content": "(empty)", "is_error": True},
        {"type": "text", "text": "warning"},
        {"type": "text", "text": "a note"},
    ]
    assert [block["type"] for block in body["messages"][1]["content"]] == ["tool_use", "tool_use"]


def test_markers_stand_behind_the_rules_at_the_end_and_where_the_last_request_ended() -> None:
    call = (ToolCall("a", "read_file", "{}"),)
    turns = (AssistantMessage("", call), ToolMessage("a", "read_file", "of a"), UserMessage("note"))
    assert marked(body_of(UserMessage("go"))) == ["system", "message 0, block 0"]
    assert marked(body_of(UserMessage("go"), *turns)) == ["system", "message 0, block 0", "message 2, block 1"]
    longer = body_of(UserMessage("go"), *turns, AssistantMessage("", call), ToolMessage("a", "read_file", "x"))
    # The briefing's too: it is found again after the results behind it were cleared.
    assert marked(longer) == ["system", "message 0, block 0", "message 2, block 1", "message 4, block 0"]
    assert marked(body_of(UserMessage("go"), system="", tools=(READ, READ))) == ["tool 1", "message 0, block 0"]
    assert marked(body_of(UserMessage("go"), system="", tools=())) == ["message 0, block 0"]


def test_malformed_arguments_go_back_in_an_object_that_says_so() -> None:
    def sent(arguments: str) -> Any:
        call = ToolCall("a", "read_file", arguments)
        body = body_of(UserMessage("go"), AssistantMessage("", (call,)), ToolMessage("a", "read_file", "bad"))
        return body["messages"][1]["content"][0]["input"]

    assert sent('{"path": "x"}') == {"path": "x"}
    assert sent("") == {}
    for arguments in ('{"path', "[1]", "null", '{"a": Infinity}'):
        assert sent(arguments) == {"INVALID_JSON": arguments}


async def reply_to(open_messages: Any, *events: Document, **answer: Any) -> Any:
    with ChatServer(in_turn(Answer(events=events, **answer))) as server:
        reply = await open_messages(server.url).reply(ASK)
        assert len(server.requests) == 1
    return reply


async def test_thoughts_of_every_kind_are_kept_in_order_with_what_seals_them(open_messages) -> None:
    reply = await reply_to(
        open_messages,
        BEGIN,
        start({"type": "thinking", "thinking": "", "signature": ""}),
        delta(type="thinking_delta", thinking="so "),
        delta(type="thinking_delta", thinking="so"),
        delta(type="signature_delta", signature="sig"),
        start({"type": "redacted_thinking", "data": "opaque"}, 1),
        start({"type": "text", "text": ""}, 2),
        delta(2, type="text_delta", text="I look."),
        start({"type": "tool_use", "id": "t1", "name": "read_file", "input": {}}, 3),
        delta(3, type="input_json_delta", partial_json='{"path": "x"}'),
        start({"type": "text", "text": "And more."}, 4),
        end("tool_use", output_tokens=20),
    )
    assert reply.message.native.model == NAME
    items = reply.message.native.items
    assert items == (
        {"type": "thinking", "thinking": "so so", "signature": "sig"},
        {"type": "redacted_thinking", "data": "opaque"},
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "t1", "name": "read_file", "input": {"path": "x"}},
        {"type": "text", "text": "And more."},
    )
    assert (reply.message.text, reply.message.reasoning) == ("I look.\n\nAnd more.", "so so")
    assert reply.message.tool_calls == (ToolCall("t1", "read_file", '{"path": "x"}'),)
    body = body_of(UserMessage("go"), reply.message, ToolMessage("t1", "read_file", "of x"))
    assert body["messages"][1]["content"] == list(items)


async def test_thinking_that_was_cut_before_its_signature_is_shown_but_not_sent_back(open_messages) -> None:
    thinking = start({"type": "thinking", "thinking": ""})
    thought = delta(type="thinking_delta", thinking="hm")
    reply = await reply_to(open_messages, BEGIN, thinking, thought, end("max_tokens"))
    assert (reply.message.reasoning, reply.message.native, reply.stop) == ("hm", None, "length")


async def test_thinking_goes_back_as_it_came_where_a_server_signs_nothing(open_messages) -> None:
    thinking = start({"type": "thinking", "thinking": "hm"})
    call = start({"type": "tool_use", "id": "t1", "name": "read_file", "input": {}}, 1)
    items = (await reply_to(open_messages, BEGIN, thinking, call, end("tool_use"))).message.native.items
    assert items[0] == {"type": "thinking", "thinking": "hm", "signature": ""}


async def test_plain_reply_needs_no_form_of_its_own(open_messages) -> None:
    with ChatServer(in_turn(Answer(text="I look.", tool_calls=(Call("read_file", {"path": "x"}),)))) as server:
        assert (await open_messages(server.url).reply(ASK)).message.native is None


STOPS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
    "a_new_reason": "stop",
}


@pytest.mark.parametrize("reason", STOPS)
async def test_every_reason_for_the_end_is_known(open_messages, reason: str) -> None:
    reply = await reply_to(open_messages, BEGIN, TEXT, delta(type="text_delta", text="x"), end(reason))
    assert (reply.stop, reply.message.text) == (STOPS[reason], "x")


async def test_usage_is_the_sum_of_its_kinds_and_the_last_count_holds(open_messages) -> None:
    begin = {"input_tokens": 10, "cache_read_input_tokens": 200, "cache_creation_input_tokens": 30, "output_tokens": 1}
    opening = {"type": "message_start", "message": {"content": [], "usage": begin}}
    last: Document = end("end_turn", output_tokens=40)
    last["usage"] |= {"input_tokens": None, "output_tokens_details": {"thinking_tokens": 25}}
    spent = (await reply_to(open_messages, opening, TEXT, delta(type="text_delta", text="x"), last)).spending
    assert (spent.input, spent.cached_input, spent.cache_write) == (240, 200, 30)
    assert (spent.output, spent.reasoning, spent.calls) == (40, 25, 1)


async def test_pings_unknown_events_and_unknown_parts_are_passed_over(open_messages) -> None:
    odd: list[Any] = [
        {"type": "ping"},
        {"type": "news", "message": {"error": "no"}},
        delta(7, type="text_delta", text="of no block"),
        delta(type="citations_delta", citation="c"),
        {"type": "content_block_delta", "index": [], "delta": 3},
        {"type": "message_delta", "delta": None, "usage": 5},
        "[]",
    ]
    reply = await reply_to(open_messages, BEGIN, TEXT, *odd, delta(type="text_delta", text="hi"), end("end_turn"))
    assert (reply.message, reply.stop) == (AssistantMessage("hi"), "stop")


async def test_arguments_are_taken_whole_where_a_server_does_not_stream_them(open_messages) -> None:
    block = {"type": "tool_use", "id": "t1", "name": "read_file", "input": {"path": "x"}}
    reply = await reply_to(open_messages, BEGIN, start(block), end("tool_use"))
    assert [json.loads(call.arguments) for call in reply.message.tool_calls] == [{"path": "x"}]


@pytest.mark.parametrize("fault", [Fault.NO_DONE, Fault.NO_DONE_OPEN])
async def test_reply_is_whole_when_only_the_end_mark_is_missing(open_messages, fault: Fault) -> None:
    with ChatServer(in_turn(Answer(text="all of it", fault=fault))) as server:
        reply = await open_messages(server.url, silence=0.2).reply(ASK)
    assert reply.message.text == "all of it"
    assert len(server.requests) == 1


async def test_reply_is_whole_at_its_end_mark_though_the_connection_stays_open(open_messages) -> None:
    events = (BEGIN, TEXT, delta(type="text_delta", text="all of it"), {"type": "message_stop"})
    with ChatServer(in_turn(Answer(events=events, fault=Fault.NO_DONE_OPEN))) as server:
        async with asyncio.timeout(10):
            reply = await open_messages(server.url, silence=30.0).reply(ASK)
    assert (reply.message.text, reply.stop) == ("all of it", "stop")


@pytest.mark.parametrize(
    ("kind", "error", "words"),
    [
        ("billing_error", ProviderRefused, "quota or credit"),
        ("authentication_error", ProviderRefused, "ANTHROPIC_API_KEY"),
        ("invalid_request_error", ProviderRefused, "refused the request"),
        ("request_too_large", ContextTooLong, "too long"),
        ("rate_limit_error", ProviderDown, "429: no"),
        ("api_error", ProviderUnsteady, "500: no"),
        ("timeout_error", ProviderUnsteady, "500: no"),
    ],
)
async def test_errors_in_the_stream_mean_what_their_type_says(
    open_messages, kind: str, error: type[Exception], words: str
) -> None:
    event = {"type": "error", "error": {"type": kind, "message": "no"}}
    with ChatServer(in_turn(Answer(events=(BEGIN, event)))) as server, pytest.raises(error, match=words):
        await open_messages(server.url, retries=0, patience=0.0).reply(ASK)


async def test_overload_in_the_stream_is_an_outage_and_waited_out(open_messages) -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    cut = Answer(events=(BEGIN, TEXT, delta(type="text_delta", text="x" * 400), overloaded))
    with ChatServer(in_turn(cut, Answer(text="ok"))) as server:
        reply = await open_messages(server.url, retries=0).reply(ASK)
    assert (reply.message.text, reply.spending.calls) == ("ok", 2)
    # What was made before the end is billed, though only its first token was reported.
    assert (reply.spending.input, reply.spending.output) == (107, 110)
    with ChatServer(in_turn(cut)) as server, pytest.raises(ProviderDown, match="529: Overloaded"):
        await open_messages(server.url, retries=0, patience=0.0).reply(ASK)


def test_double_refuses_what_the_vendor_would() -> None:
    thought = {"type": "thinking", "thinking": "changed", "signature": seal("as it was")}
    alone = ToolMessage("t9", "read_file", "of nothing")
    wrong: list[tuple[str, Document]] = [
        ("signature", {"role": "assistant", "content": [thought]}),
        ("non-whitespace", {"role": "assistant", "content": [{"type": "text", "text": " "}]}),
        ("alternate", {"role": "user", "content": [{"type": "text", "text": "x"}]}),
    ]
    for words, turn in wrong:
        body = body_of(UserMessage("go"))
        assert words in " ".join(messages_dialect.problems_of({**body, "messages": [*body["messages"], turn]}))
    assert "not asked" in " ".join(messages_dialect.problems_of(body_of(alone)))
    crowded = body_of(*(UserMessage("go") for _ in range(4)))
    for block in crowded["messages"][0]["content"]:
        block["cache_control"] = {"type": "ephemeral"}
    assert "maximum of 4" in " ".join(messages_dialect.problems_of(crowded))
