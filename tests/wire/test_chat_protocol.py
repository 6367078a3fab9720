"""What goes over the wire to a Chat Completions server, and what is made of its answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ostinato.agent.ports import ProviderRefused, ProviderUnsteady
from ostinato.chat.messages import AssistantMessage, Message, Request, ToolCall, ToolMessage, ToolSpec, UserMessage
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, in_turn, usage

KEY = "sk-test-0123456789"
READ = ToolSpec("read_file", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
ASK = Request("Be brief.", (UserMessage("hello"),), (READ,))


def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def call_part(function: dict[str, Any], **more: Any) -> dict[str, Any]:
    return chunk({"tool_calls": [{"function": function, **more}]})


async def test_text_reasoning_and_usage_arrive_when_streamed(open_chat) -> None:
    answer = Answer(text="Grüße, Welt! " * 5, reasoning="let me think", usage=usage(1000, 50, cached=400, reasoning=30))
    with ChatServer(in_turn(answer)) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert reply.message == AssistantMessage("Grüße, Welt! " * 5, (), "let me think")
    assert reply.stop == "stop"
    spent = reply.spending
    assert (spent.input, spent.cached_input, spent.output, spent.reasoning, spent.calls) == (1000, 400, 50, 30, 1)
    assert spent.cost_usd == 0.0


async def test_request_is_what_strict_servers_take_when_calls_run_in_parallel(open_chat) -> None:
    calls = (ToolCall("a1", "read_file", '{"path": "x"}'), ToolCall("b2", "read_file", "not json"))
    history: tuple[Message, ...] = (
        UserMessage("go"),
        AssistantMessage("", calls),
        ToolMessage("a1", "read_file", "content of x"),
        ToolMessage("b2", "read_file", "malformed", is_error=True),
        UserMessage("budget warning"),
    )
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_chat(server.url).reply(Request("sys", history, (READ,), max_output_tokens=77))
    assert server.problems == []
    (sent,) = server.requests
    assert sent.path == "/v1/chat/completions"
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert KEY.encode() not in sent.raw
    roles = [message["role"] for message in sent.body["messages"]]
    assert roles == ["system", "user", "assistant", "tool", "tool", "user"]
    assistant = sent.body["messages"][2]
    assert assistant["content"] == ""
    assert [one["function"]["arguments"] for one in assistant["tool_calls"]] == ['{"path": "x"}', "not json"]
    assert sent.body["max_tokens"] == 77
    assert "max_completion_tokens" not in sent.body
    assert sent.body["stream"] is True
    assert sent.body["tools"][0]["function"]["name"] == "read_file"


async def test_openai_itself_gets_its_own_field_names_and_a_cache_key_until_that_is_refused(
    open_chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = Answer(status=400, error={"message": "no", "param": "prompt_cache_key", "code": "unknown_parameter"})
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    # Not strict: this double plays the many servers that know no such key.
    with ChatServer(in_turn(Answer(text="ok"), refusal, Answer(text="ok")), strict=False) as server:
        monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
        model = open_chat("http://api.openai.com/v1", max_output_tokens=512)
        for _ in range(3):
            await model.reply(ASK)
    sent = server.requests[0]
    assert sent.path == "http://api.openai.com/v1/chat/completions"
    assert (sent.body["max_completion_tokens"], "max_tokens" in sent.body) == (512, False)
    keys = [one.body.get("prompt_cache_key") for one in server.requests]
    assert keys == [keys[0], keys[0], None, None]
    assert keys[0] is not None


async def test_no_output_limit_tools_or_key_are_sent_when_there_are_none(open_chat) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_chat(server.url, key=None).reply(Request("", (UserMessage("hi"),)))
    (sent,) = server.requests
    assert set(sent.body) == {"model", "messages", "stream", "stream_options"}
    assert "authorization" not in sent.headers


async def test_configured_output_limit_is_sent_when_the_request_names_none(open_chat) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_chat(server.url, max_output_tokens=512).reply(ASK)
    assert server.requests[0].body["max_tokens"] == 512


async def test_connection_is_kept_when_calls_follow_each_other(open_chat) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        model = open_chat(server.url)
        for _ in range(3):
            await model.reply(ASK)
        assert server.connections == 1


async def test_parallel_calls_are_assembled_when_streamed_in_parts(open_chat) -> None:
    answer = Answer(
        tool_calls=(Call("read_file", {"path": "a" * 40}, "id1"), Call("read_file", {"path": "b" * 40}, "id2"))
    )
    with ChatServer(in_turn(answer)) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert reply.stop == "tool_calls"
    assert [call.id for call in reply.message.tool_calls] == ["id1", "id2"]
    assert [json.loads(call.arguments)["path"] for call in reply.message.tool_calls] == ["a" * 40, "b" * 40]


async def test_malformed_arguments_pass_through_raw(open_chat) -> None:
    with ChatServer(in_turn(Answer(tool_calls=(Call("read_file", '{"path": "x'),)))) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert reply.message.tool_calls[0].arguments == '{"path": "x'


WHOLE = {"name": "read_file", "arguments": '{"path": "x"}'}
OTHER = {"name": "read_file", "arguments": '{"path": "y"}'}
DIALECTS = {
    "no index, whole calls in one chunk": [
        chunk({"tool_calls": [{"id": "a", "function": WHOLE}, {"id": "b", "function": OTHER}]})
    ],
    "no index, no id, whole calls": [call_part(WHOLE), call_part(OTHER)],
    "no index, later parts without id": [
        call_part({"name": "read_file", "arguments": '{"pa'}, id="a"),
        call_part({"arguments": 'th": "x"}'}),
        call_part({"name": "read_file", "arguments": ""}, id="b"),
        call_part({"arguments": '{"path": "y"}'}),
    ],
    "index always 0, new ids": [call_part(WHOLE, index=0, id="a"), call_part(OTHER, index=0, id="b")],
    "index always 0, no ids": [call_part(WHOLE, index=0), call_part(OTHER, index=0)],
    "name repeated in each part": [
        call_part({"name": "read_file", "arguments": '{"path"'}, index=0, id="a"),
        call_part({"name": "read_file", "arguments": ': "x"}'}, index=0, id="a"),
        call_part(OTHER, index=1, id="b"),
    ],
    "a new id in each part": [
        call_part({"name": "read_file", "arguments": '{"path"'}, index=0, id="a"),
        call_part({"arguments": ': "x"}'}, index=0, id="a2"),
        call_part(OTHER, index=1, id="b"),
    ],
    "interleaved": [
        call_part({"name": "read_file", "arguments": ""}, index=0, id="a"),
        call_part({"name": "read_file", "arguments": ""}, index=1, id="b"),
        call_part({"arguments": '{"path": "y"}'}, index=1),
        call_part({"arguments": '{"path": "x"}'}, index=0),
    ],
    "arguments as objects": [
        call_part({"name": "read_file", "arguments": {"path": "x"}}, index=0, id="a"),
        call_part({"name": "read_file", "arguments": {"path": "y"}}, index=1, id="b"),
    ],
    "empty ids": [call_part(WHOLE, index=0, id=""), call_part(OTHER, index=1, id="")],
    "the same id twice": [call_part(WHOLE, index=0, id="a"), call_part(OTHER, index=1, id="a")],
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_calls_are_told_apart_when_a_server_has_its_own_dialect(open_chat, dialect: str) -> None:
    events = (*DIALECTS[dialect], chunk({}, "stop"))
    with ChatServer(in_turn(Answer(events=events))) as server:
        reply = await open_chat(server.url).reply(ASK)
    calls = reply.message.tool_calls
    assert [json.loads(call.arguments) for call in calls] == [{"path": "x"}, {"path": "y"}]
    assert {call.name for call in calls} == {"read_file"}
    assert len({call.id for call in calls if call.id}) == 2
    assert reply.stop == "tool_calls"


async def test_call_ids_stay_unique_in_the_conversation_when_a_server_starts_anew_each_time(open_chat) -> None:
    answer = Answer(tool_calls=(Call("read_file", {"path": "x"}, "call_0"), Call("read_file", {"path": "y"}, "")))
    messages: tuple[Message, ...] = (UserMessage("go"),)
    seen: list[str] = []
    with ChatServer(in_turn(answer)) as server:
        model = open_chat(server.url)
        for _ in range(3):
            reply = await model.reply(Request("sys", messages, (READ,)))
            results = tuple(ToolMessage(call.id, call.name, "done") for call in reply.message.tool_calls)
            messages += (reply.message, *results)
            seen += [call.id for call in reply.message.tool_calls]
        assert server.problems == []
    assert len(set(seen)) == 6


async def test_whole_json_answer_is_understood_when_the_server_cannot_stream(open_chat) -> None:
    answer = Answer(text="done", tool_calls=(Call("read_file", {"path": "x"}, "id1"),), whole=True, usage=usage(9, 3))
    with ChatServer(in_turn(answer)) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert reply.message == AssistantMessage("done", (ToolCall("id1", "read_file", '{"path": "x"}'),))
    assert (reply.stop, reply.spending.input, reply.spending.output) == ("tool_calls", 9, 3)


@pytest.mark.parametrize(
    ("finish", "stop"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "refused"),
        ("eos", "stop"),
        ("tool_calls", "tool_calls"),
    ],
)
async def test_finish_reason_becomes_the_reason_for_the_stop(open_chat, finish: str, stop: str) -> None:
    with ChatServer(in_turn(Answer(text="x", finish=finish))) as server:
        assert (await open_chat(server.url).reply(ASK)).stop == stop


async def test_empty_reply_is_handed_on_when_the_model_says_nothing(open_chat) -> None:
    with ChatServer(in_turn(Answer())) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert reply.message == AssistantMessage()
    assert len(server.requests) == 1


async def test_usage_is_estimated_when_the_server_reports_none(open_chat) -> None:
    with ChatServer(in_turn(Answer(text="x" * 400, usage=None))) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert reply.spending.output == 100
    assert reply.spending.input == -(-len(server.requests[0].raw) // 4)


async def test_reasoning_left_out_of_the_completion_count_is_paid_for_when_the_total_has_it(open_chat) -> None:
    report = {**usage(10, 5), "total_tokens": 40}
    with ChatServer(in_turn(Answer(text="x", usage=report))) as server:
        assert (await open_chat(server.url).reply(ASK)).spending.output == 30


FRAMES = {
    "CRLF": b'data: {"choices":[{"delta":{"content":"hi"}}]}\r\n\r\n'
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\r\n\r\ndata: [DONE]\r\n\r\n',
    "comments and other fields": b": keep-alive\n\nevent: message\nid: 1\nretry: 5\n"
    b'data:{"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n: ping\n\ndata: [DONE]\n\n',
    "data over several lines": b'data: {"choices":\ndata: [{"delta":{"content":"hi"},\n'
    b'data: "finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    "no blank lines": b'data: {"choices":[{"delta":{"content":"h"}}]}\n'
    b'data: {"choices":[{"delta":{"content":"i"},"finish_reason":"stop"}]}\ndata: [DONE]\n',
    "no last blank line and no end mark": b'data: {"choices":[{"delta":{"content":"hi"},"finish_reason":"stop"}]}',
    "end mark but no finish reason": b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\ndata: [DONE]\n\n',
    "null choices, null usage, byte order mark": b"\xef\xbb\xbf"
    b'data: {"choices":[{"delta":{"content":"hi"}}],"usage":null}\n\n'
    b'data: {"choices":[{"delta":null,"finish_reason":"stop"}]}\n\ndata: {"choices":null}\n\ndata: [DONE]\n\n',
    "content in parts": b'data: {"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text",'
    b'"text":"hm"}]},{"type":"text","text":"hi"}]},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
}


@pytest.mark.parametrize("frame", FRAMES)
async def test_stream_is_understood_when_it_is_framed_in_its_own_way(open_chat, frame: str) -> None:
    with ChatServer(in_turn(Answer(body=FRAMES[frame], content_type="text/event-stream; charset=utf-8"))) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert (reply.message.text, reply.stop) == ("hi", "stop")
    assert len(server.requests) == 1


@pytest.mark.parametrize("fault", [Fault.NO_DONE, Fault.NO_DONE_OPEN])
async def test_reply_is_whole_when_only_the_end_mark_is_missing(open_chat, fault: Fault) -> None:
    with ChatServer(in_turn(Answer(text="all of it", fault=fault))) as server:
        reply = await open_chat(server.url, silence=0.2).reply(ASK)
    assert reply.message.text == "all of it"
    assert len(server.requests) == 1


async def test_reasoning_goes_back_under_its_name_when_the_server_sent_it_with_a_call(open_chat) -> None:
    call = Call("read_file", {"path": "x"}, "id1")
    with ChatServer(in_turn(Answer(reasoning="hm", tool_calls=(call,)), Answer(text="ok"))) as server:
        model = open_chat(server.url)
        reply = await model.reply(ASK)
        result = ToolMessage("id1", "read_file", "content")
        await model.reply(Request("Be brief.", (*ASK.messages, reply.message, result), (READ,)))
    assert server.requests[1].body["messages"][2]["reasoning_content"] == "hm"


async def test_query_of_the_address_is_kept_when_it_has_one(open_chat) -> None:
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        await open_chat(server.url + "/?api-version=2026-01-01").reply(ASK)
    assert server.requests[0].path == "/v1/chat/completions?api-version=2026-01-01"


async def test_double_refuses_a_request_when_a_call_is_not_answered(open_chat) -> None:
    history = (UserMessage("go"), AssistantMessage("", (ToolCall("a1", "read_file", "{}"),)), UserMessage("well?"))
    with ChatServer(in_turn(Answer(text="ok"))) as server:
        with pytest.raises(ProviderRefused, match="not answered"):
            await open_chat(server.url).reply(Request("sys", history))
        assert len(server.taken_problems()) == 1


async def test_call_is_repeated_when_the_answer_ends_with_an_error(open_chat) -> None:
    with ChatServer(in_turn(Answer(text="x", finish="error"), Answer(text="ok"))) as server:
        assert (await open_chat(server.url).reply(ASK)).message.text == "ok"
    assert len(server.requests) == 2


async def test_failed_attempts_are_paid_for_when_they_made_output(open_chat) -> None:
    half = {"choices": [{"delta": {"content": "half"}}], "usage": usage(100, 7)}
    with ChatServer(
        in_turn(Answer(events=(half,), fault=Fault.NO_DONE), Answer(text="ok", usage=usage(100, 3)))
    ) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert (reply.spending.input, reply.spending.output, reply.spending.calls) == (200, 10, 2)


async def test_error_carries_what_was_spent_when_all_attempts_fail(open_chat) -> None:
    half = {"choices": [{"delta": {"content": "half"}}], "usage": usage(100, 7)}
    with (
        ChatServer(in_turn(Answer(events=(half,), fault=Fault.NO_DONE))) as server,
        pytest.raises(ProviderUnsteady) as caught,
    ):
        await open_chat(server.url, retries=1).reply(ASK)
    assert (caught.value.spending.input, caught.value.spending.output, caught.value.spending.calls) == (200, 14, 2)


async def test_cut_stream_is_estimated_when_it_reported_no_usage(open_chat) -> None:
    cut = Answer(text="x" * 400, fault=Fault.CUT)
    with ChatServer(in_turn(cut, Answer(text="ok", usage=usage(50, 5)))) as server:
        reply = await open_chat(server.url).reply(ASK)
    assert reply.spending.calls == 2
    assert reply.spending.input == 50 + -(-len(server.requests[0].raw) // 4)
    assert reply.spending.output > 5
