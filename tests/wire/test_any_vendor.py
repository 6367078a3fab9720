"""Vendors reached through pydantic-ai: what is special to them. Their conversations are in `test_conversations`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ostinato.agent.ports import ContextTooLong, Model, ProviderDown, ProviderRefused, ProviderUnsteady
from ostinato.base.errors import UsageError
from ostinato.chat.messages import Request, ToolMessage, ToolSpec, UserMessage
from ostinato.models.factory import open_model
from ostinato.models.limits import TransportLimits
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, in_turn, usage
from ostinato.testing.fake_clock import FakeClock
from tests.wire.conftest import ANY_VENDORS, OpenModel, needs_any

pytestmark = needs_any
LOOK = ToolSpec("look", "Look.", {"type": "object", "properties": {}})
ASK = Request("Be brief.", (UserMessage("hello"),), (LOOK,))
OK = Answer(text="ok")


def opened(spec: str, **env: str) -> Model:
    return open_model(spec, env=env, limits=TransportLimits(), clock=FakeClock())


@pytest.fixture(params=ANY_VENDORS)
async def open_any(clock: FakeClock, request: pytest.FixtureRequest) -> AsyncIterator[OpenModel]:
    made: list[Model] = []

    def open_one(url: str, **limits: float) -> Model:
        bounds = TransportLimits(**{"first_byte": 5.0, "silence": 5.0, "retries": 6, "patience": 600.0} | limits)
        made.append(ANY_VENDORS[request.param].make("test-model", url, "sk-secret", limits=bounds, clock=clock))
        return made[-1]

    yield open_one
    for model in made:
        await model.close()


async def test_usage_comes_with_its_cached_part_and_costs_nothing_here(open_any) -> None:
    with ChatServer(in_turn(Answer(text="hi", usage=usage(1000, 50, cached=400)))) as server:
        reply = await open_any(server.url).reply(ASK)
    spent = reply.spending
    assert (spent.input, spent.cached_input, spent.output, spent.calls, spent.cost_usd) == (1000, 400, 50, 1, 0.0)
    assert reply.model == open_any("http://127.0.0.1:9/v1").name


async def test_reasoning_is_kept_in_the_vendors_own_form_and_plain_replies_are_not_stored_twice(open_any) -> None:
    thinks = Answer(reasoning="hm", text="I look.", tool_calls=(Call("look", {}, "abcdefgh1"),))
    with ChatServer(in_turn(thinks, OK)) as server:
        model = open_any(server.url)
        first = (await model.reply(ASK)).message
        assert first.native is not None
        assert json.loads(json.dumps(first.native.items)) == list(first.native.items)
        answer = ToolMessage("abcdefgh1", "look", "seen")
        second = await model.reply(replace(ASK, messages=(*ASK.messages, first, answer)))
    assert second.message.native is None
    assert server.problems == []


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (Answer(status=401, error={"message": "bad key sk-secret"}), ProviderRefused, "_API_KEY"),
        (Answer(status=404, error={"message": "no such model"}), ProviderRefused, "_BASE_URL: no such model"),
        (Answer(status=400, error={"message": "tools are not supported"}), ProviderRefused, "tools are not supported"),
        (Answer(status=402, error={"message": "no credit"}), ProviderRefused, "add credit"),
        (Answer(status=400, error={"message": "prompt is too long"}), ContextTooLong, "too long"),
        (Answer(status=429, error={"message": "slow down"}), ProviderDown, "slow down"),
        (Answer(status=503, error={"message": "maintenance"}), ProviderDown, "maintenance"),
        (Answer(status=500, error={"message": "boom"}), ProviderUnsteady, "boom"),
        (Answer(fault=Fault.CUT, text="x" * 90), ProviderUnsteady, "cut the stream"),
        (Answer(fault=Fault.GARBAGE, text="x"), ProviderUnsteady, "test-model"),
        (Answer(body=b"<html>", content_type="text/html"), ProviderUnsteady, "test-model"),
    ],
)
async def test_failures_are_of_our_own_kinds_and_retried_by_us_alone(
    open_any, clock: FakeClock, answer: Answer, kind: type[Exception], says: str
) -> None:
    with ChatServer(in_turn(answer)) as server, pytest.raises(kind, match=says) as caught:
        await open_any(server.url).reply(ASK)
    assert "sk-secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    waits = len(clock.slept)
    assert len(server.requests) == waits + 1
    assert waits == 0 if kind in {ProviderRefused, ContextTooLong} else waits >= 6


async def test_servers_hint_is_honoured(open_any, clock: FakeClock) -> None:
    limited = Answer(status=429, error={"message": "slow down"}, headers={"Retry-After": "7"})
    with ChatServer(in_turn(limited, OK)) as server:
        await open_any(server.url).reply(ASK)
    assert clock.slept == [7.0]


async def test_outage_of_an_hour_is_waited_out_when_patience_lasts(open_any, clock: FakeClock) -> None:
    down = Answer(status=503, error={"message": "maintenance"})
    with ChatServer(lambda body: down if clock.monotonic() < 3600 else OK) as server:
        assert (await open_any(server.url, patience=7200.0).reply(ASK)).message.text == "ok"


async def test_nobody_listening_is_an_outage(open_any, clock: FakeClock) -> None:
    with ChatServer(in_turn(OK)) as server:
        url = server.url
    with pytest.raises(ProviderDown, match="cannot reach"):
        await open_any(url, patience=10.0, retries=1).reply(ASK)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(fault=Fault.HANG), "models.first_byte_timeout"),
        (Answer(text="x" * 90, fault=Fault.SILENCE), "models.first_byte_timeout"),
        (Answer(text="x" * 90, fault=Fault.NO_DONE_OPEN), "models.silence_timeout"),
    ],
)
async def test_silence_is_bounded(open_any, answer: Answer, says: str) -> None:
    first_byte = 0.3 if "first_byte" in says else 60.0
    with ChatServer(in_turn(answer)) as server, pytest.raises(ProviderUnsteady, match=says):
        async with asyncio.timeout(30.0):
            await open_any(server.url, first_byte=first_byte, silence=0.2, retries=0).reply(ASK)


async def test_plain_http_behind_https_is_told(open_any) -> None:
    with ChatServer(in_turn(OK)) as server, pytest.raises(ProviderRefused, match="http:// rather than https://"):
        await open_any(server.url.replace("http://", "https://")).reply(ASK)


@pytest.mark.parametrize("spec", ["any:", "any:mistral", "any:mistral:", "any::x"])
def test_form_of_the_name_is_told_when_it_is_not_whole(spec: str) -> None:
    with pytest.raises(UsageError, match="any:"):
        opened(spec)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("any:mistral:x", "set MISTRAL_API_KEY$"),
        ("any:groq:x", "set GROQ_API_KEY$"),
        ("any:google:x", "set GOOGLE_API_KEY$"),
        ("any:martian:x", "bedrock, google, groq, mistral"),
        ("any:openai:gpt-5", "say openai:gpt-5"),
        ("any:cohere:x", "pip install 'pydantic-ai-slim\\[cohere\\]'"),
        ("any:bedrock:x", "set AWS_DEFAULT_REGION$"),
    ],
)
def test_what_is_missing_is_told_before_anything_is_asked(
    spec: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("MISTRAL_API_KEY", "GROQ_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(UsageError, match=says) as caught:
        opened(spec)
    assert "Agent(" not in caught.value.message


def test_malformed_address_is_told_by_its_variable() -> None:
    with pytest.raises(UsageError, match="MISTRAL_BASE_URL"):
        opened("any:mistral:x", MISTRAL_API_KEY="k", MISTRAL_BASE_URL="localhost")


def test_the_extra_is_named_when_it_is_not_installed(tmp_path: Path) -> None:
    # A process in which pydantic-ai cannot be found, as in an installation without the extra.
    code = (
        "import sys; sys.modules['pydantic_ai'] = None; "
        "from ostinato.models import factory; from ostinato.models.limits import TransportLimits; "
        "from ostinato.base.clock import SystemClock; from ostinato.base.errors import UsageError\n"
        "try: factory.open_model('any:mistral:x', env={}, limits=TransportLimits(), clock=SystemClock())\n"
        "except UsageError as error: print(error.message)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "any:mistral:x needs pydantic-ai: pip install 'ostinato[any]'"
