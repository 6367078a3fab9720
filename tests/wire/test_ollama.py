"""Ollama: where it is looked for, and what its users are told. The protocol is tested in `test_chat_protocol`."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from ostinato.agent.ports import ContextTooLong, Model, ProviderDown, ProviderRefused
from ostinato.base.errors import UsageError
from ostinato.chat.messages import Request, UserMessage
from ostinato.models.factory import open_model
from ostinato.models.limits import TransportLimits
from ostinato.models.ollama import ollama_address
from ostinato.testing.chat_server import Answer, ChatServer, in_turn
from ostinato.testing.fake_clock import FakeClock

ASK = Request("Be brief.", (UserMessage("hello"),))
LONG = Request("Be brief.", (UserMessage("word " * 6_000),))
LIMITS = TransportLimits(connect=5.0, first_byte=5.0, silence=5.0)


@pytest.fixture
async def open_ollama(clock: FakeClock) -> AsyncIterator[Callable[..., Model]]:
    opened: list[Model] = []

    def open_one(host: str, name: str = "qwen3:8b") -> Model:
        opened.append(open_model(f"ollama:{name}", env={"OLLAMA_HOST": host}, limits=LIMITS, clock=clock))
        return opened[-1]

    yield open_one
    for model in opened:
        await model.close()


@pytest.mark.parametrize(
    ("said", "address"),
    [
        (None, "http://127.0.0.1:11434/v1"),
        ("", "http://127.0.0.1:11434/v1"),
        ("box", "http://box:11434/v1"),
        ("box:8080", "http://box:8080/v1"),
        (":8080", "http://127.0.0.1:8080/v1"),
        ("box:8080/ollama/", "http://box:8080/ollama/v1"),
        ("http://box", "http://box/v1"),
        ("https://box/v1/", "https://box/v1"),
        ("0.0.0.0", "http://127.0.0.1:11434/v1"),
        ("0.0.0.0:99", "http://127.0.0.1:99/v1"),
        ("::1", "http://[::1]:11434/v1"),
        ("[::1]:99", "http://[::1]:99/v1"),
        ('"box"', "http://box:11434/v1"),
    ],
)
def test_address_is_read_as_ollamas_own_programs_read_it(said: str | None, address: str) -> None:
    assert ollama_address(said) == address


@pytest.mark.parametrize("said", ["ftp://box", "a b", "box:many", "http://"])
def test_address_is_refused_by_its_variable_when_it_is_none(said: str) -> None:
    with pytest.raises(UsageError, match="OLLAMA_HOST"):
        ollama_address(said)


async def test_reply_comes_without_a_key_and_costs_nothing(open_ollama) -> None:
    with ChatServer(in_turn(Answer(text="hi"))) as server:
        reply = await open_ollama(server.url.removeprefix("http://").removesuffix("/v1")).reply(ASK)
    assert server.problems == []
    assert (reply.message.text, reply.model, reply.spending.cost_usd) == ("hi", "ollama:qwen3:8b", 0.0)
    assert "authorization" not in server.requests[0].headers
    assert server.requests[0].body["model"] == "qwen3:8b"


@pytest.mark.parametrize("status", [401, 403])
async def test_host_is_named_when_a_proxy_before_it_wants_to_know_who_asks(open_ollama, status: int) -> None:
    """No key is ever sent: what lets one in stands in the address, if anywhere."""
    refusal = Answer(status=status, error={"message": "who are you?"})
    with ChatServer(in_turn(refusal)) as server, pytest.raises(ProviderRefused) as refused:
        await open_ollama(server.url).reply(ASK)
    assert "check OLLAMA_HOST" in refused.value.message
    assert "OPENAI" not in refused.value.message


async def test_pull_is_named_when_the_model_is_not_there(open_ollama) -> None:
    missing = Answer(status=404, error={"message": "model 'qwen3:8b' not found", "type": "api_error"})
    with ChatServer(in_turn(missing)) as server, pytest.raises(ProviderRefused) as caught:
        await open_ollama(server.url).reply(ASK)
    assert "`ollama pull qwen3:8b`" in caught.value.message
    assert str(caught.value) == caught.value.message


async def test_serve_is_named_at_once_when_nobody_listens(open_ollama, clock: FakeClock) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(ProviderDown, match="`ollama serve`"):
            await open_ollama(host).reply(ASK)
    assert clock.slept == []


async def test_outage_is_waited_out_when_it_answered_before(open_ollama, clock: FakeClock) -> None:
    with ChatServer(in_turn(Answer(text="hi", headers={"Connection": "close"}))) as server:
        model = open_ollama(server.url)
        await model.reply(ASK)
    with pytest.raises(ProviderDown, match="`ollama serve`"):
        await model.reply(ASK)
    assert sum(clock.slept) >= LIMITS.patience


async def test_conversation_is_bounded_by_the_context_that_ollama_gave_the_model(open_ollama) -> None:
    with ChatServer(in_turn(Answer(text="hi"))) as server:
        server.loaded = {"other": 2_000, "qwen3:8b": 4_096}
        model = open_ollama(server.url)
        assert (await model.reply(ASK)).message.text == "hi"
        assert model.context_window == 4_096
        with pytest.raises(ContextTooLong, match=r"4096 tokens.*OLLAMA_CONTEXT_LENGTH"):
            await model.reply(LONG)
        assert len(server.requests) == 1


async def test_answer_to_what_was_cut_in_silence_is_dropped(open_ollama) -> None:
    with ChatServer(in_turn(Answer(text="hi"))) as server:
        server.loaded = {"qwen3:latest": 4_096}
        with pytest.raises(ContextTooLong, match="OLLAMA_CONTEXT_LENGTH") as caught:
            await open_ollama(server.url, "qwen3").reply(LONG)
    assert caught.value.spending.calls == 1


@pytest.mark.parametrize("loaded", [{}, {"qwen3:8b": 0}, {"qwen3:8b": "many"}, {"qwen3:8b": None}])
async def test_window_stays_as_it_was_where_ollama_does_not_tell(open_ollama, loaded: dict[str, Any]) -> None:
    with ChatServer(in_turn(Answer(text="hi"))) as server:
        server.loaded = loaded
        model = open_ollama(server.url)
        await model.reply(LONG)
    assert model.context_window == LIMITS.context_window


async def test_the_variable_is_ollamas_when_a_web_page_answers(open_ollama) -> None:
    page = Answer(body=b"<html>", content_type="text/html")
    with ChatServer(in_turn(page)) as server, pytest.raises(Exception, match="OLLAMA_HOST") as caught:
        await open_ollama(server.url).reply(ASK)
    assert "OPENAI" not in str(caught.value)
