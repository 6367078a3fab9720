"""One tiny call says what of a model works."""

from __future__ import annotations

import pytest

from ostinato.models.limits import TransportLimits
from ostinato.models.probe import OUTPUT_TOKENS, ProbeResult, probe
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, Handler, in_turn
from ostinato.testing.fake_clock import FakeClock
from tests.wire.conftest import needs_any

PONG = Answer(tool_calls=(Call("pong"),))


async def probed(handler: Handler, clock: FakeClock) -> tuple[ProbeResult, ChatServer]:
    with ChatServer(handler) as server:
        env = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test"}
        return await probe("openai-chat:test", env, TransportLimits(first_byte=5.0, silence=5.0), clock), server


async def test_all_works_when_the_model_answers_with_the_tool(clock: FakeClock) -> None:
    result, server = await probed(in_turn(PONG), clock)
    assert server.problems == []
    assert result.works
    assert (result.reachable, result.key, result.model, result.tools, result.called) == (True,) * 5
    assert (result.streams, result.usage, result.message) == (True, True, "")
    (sent,) = server.requests
    assert sent.body["max_tokens"] == OUTPUT_TOKENS
    assert len(sent.body["tools"]) == 1


@pytest.mark.parametrize(
    "spec", ["anthropic:m", "openai:m", "openai-chat:m", "ollama:m", pytest.param("any:groq:m", marks=needs_any)]
)
async def test_every_provider_can_be_probed(clock: FakeClock, spec: str) -> None:
    with ChatServer(in_turn(PONG)) as server:
        root = server.url.removesuffix("/v1")
        env = {"OPENAI_BASE_URL": server.url, "ANTHROPIC_BASE_URL": root, "OLLAMA_HOST": root, "GROQ_BASE_URL": root}
        env |= {"OPENAI_API_KEY": "k", "ANTHROPIC_API_KEY": "k", "GROQ_API_KEY": "k"}
        result = await probe(spec, env, TransportLimits(first_byte=5.0, silence=5.0), clock)
    assert server.problems == []
    assert (result.works, result.called, result.message, result.spec) == (True, True, "", spec)


async def test_works_when_the_tool_is_taken_but_not_called(clock: FakeClock) -> None:
    result, _ = await probed(in_turn(Answer(text="pong", finish="length")), clock)
    assert (result.works, result.called) == (True, False)


async def test_what_the_server_lacks_is_told_though_it_works(clock: FakeClock) -> None:
    result, _ = await probed(in_turn(Answer(tool_calls=(Call("pong"),), whole=True, usage=None)), clock)
    assert (result.works, result.streams, result.usage) == (True, False, False)


@pytest.mark.parametrize(
    ("answer", "reachable", "key", "model", "says"),
    [
        (Answer(status=401, error={"message": "no"}), True, False, None, "OPENAI_API_KEY"),
        (Answer(status=403, error={"message": "no"}), True, False, None, "OPENAI_API_KEY"),
        (Answer(status=404, error={"message": "no"}), True, None, False, "openai-chat:test"),
        (Answer(status=429, error={"message": "no", "code": "insufficient_quota"}), True, True, None, "credit"),
        (Answer(status=503, error={"message": "busy"}), True, None, None, "busy"),
        (Answer(fault=Fault.RESET), False, None, None, "broke"),
    ],
)
async def test_how_far_it_came_is_told_when_the_call_fails(
    clock: FakeClock, answer: Answer, reachable: bool, key: bool | None, model: bool | None, says: str
) -> None:
    result, server = await probed(in_turn(answer), clock)
    assert not result.works
    assert (result.reachable, result.key, result.model) == (reachable, key, model)
    assert says in result.message
    assert len(server.requests) == 1
    assert clock.slept == []


async def test_tools_are_named_as_the_reason_when_only_they_are_refused(clock: FakeClock) -> None:
    def without_tools(body: dict[str, object]) -> Answer:
        return Answer(status=400, error={"message": "no tools here"}) if "tools" in body else Answer(text="pong")

    result, _ = await probed(without_tools, clock)
    assert (result.works, result.model, result.tools) == (False, True, False)
    assert "no tools here" in result.message


async def test_nothing_is_asked_when_the_key_is_missing(clock: FakeClock) -> None:
    result = await probe("openai-chat:gpt-5", {}, TransportLimits(), clock)
    assert (result.works, result.reachable) == (False, None)
    assert "OPENAI_API_KEY" in result.message
