"""What goes over the wire to a Responses server, and what is made of its answers."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from ostinato.agent.ports import ContextTooLong, ProviderDown, ProviderRefused, ProviderUnsteady
from ostinato.chat.messages import AssistantMessage, Message, Request, ToolCall, ToolMessage, ToolSpec, UserMessage
from ostinato.models.responses_request import request_body
from ostinato.testing import responses_dialect
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, in_turn

KEY = "sk-test-0123456789"
READ = ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
ASK = Request("Be brief.", (UserMessage("hello"),), (READ,))
NAME = "openai:test-model"
USAGE = {"input_tokens": 100, "output_tokens": 40}
Document = dict[str, Any]


def body_of(*messages: Message, system: str = "sys", tools: tuple[ToolSpec, ...] = (READ,)) -> Document:
    return request_body("m", Request(system, messages, tools), name=NAME)


def added(item: Document, index: int = 0) -> Document:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item: Document, index: int = 0) -> Document:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def delta(kind: str, words: str, index: int = 0) -> Document:
    return {"type": f"response.{kind}.delta", "output_index": index, "delta": words}


def end(status: str = "completed", output: tuple[Document, ...] = (), **more: Any) -> Document:
    response = {"status": status, "output": list(output), "usage": USAGE, **more}
    return {"type": f"response.{status}", "response": response}


def message(text: str, **more: Any) -> Document:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": content, **more}


def reasoning(encrypted: str | None, words: str = "") -> Document:
    summary = [{"type": "summary_text", "text": words}] if words else []
    return {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": encrypted}


CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "read_file", "arguments": '{"path": "x"}'}


async def test_call_asks_that_nothing_is_stored_and_reasoning_comes_encrypted(open_responses) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_responses(server.url, max_output_tokens=512).reply(ASK)
    (sent,) = server.requests
    assert (sent.path, sent.headers["authorization"]) == ("/v1/responses", f"Bearer {KEY}")
    body = dict(sent.body)
    assert body.pop("prompt_cache_key").startswith("ostinato-")
    named = {"type": "function", "name": "read_file", "description": "Read a file."}
    assert body == {
        "model": "test-model",
        "instructions": "Be brief.",
        "input": [{"role": "user", "content": "hello"}],
        "tools": [{**named, "parameters": READ.parameters, "strict": False}],
        "max_output_tokens": 512,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "stream": True,
    }


def test_conversation_is_a_list_of_items_in_order() -> None:
    calls = (ToolCall("a", "read_file", '{"path'), ToolCall("b", "read_file", "{}"))
    results = (ToolMessage("a", "read_file", "bad", is_error=True), ToolMessage("b", "read_file", "of b"))
    body = body_of(UserMessage("go"), AssistantMessage("I look.", calls), *results, UserMessage("note"))
    assert body["input"] == [
        {"role": "user", "content": "go"},
        {"type": "message", "role": "assistant", "content": "I look."},
        {"type": "function_call", "call_id": "a", "name": "read_file", "arguments": '{"path'},
        {"type": "function_call", "call_id": "b", "name": "read_file", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "bad"},
        {"type": "function_call_output", "call_id": "b", "output": "of b"},
        {"role": "user", "content": "note"},
    ]


def test_cache_key_is_that_of_all_conversations_which_begin_alike() -> None:
    first = body_of(UserMessage("one task"))["prompt_cache_key"]
    assert first == body_of(UserMessage("another"), AssistantMessage("x"), UserMessage("y"))["prompt_cache_key"]
    assert first != body_of(UserMessage("one task"), system="other rules")["prompt_cache_key"]
    assert first != body_of(UserMessage("one task"), tools=())["prompt_cache_key"]
    assert len(first) <= 64


async def reply_to(open_responses: Any, *events: Document, **answer: Any) -> Any:
    with ChatServer(in_turn(Answer(events=events, **answer))) as server:
        reply = await open_responses(server.url).reply(ASK)
        assert len(server.requests) == 1
    return reply


async def test_items_go_back_in_order_as_they_were_when_done(open_responses) -> None:
    said = message("I look.", phase="commentary")
    reply = await reply_to(
        open_responses,
        added(reasoning("half")),
        done(CALL, 2),
        added(said, 1),
        done(said, 1),
        done(reasoning("whole", "so so")),
        end(output=(reasoning("late", "so so"), said, CALL)),
    )
    assert reply.message.native.model == NAME
    assert reply.message.native.items == (reasoning("whole", "so so"), said, CALL)
    assert (reply.message.text, reply.message.reasoning) == ("I look.", "so so")
    assert reply.message.tool_calls == (ToolCall("c1", "read_file", '{"path": "x"}'),)
    body = body_of(UserMessage("go"), reply.message, ToolMessage("c1", "read_file", "of x"))
    assert body["input"][1:4] == [reasoning("whole", "so so"), said, CALL]


async def test_phase_of_a_message_goes_back_without_reasoning_too(open_responses) -> None:
    said = message("I look.", phase="commentary")
    assert (await reply_to(open_responses, done(said), end())).message.native.items == (said,)
    assert (await reply_to(open_responses, done(message("I look.")), end())).message.native is None


async def test_reasoning_that_cannot_go_back_is_only_shown(open_responses) -> None:
    reply = await reply_to(open_responses, done(reasoning(None, "hm")), done(CALL, 1), end())
    assert (reply.message.reasoning, reply.message.native) == ("hm", None)
    reply = await reply_to(open_responses, done(reasoning("led to nothing")), end())
    assert reply.message == AssistantMessage()


async def test_parts_make_the_answer_where_a_server_never_sends_it_whole(open_responses) -> None:
    reply = await reply_to(
        open_responses,
        added({"type": "reasoning", "id": "r"}),
        delta("reasoning_text", "hm"),
        added({"type": "message", "role": "assistant", "content": []}, 1),
        delta("output_text", "I ", 1),
        delta("output_text", "look.", 1),
        added({"type": "function_call", "call_id": "c1", "name": "read_file", "arguments": ""}, 2),
        delta("function_call_arguments", '{"path": ', 2),
        delta("function_call_arguments", '"x"}', 2),
        end(),
    )
    assert reply.message == AssistantMessage("I look.", (ToolCall("c1", "read_file", '{"path": "x"}'),), "hm")
    assert reply.stop == "tool_calls"


async def test_answer_is_taken_from_its_end_where_a_server_streams_no_items(open_responses) -> None:
    reply = await reply_to(open_responses, end(output=(message("hi"), CALL)))
    assert reply.message == AssistantMessage("hi", (ToolCall("c1", "read_file", '{"path": "x"}'),))


async def test_refusal_is_told_with_its_words(open_responses) -> None:
    with ChatServer(in_turn(Answer(text="I will not.", finish="refusal"))) as server:
        reply = await open_responses(server.url).reply(ASK)
    assert (reply.stop, reply.message.text) == ("refused", "I will not.")


INCOMPLETE = {"max_output_tokens": "length", "content_filter": "refused", "steered": "stop", None: "length"}


@pytest.mark.parametrize("reason", INCOMPLETE)
async def test_incomplete_answers_say_why(open_responses, reason: str | None) -> None:
    details = {"reason": reason} if reason else None
    reply = await reply_to(open_responses, done(message("x")), end("incomplete", incomplete_details=details))
    assert (reply.stop, reply.message.text) == (INCOMPLETE[reason], "x")


async def test_usage_is_told_by_kind(open_responses) -> None:
    used = USAGE | {
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 20},
        "output_tokens_details": {"reasoning_tokens": 30},
    }
    spent = (await reply_to(open_responses, done(message("x")), end(usage=used))).spending
    assert (spent.input, spent.cached_input, spent.cache_write) == (100, 60, 20)
    assert (spent.output, spent.reasoning, spent.calls) == (40, 30, 1)


async def test_unknown_events_and_parts_are_passed_over(open_responses) -> None:
    odd: list[Any] = [
        {"type": "keepalive", "sequence_number": 3},
        {"type": "response.queued", "response": {"error": None}},
        {"type": "response.output_item.added", "output_index": "0", "item": message("x")},
        {"type": "response.output_text.delta", "output_index": [], "delta": "x"},
        {"type": "response.output_text.delta", "output_index": 9, "delta": "of no item"},
        done({"type": "web_search_call", "id": "ws"}, 5),
        "3",
    ]
    reply = await reply_to(open_responses, *odd, done(message("hi")), end())
    assert (reply.message, reply.stop) == (AssistantMessage("hi"), "stop")


def failed(code: str, message: str = "no") -> Document:
    return end("failed", error={"code": code, "message": message})


FAILURES: list[tuple[Document, type[Exception], str]] = [
    (failed("rate_limit_exceeded"), ProviderDown, "429: no"),
    (failed("server_is_overloaded"), ProviderDown, "529: no"),
    (failed("server_error"), ProviderUnsteady, "500: no"),
    (end("failed", error=None), ProviderUnsteady, "500: the response failed"),
    (failed("context_length_exceeded"), ContextTooLong, "too long"),
    (failed("insufficient_quota"), ProviderRefused, "quota or credit"),
    (failed("invalid_prompt"), ProviderRefused, "refused the request"),
    ({"type": "error", "code": "server_error", "message": "no"}, ProviderUnsteady, "500: no"),
    ({"type": "error", "code": "rate_limit_exceeded", "message": "no"}, ProviderDown, "429: no"),
    ({"type": "error", "error": {"code": "invalid_api_key", "message": "no"}}, ProviderRefused, "OPENAI_API_KEY"),
]


@pytest.mark.parametrize(("event", "error", "words"), FAILURES)
async def test_failures_in_the_stream_mean_what_their_code_says(
    open_responses, event: Document, error: type[Exception], words: str
) -> None:
    with ChatServer(in_turn(Answer(events=(event,)))) as server, pytest.raises(error, match=words):
        await open_responses(server.url, retries=0, patience=0.0).reply(ASK)


async def test_failed_answer_is_paid_for_as_it_reports(open_responses) -> None:
    broken = Answer(events=(done(message("half")), failed("server_error")))
    with ChatServer(in_turn(broken, Answer(text="ok"))) as server:
        spent = (await open_responses(server.url).reply(ASK)).spending
    assert (spent.input, spent.output, spent.calls) == (200, 50, 2)


async def test_encrypted_reasoning_is_not_asked_for_again_where_a_model_has_none(open_responses) -> None:
    refused = {"message": "Encrypted content is not supported with this model.", "param": "include"}
    # A strict double would refuse the second request too: it plays a model that reasons.
    with ChatServer(in_turn(Answer(status=400, error=refused), Answer(text="ok")), strict=False) as server:
        model = open_responses(server.url)
        for _ in range(2):
            assert (await model.reply(ASK)).message.text == "ok"
    assert ["include" in one.body for one in server.requests] == [True, False, False]


@pytest.mark.parametrize(
    "refusal",
    [
        {"message": "Unknown parameter.", "param": "prompt_cache_key", "code": "unknown_parameter"},
        {"message": "body.prompt_cache_key: Extra inputs are not permitted"},
    ],
)
async def test_cache_key_is_not_sent_again_to_a_server_that_refuses_it(open_responses, refusal: Document) -> None:
    # A strict double would refuse the second request: it plays OpenAI, which takes the key.
    with ChatServer(in_turn(Answer(status=400, error=refusal), Answer(text="ok")), strict=False) as server:
        model = open_responses(server.url)
        for _ in range(2):
            assert (await model.reply(ASK)).message.text == "ok"
    assert ["prompt_cache_key" in one.body for one in server.requests] == [True, False, False]


async def test_reply_is_whole_at_its_end_though_the_connection_stays_open(open_responses) -> None:
    call = Call("read_file", {"path": "x"})
    with ChatServer(in_turn(Answer(tool_calls=(call,), fault=Fault.NO_DONE_OPEN))) as server:
        async with asyncio.timeout(10):
            reply = await open_responses(server.url, silence=30.0).reply(ASK)
    assert json.loads(reply.message.tool_calls[0].arguments) == {"path": "x"}
    assert len(server.requests) == 1


def test_double_refuses_what_the_vendor_would() -> None:
    body = body_of(UserMessage("go"))
    wrong: list[tuple[str, Document]] = [
        ("following item", {"input": [*body["input"], reasoning("e3b0c442")]}),
        ("could not be verified", {"input": [*body["input"], reasoning("forged", "x"), message("y")]}),
        ("not answered", {"input": [*body["input"], CALL]}),
        ("stored", {"store": True}),
        ("unknown parameter", {"messages": []}),
    ]
    for words, change in wrong:
        assert words in " ".join(responses_dialect.problems_of(body | change))
    assert responses_dialect.problems_of(body | {"model": "m"}) == []
