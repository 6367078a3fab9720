"""The same conversations through every wire: what a person relies on, whichever vendor answers.

`open_every` goes through pydantic-ai too; `open_model` is for what only our own wires promise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ostinato.agent.ports import ContextTooLong, Model, ProviderRefused
from ostinato.chat.messages import (
    AssistantMessage,
    Message,
    Native,
    Reply,
    Request,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
    never_silent,
)
from ostinato.models.limits import TransportLimits
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, in_turn, usage
from ostinato.testing.fake_clock import FakeClock
from tests.wire.conftest import KEY, OLLAMA, VENDORS

SYSTEM = "Be brief."
READ = ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
RUN = ToolSpec("run_command", "Run a command.", {"type": "object", "properties": {"command": {"type": "string"}}})
TOOLS = (READ, RUN)
ASK = Request(SYSTEM, (UserMessage("hello"),), TOOLS)


def said(*messages: Message) -> Request:
    return Request(SYSTEM, (UserMessage("hello"), *messages), TOOLS)


async def hold(model: Model, result: Callable[[ToolCall], ToolMessage], *, harness: str = "") -> list[Reply]:
    """Hold a conversation until the model calls no tool; `harness` is said after each turn's results."""
    messages: list[Message] = [UserMessage("hello")]
    replies: list[Reply] = []
    while True:
        replies.append(await model.reply(Request(SYSTEM, tuple(messages), TOOLS)))
        message = replies[-1].message
        if not message.tool_calls:
            return replies
        messages += [message, *map(result, message.tool_calls)]
        messages += [UserMessage(harness)] if harness else []


def content(call: ToolCall) -> ToolMessage:
    return ToolMessage(call.id, call.name, f"result of {call.arguments}")


def read(path: str, identifier: str | None = None) -> Call:
    return Call("read_file", {"path": path}, identifier)


async def test_text_arrives_with_its_usage_and_who_answered(open_model, vendor) -> None:
    answer = Answer(text="Grüße, Welt! " * 5, usage=usage(1000, 50, cached=400, written=100, reasoning=30))
    with ChatServer(in_turn(answer)) as server:
        reply = await open_model(server.url).reply(ASK)
    assert (reply.message, reply.stop) == (AssistantMessage("Grüße, Welt! " * 5), "stop")
    assert reply.model == f"{vendor.provider}:test-model"
    spent = reply.spending
    assert (spent.input, spent.cached_input, spent.cache_write) == (1000, 400, 100)
    assert (spent.output, spent.reasoning, spent.calls, spent.cost_usd) == (50, 30, 1, 0.0)
    assert server.problems == []


async def test_calls_run_in_parallel_and_each_is_answered(open_every) -> None:
    both = Answer(text="I look.", tool_calls=(read("a" * 40, "call0id01"), read("b" * 40, "call0id02")))
    with ChatServer(in_turn(both, Answer(text="done"))) as server:
        first, last = await hold(open_every(server.url), content, harness="budget warning")
    assert (first.stop, first.message.text) == ("tool_calls", "I look.")
    assert [(call.id, json.loads(call.arguments)["path"]) for call in first.message.tool_calls] == [
        ("call0id01", "a" * 40),
        ("call0id02", "b" * 40),
    ]
    assert last.message.text == "done"
    assert server.problems == []


async def test_what_is_sent_is_the_same_conversation_on_every_wire(open_model) -> None:
    seen: list[dict[str, Any]] = []

    def handler(body: dict[str, Any]) -> Answer:
        seen.append(body)
        return Answer(text="ok")

    calls = (ToolCall("a1", "read_file", '{"path": "x"}'), ToolCall("b2", "run_command", '{"command": "make"}'))
    results = (ToolMessage("a1", "read_file", "of x"), ToolMessage("b2", "run_command", "exit 2", is_error=True))
    with ChatServer(handler) as server:
        request = said(AssistantMessage("Let me see.", calls), *results, UserMessage("go on"))
        await open_model(server.url, max_output_tokens=512).reply(request)
    assert server.problems == []
    (body,) = seen
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user"]
    assert [message["content"] for message in body["messages"]] == [
        SYSTEM,
        "hello",
        "Let me see.",
        "of x",
        "exit 2",
        "go on",
    ]
    asked = body["messages"][2]["tool_calls"]
    assert [(one["id"], json.loads(one["function"]["arguments"])) for one in asked] == [
        ("a1", {"path": "x"}),
        ("b2", {"command": "make"}),
    ]
    assert [tool["function"] for tool in body["tools"]] == [
        {"name": spec.name, "description": spec.description, "parameters": spec.parameters} for spec in TOOLS
    ]
    assert body["max_tokens"] == 512


async def test_reasoning_is_shown_and_goes_back_as_the_vendor_wants_it(open_every) -> None:
    thinks = Answer(reasoning="let me think", text="I look.", tool_calls=(read("x"),))
    again = Answer(reasoning="so it is", tool_calls=(read("y"), read("z")))
    with ChatServer(in_turn(thinks, again, Answer(reasoning="clear", text="done"))) as server:
        replies = await hold(open_every(server.url), content, harness="note")
        # The server refuses signed or encrypted reasoning that is missing, changed or out of place.
        assert server.problems == []
    assert [reply.message.reasoning for reply in replies] == ["let me think", "so it is", "clear"]
    last = server.requests[-1].raw.decode()
    assert last.index("let me think") < last.index("so it is")


async def test_reasoning_of_another_model_is_left_out_but_its_words_and_calls_are_kept(open_every) -> None:
    items = ({"type": "thinking", "thinking": "secret", "signature": "of-another"},)
    native = Native("anthropic:another-model", items)
    message = AssistantMessage("I look.", (ToolCall("call:1/x", "read file!", '{"path": "x"}'),), "secret", native)
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_every(server.url).reply(said(message, ToolMessage("call:1/x", "read file!", "of x")))
    assert server.problems == []
    raw = server.requests[0].raw.decode()
    assert "secret" not in raw
    assert "of-another" not in raw
    assert "I look." in raw


async def test_conversation_stays_valid_when_every_vendor_answers_in_turn(clock: FakeClock) -> None:
    def handler(body: dict[str, Any]) -> Answer:
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        thinks = f"think {turn}" if body["model"] in {"model-anthropic", "model-openai"} else ""
        return Answer(reasoning=thinks, text=f"step {turn}", tool_calls=(read(f"{turn}"), read("x")))

    messages: list[Message] = [UserMessage("hello")]
    limits = TransportLimits()
    with ChatServer(handler) as server:
        models = [
            one.make(f"model-{name}", server.url, KEY, limits=limits, clock=clock, random=lambda: 0.5)
            for name, one in (VENDORS | OLLAMA).items()
        ]
        for turn in range(12):
            reply = await models[turn % len(models)].reply(Request(SYSTEM, tuple(messages), TOOLS))
            messages += [reply.message, *map(content, reply.message.tool_calls), UserMessage("note")]
        for model in models:
            await model.close()
        # Each vendor sees its own reasoning, and never another's.
        assert server.problems == []
    last = {one.body["model"]: one.raw.decode() for one in server.requests}
    assert "think 1" in last["model-anthropic"]
    assert "think 0" not in last["model-anthropic"]
    assert "think 2" in last["model-openai"]
    assert all("step 0" in raw for raw in last.values())


async def test_failed_tools_go_back_as_results(open_every) -> None:
    failed = ToolMessage("a1", "read_file", "no such file", is_error=True)
    empty = ToolMessage("b2", "read_file", "", is_error=True)
    calls = (ToolCall("a1", "read_file", '{"path": "x"}'), ToolCall("b2", "read_file", ""))
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_every(server.url).reply(said(AssistantMessage("", calls), failed, empty))
    assert server.problems == []
    assert "no such file" in server.requests[0].raw.decode()


MALFORMED = ['{"path": "x', "not json", "[1]", '{"x": NaN}', "[" * 100_000, '"text"']


@pytest.mark.parametrize("arguments", MALFORMED, ids=range(len(MALFORMED)))
async def test_malformed_arguments_stay_as_they_came_and_the_conversation_stays_valid(
    open_every, arguments: str
) -> None:
    with ChatServer(in_turn(Answer(tool_calls=(Call("read_file", arguments),)), Answer(text="sorry"))) as server:
        first, last = await hold(open_every(server.url), lambda call: ToolMessage(call.id, call.name, "bad", True))
    assert first.message.tool_calls[0].arguments == arguments
    assert last.message.text == "sorry"
    assert server.problems == []


async def test_calls_without_arguments_are_empty_objects(open_every) -> None:
    with ChatServer(in_turn(Answer(tool_calls=(Call("read_file", "", "a1"),)), Answer(text="ok"))) as server:
        first, _ = await hold(open_every(server.url), content)
    assert first.message.tool_calls[0].arguments in {"", "{}"}
    assert server.problems == []


async def test_long_conversation_repeats_its_beginning_byte_for_byte(open_every) -> None:
    steps = [Answer(reasoning=f"think {n}", text=f"step {n}", tool_calls=(read(f"{n}"),)) for n in range(40)]
    with ChatServer(in_turn(*steps, Answer(text="done"))) as server:
        replies = await hold(open_every(server.url), content, harness="note")
        assert server.problems == []
    assert len(replies) == 41
    assert len({call.id for reply in replies for call in reply.message.tool_calls}) == 40


async def test_ids_stay_unique_when_a_server_starts_anew_each_time(open_every) -> None:
    answer = Answer(reasoning="hm", tool_calls=(read("x", "call_0"), read("y", "")))
    with ChatServer(in_turn(answer, answer, Answer(text="done"))) as server:
        replies = await hold(open_every(server.url), content)
    ids = [call.id for reply in replies for call in reply.message.tool_calls]
    assert len(set(ids)) == 4


async def test_ids_that_only_their_server_takes_name_the_same_call_throughout(open_model) -> None:
    odd = Answer(reasoning="hm", tool_calls=(read("x", "functions.read_file:0"), read("y", "i" * 99)))
    with ChatServer(in_turn(odd, Answer(text="done"))) as server:
        first, last = await hold(open_model(server.url), content)
    assert [call.id for call in first.message.tool_calls] == ["functions.read_file:0", "i" * 99]
    assert last.message.text == "done"
    assert server.problems == []


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.CUT_IN_EVENT, Fault.BROKEN, Fault.RESET])
async def test_nothing_of_a_broken_answer_is_kept(open_every, fault: Fault) -> None:
    cut = Answer(
        reasoning="half", tool_calls=(Call("run_command", {"command": "rm -rf build; make"}, "call0id0a"),), fault=fault
    )
    whole = Answer(tool_calls=(Call("run_command", {"command": "make"}, "call0id0b"),))
    with ChatServer(in_turn(cut, whole)) as server:
        reply = await open_every(server.url).reply(ASK)
    made = [(call.id, json.loads(call.arguments)) for call in reply.message.tool_calls]
    assert made == [("call0id0b", {"command": "make"})]
    assert reply.message.reasoning == ""
    assert len(server.requests) == 2


async def test_cut_answer_is_paid_for_by_estimate_when_it_reported_nothing(open_model) -> None:
    cut = Answer(text="x" * 400, fault=Fault.CUT, usage=None)
    with ChatServer(in_turn(cut, Answer(text="ok", usage=usage(50, 5)))) as server:
        reply = await open_model(server.url).reply(ASK)
    assert reply.spending.calls == 2
    assert reply.spending.input == 50 + -(-len(server.requests[0].raw) // 4)
    assert 20 < reply.spending.output < 105


async def test_usage_is_estimated_when_none_is_reported(open_model) -> None:
    with ChatServer(in_turn(Answer(text="x" * 400, usage=None))) as server:
        reply = await open_model(server.url).reply(ASK)
    assert (reply.spending.input, reply.spending.output) == (-(-len(server.requests[0].raw) // 4), 100)


async def test_empty_reply_is_handed_on(open_every) -> None:
    with ChatServer(in_turn(Answer())) as server:
        reply = await open_every(server.url).reply(ASK)
    assert (reply.message, reply.stop) == (AssistantMessage(), "stop")
    assert len(server.requests) == 1


async def test_conversation_goes_on_after_an_empty_reply(open_every) -> None:
    nudged = said(AssistantMessage(" "), UserMessage("\n"), AssistantMessage("(empty answer)"), UserMessage("well?"))
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        assert (await open_every(server.url).reply(nudged)).message.text == "ok"
    assert server.problems == []


@pytest.mark.parametrize(("finish", "stop"), [("stop", "stop"), ("length", "length"), ("content_filter", "refused")])
async def test_reason_for_the_end_is_known(open_every, finish: str, stop: str) -> None:
    with ChatServer(in_turn(Answer(text="x", finish=finish))) as server:
        assert (await open_every(server.url).reply(ASK)).stop == stop


async def test_answer_that_was_cut_in_its_thoughts_leaves_a_valid_conversation(open_every) -> None:
    cut = Answer(reasoning="and so on", finish="length")
    with ChatServer(in_turn(cut, Answer(text="ok"))) as server:
        model = open_every(server.url)
        reply = await model.reply(ASK)
        assert (reply.stop, reply.message.text, reply.message.reasoning) == ("length", "", "and so on")
        await model.reply(said(never_silent(reply.message), UserMessage("shorter")))
    assert server.problems == []


async def test_whole_document_is_understood_when_the_server_cannot_stream(open_model) -> None:
    answer = Answer(reasoning="hm", text="done", tool_calls=(read("x", "id1"),), whole=True, usage=usage(9, 3))
    with ChatServer(in_turn(answer, Answer(text="ok"))) as server:
        first, _ = await hold(open_model(server.url), content)
    assert (first.message.text, first.message.reasoning, first.stop) == ("done", "hm", "tool_calls")
    assert first.message.tool_calls == (ToolCall("id1", "read_file", '{"path": "x"}'),)
    assert (first.spending.input, first.spending.output) == (9, 3)
    assert server.problems == []


async def test_same_request_gives_the_same_bytes(open_every) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        for _ in range(2):
            await open_every(server.url).reply(ASK)
    first, second = server.requests
    assert first.raw == second.raw


async def test_connection_is_kept_when_calls_follow_each_other(open_model) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        model = open_model(server.url)
        for _ in range(3):
            await model.reply(ASK)
        assert server.connections == 1


async def test_context_overflow_is_told_and_a_smaller_request_goes_through(open_every) -> None:
    full = Answer(status=400, error={"message": "prompt is too long: 207791 tokens > 200000 maximum"})
    with ChatServer(in_turn(full, Answer(text="ok"))) as server:
        model = open_every(server.url)
        with pytest.raises(ContextTooLong):
            await model.reply(ASK)
        assert (await model.reply(ASK)).message.text == "ok"


async def test_key_goes_in_a_header_alone_and_none_is_sent_without_one(open_model) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_model(server.url).reply(ASK)
        await open_model(server.url, key=None).reply(ASK)
    assert [one.key() for one in server.requests] == ["sk-test-0123456789", ""]
    assert server.problems == []


EFFORT = {
    "openai-chat": {"reasoning_effort": "low"},
    "anthropic": {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
    "openai": {"reasoning": {"effort": "low"}},
}


async def test_double_refuses_a_conversation_whose_beginning_changed(open_model) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        model = open_model(server.url)
        await model.reply(said(AssistantMessage("one"), UserMessage("two")))
        with pytest.raises(ProviderRefused, match="no prefix"):
            await model.reply(said(AssistantMessage("another"), UserMessage("two"), AssistantMessage("three")))
        assert len(server.taken_problems()) == 1


async def test_double_refuses_reasoning_that_was_lost(open_model, vendor) -> None:
    with ChatServer(in_turn(Answer(reasoning="hm", tool_calls=(read("x"),)))) as server:
        model = open_model(server.url)
        message = (await model.reply(ASK)).message
        lost = said(replace(message, native=None), *map(content, message.tool_calls))
        if vendor.provider in {"anthropic", "openai"}:
            with pytest.raises(ProviderRefused, match="did not come back"):
                await model.reply(lost)
            assert len(server.taken_problems()) == 1
        else:
            assert message.native is None


async def test_effort_is_asked_for_in_the_vendors_way_where_it_is_set_and_else_not_at_all(open_model, vendor) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_model(server.url, reasoning_effort="low").reply(ASK)
        await open_model(server.url).reply(ASK)
    told, silent = (one.body for one in server.requests)
    assert {name: value for name, value in told.items() if name not in silent} == EFFORT[vendor.provider]
    assert server.problems == []
