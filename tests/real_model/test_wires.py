"""Each of our wires against llama.cpp's own server: what it streams, counts, caches, refuses and gives up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from ostinato.agent.ports import ContextTooLong, Model, ProviderRefused
from ostinato.base.clock import SystemClock
from ostinato.chat.messages import Reply, Request, ToolMessage, ToolSpec, UserMessage
from ostinato.models.anthropic import MessagesWire
from ostinato.models.factory import open_model
from ostinato.models.failures import Endpoint
from ostinato.models.openai_chat import ChatWire
from ostinato.models.openai_responses import ResponsesWire
from ostinato.models.wire import Wire
from ostinato.models.wire_model import WireModel
from tests.real_model.conftest import NAME, WINDOW, Server, limits

READ = ToolSpec(
    "read_file",
    "Read a file.",
    {
        "type": "object",
        "properties": {"path": {"type": "string", "enum": ["README.md", "setup.py"]}},
        "required": ["path"],
    },
)


def asked(said: str, *, system: str = "You are brief.", most: int = 24) -> Request:
    """Return a request without tools."""
    return Request(system, (UserMessage(said),), (), most)


async def test_an_answer_is_streamed_and_its_tokens_are_counted(model: Model, wire: str) -> None:
    reply = await model.reply(asked("Say hello to Pat."))

    assert reply.message.text.strip()
    assert reply.streamed and reply.reported
    assert 0 < reply.spending.output <= 24 and 0 < reply.spending.input < 200
    assert reply.stop in {"stop", "length"}
    # Nobody knows a price for it but on this machine: nothing is made up.
    assert reply.model == f"{wire}:{NAME}"


async def test_a_repeated_beginning_is_read_from_the_cache_and_counted_apart(model: Model, wire: str) -> None:
    system = f"{wire} is how you are asked. " + "The quick brown fox jumps over the lazy dog. " * 20
    first = await model.reply(asked("Hello?", system=system, most=4))
    second = await model.reply(asked("Goodbye?", system=system, most=4))

    print(f"\n{wire}: {second.spending.cached_input} of {second.spending.input} input tokens from the cache")
    assert first.spending.cached_input < 60
    assert second.spending.cached_input > 0.8 * second.spending.input > 160


class _Forced:
    """A wire that wants a tool call, which ours never demand: the server then holds the answer to the tool's schema."""

    def __init__(self, wire: Wire, choice: object) -> None:
        self._wire, self._choice = wire, choice

    def __getattr__(self, name: str) -> Any:
        return getattr(self._wire, name)

    def body(self, request: Request) -> dict[str, Any]:
        return {**self._wire.body(request), "tool_choice": self._choice, "temperature": 0}


FORCED: dict[str, tuple[Callable[[], Wire], object]] = {
    "openai-chat": (lambda: ChatWire(NAME, "", False, limits()), "required"),
    "openai": (lambda: ResponsesWire(NAME, "", limits()), "required"),
    "anthropic": (lambda: MessagesWire(NAME, "", "/messages", limits()), {"type": "any"}),
}


@pytest.mark.parametrize("protocol", FORCED)
async def test_a_tool_call_comes_whole_and_its_result_is_taken(server: Server, protocol: str) -> None:
    make, choice = FORCED[protocol]
    address = f"{server.address}/v1"
    endpoint = Endpoint(NAME, address, key_variable="KEY", address_variable="ADDRESS")
    model = WireModel(cast("Wire", _Forced(make(), choice)), endpoint, address, limits=limits(), clock=SystemClock())
    question = UserMessage("Read the file README.md")
    reply = await model.reply(Request("You call tools.", (question,), (READ,), 64))

    (call,) = reply.message.tool_calls
    assert call.name == "read_file" and call.id
    assert json.loads(call.arguments)["path"] in {"README.md", "setup.py"}
    assert reply.stop == "tool_calls"

    # The whole conversation goes back, as after any tool: the server must take it.
    answered = (question, reply.message, ToolMessage(call.id, "read_file", "# A project"))
    again = await model.reply(Request("You call tools.", answered, (READ,), 64))
    assert again.spending.input > reply.spending.input
    await model.close()


async def test_what_is_cancelled_makes_the_server_free(model: Model, server: Server) -> None:
    request = asked("Write a very long story about a fox.", most=6000)
    call = asyncio.create_task(model.reply(request))
    while not await asyncio.to_thread(_is_busy, server):
        assert not call.done()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    # It would write for minutes; the test's time-out ends this if it does.
    while await asyncio.to_thread(_is_busy, server):
        assert server.slot()["n_ctx"] == WINDOW


def _is_busy(server: Server) -> bool:
    return bool(server.slot()["is_processing"])


async def test_what_does_not_fit_is_known_as_too_long(model: Model) -> None:
    with pytest.raises(ContextTooLong) as caught:
        await model.reply(asked("word " * (WINDOW + 500)))
    assert "context" in str(caught.value)


async def test_a_wrong_path_says_which_variable_holds_it(server: Server) -> None:
    env = {"OPENAI_BASE_URL": f"{server.address}/nowhere"}
    model = open_model(f"openai-chat:{NAME}", env=env, limits=limits(), clock=SystemClock())
    with pytest.raises(ProviderRefused) as caught:
        await model.reply(asked("Hello"))
    assert "OPENAI_BASE_URL" in str(caught.value) and caught.value.status == 404
    await model.close()


async def test_answers_side_by_side_wait_for_each_other(server: Server) -> None:
    model = open_model(f"openai-chat:{NAME}", env=server.env, limits=limits(), clock=SystemClock())
    replies: list[Reply] = await asyncio.gather(*(model.reply(asked(f"Name {n} birds.")) for n in range(2, 5)))
    assert all(reply.spending.output for reply in replies)
    await model.close()
