"""A second model behind the first, both real servers on the loopback, with a clock that passes an hour at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from ostinato.agent.ports import ContextTooLong, Model, ProviderDown, ProviderRefused
from ostinato.chat.messages import AssistantMessage, Message, Request, ToolMessage, ToolSpec, UserMessage
from ostinato.models.factory import open_model
from ostinato.models.fallback import STAY, FallbackModel
from ostinato.models.limits import TransportLimits
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, Handler, in_turn, usage
from ostinato.testing.fake_clock import FakeClock
from tests.wire.conftest import needs_any

LOOK = ToolSpec("look", "Look.", {"type": "object", "properties": {}})
ASK = Request("Be brief.", (UserMessage("hello"),), (LOOK,))
DOWN = Answer(status=503, error={"message": "maintenance"})
SPENT = Answer(status=429, error={"message": "no credit", "code": "insufficient_quota"})
FIRST, SECOND = Answer(text="I am first"), Answer(text="I am second")


class Two:
    """A fallback model and its two servers; `first` and `second` can be given other handlers at any time."""

    def __init__(self, stack: ExitStack, clock: FakeClock, first: Handler, second: Handler, windows: tuple[int, int]):
        self.handlers = {"first": first, "second": second}
        self.servers = {
            name: stack.enter_context(ChatServer(lambda body, name=name: self.handlers[name](body)))
            for name in self.handlers
        }
        self.waits: list[tuple[str, float]] = []
        limits = TransportLimits(connect=5.0, first_byte=5.0, silence=5.0, patience=600.0)

        def model(name: str, window: int) -> Model:
            bounds = replace(limits, context_window=window)
            env = {"OPENAI_BASE_URL": self.servers[name].url}
            return open_model(f"openai-chat:{name}", env=env, limits=bounds, clock=clock)

        first, second = (model(name, window) for name, window in zip(self.servers, windows, strict=True))
        self.model = FallbackModel(first, second, clock)

    async def ask(self, request: Request = ASK) -> tuple[str, str]:
        reply = await self.model.reply(request, lambda why, seconds: self.waits.append((why, seconds)))
        return reply.message.text, reply.model.removeprefix("openai-chat:")

    def asked(self, name: str) -> int:
        return len(self.servers[name].requests)


@pytest.fixture
async def two(clock: FakeClock) -> AsyncIterator[Callable[..., Two]]:
    with ExitStack() as stack:
        opened: list[Two] = []

        def make(first: Handler, second: Handler, windows: tuple[int, int] = (100_000, 100_000)) -> Two:
            opened.append(Two(stack, clock, first, second, windows))
            return opened[-1]

        yield make
        for one in opened:
            await one.model.close()
            assert [server.problems for server in one.servers.values()] == [[], []]


async def test_first_answers_and_second_is_not_asked_when_all_is_well(two) -> None:
    pair = two(in_turn(FIRST), in_turn(SECOND))
    assert await pair.ask() == ("I am first", "first")
    assert (pair.asked("second"), pair.waits) == (0, [])


async def test_second_answers_when_the_first_is_down_past_its_patience(two, clock: FakeClock) -> None:
    pair = two(in_turn(DOWN), in_turn(SECOND))
    assert await pair.ask() == ("I am second", "second")
    assert clock.monotonic() >= 600.0
    why, seconds = pair.waits[-1]
    assert why.startswith("asking openai-chat:second instead: openai-chat:first is down")
    assert seconds == 0.0


@pytest.mark.parametrize(
    "answer", [SPENT, Answer(status=402), Answer(status=500), Answer(fault=Fault.CUT, text="x" * 99)]
)
async def test_second_answers_when_the_first_has_no_quota_or_is_unsteady(two, answer: Answer) -> None:
    assert await two(in_turn(answer), in_turn(SECOND)).ask() == ("I am second", "second")


@pytest.mark.parametrize("status", [400, 401, 403, 404])
async def test_second_is_not_asked_when_the_first_must_be_mended(two, status: int) -> None:
    pair = two(in_turn(Answer(status=status, error={"message": "no"})), in_turn(SECOND))
    with pytest.raises(ProviderRefused):
        await pair.ask()
    assert pair.asked("second") == 0


async def test_second_is_stayed_with_and_the_first_tried_once_after_a_while(two, clock: FakeClock) -> None:
    pair = two(in_turn(SPENT), in_turn(SECOND))
    for _ in range(3):
        await pair.ask()
    assert (pair.asked("first"), pair.asked("second")) == (1, 3)

    clock.advance(STAY)
    pair.handlers["first"] = in_turn(DOWN)
    before = clock.monotonic()
    assert await pair.ask() == ("I am second", "second")
    assert (pair.asked("first"), clock.monotonic()) == (2, before)

    clock.advance(STAY)
    pair.handlers["first"] = in_turn(FIRST)
    assert [await pair.ask(), await pair.ask()] == [("I am first", "first")] * 2
    assert pair.asked("second") == 4


async def test_what_the_one_try_cost_is_counted_when_it_breaks(two, clock: FakeClock) -> None:
    pair = two(in_turn(SPENT), in_turn(Answer(text="hi", usage=usage(10, 1))))
    await pair.ask()
    clock.advance(STAY)
    pair.handlers["first"] = in_turn(Answer(text="x" * 400, fault=Fault.CUT, usage=None))
    reply = await pair.model.reply(ASK)
    assert reply.spending.calls == 2
    assert reply.spending.output > 20
    assert pair.asked("first") == 2


async def test_first_is_asked_again_when_the_second_fails_meanwhile(two) -> None:
    pair = two(in_turn(SPENT), in_turn(SECOND))
    await pair.ask()
    pair.handlers.update(first=in_turn(FIRST), second=in_turn(SPENT))
    assert await pair.ask() == ("I am first", "first")


async def test_both_are_named_and_all_is_counted_when_both_fail(two, clock: FakeClock) -> None:
    cut = Answer(text="x" * 40, fault=Fault.CUT, usage=usage(7, 3))
    pair = two(in_turn(cut), in_turn(DOWN))
    with pytest.raises(ProviderDown) as caught:
        await pair.ask()
    assert caught.value.message.startswith("openai-chat:second is down")
    assert "before that: openai-chat:first failed 7 times" in caught.value.message
    assert caught.value.spending.calls == 7
    assert caught.value.exit_code == 7

    pair.handlers["first"] = in_turn(FIRST)
    assert await pair.ask() == ("I am first", "first")


async def test_both_are_named_when_the_second_must_be_mended(two) -> None:
    pair = two(in_turn(SPENT), in_turn(Answer(status=401)))
    with pytest.raises(ProviderRefused, match=r"OPENAI_API_KEY.*before that: .*quota"):
        await pair.ask()


async def test_conversation_stays_valid_when_it_goes_over_and_back(two, clock: FakeClock) -> None:
    first_id, second_id = "toolu_vrtx_01!x" * 4, "call|2"

    def first(body: dict[str, Any]) -> Answer:
        return Answer(tool_calls=(Call("look", {}, first_id), Call("look", {}, f"{first_id}b")))

    pair = two(first, in_turn(Answer(tool_calls=(Call("look", {}, second_id),))))
    messages: list[Message] = list(ASK.messages)

    async def turn() -> None:
        reply = await pair.model.reply(replace(ASK, messages=tuple(messages)))
        messages.append(reply.message)
        messages.extend(ToolMessage(call.id, "look", "seen") for call in reply.message.tool_calls)

    await turn()
    pair.handlers["first"] = in_turn(DOWN)
    await turn()
    clock.advance(STAY)
    pair.handlers["first"] = in_turn(FIRST)
    await turn()

    def ids(name: str) -> list[list[str]]:
        said = pair.servers[name].requests[-1].body["messages"]
        return [[call["id"] for call in m["tool_calls"]] for m in said if m.get("tool_calls")]

    assert ids("second") == [["call00001", "call00002"]]
    assert ids("first") == [[first_id, f"{first_id}b"], ["call00001"]]
    kept = [[call.id for call in m.tool_calls] for m in messages if isinstance(m, AssistantMessage)]
    assert kept == [[first_id, f"{first_id}b"], [second_id], []]


async def test_conversation_is_made_smaller_before_a_second_with_less_room_is_asked(two) -> None:
    pair = two(in_turn(SPENT), in_turn(SECOND), windows=(100_000, 1_000))
    long = replace(ASK, messages=(UserMessage("word " * 2_000),))
    assert pair.model.context_window == 100_000
    with pytest.raises(ContextTooLong, match="openai-chat:second"):
        await pair.ask(long)
    assert pair.asked("second") == 0
    assert pair.model.context_window == 1_000
    assert await pair.ask() == ("I am second", "second")
    assert pair.asked("first") == 1


PROVIDERS = [
    "anthropic",
    "openai",
    "openai-chat",
    "ollama",
    *(pytest.param(name, marks=needs_any) for name in ("any:groq", "any:mistral")),
]


def address_for(server: ChatServer) -> dict[str, str]:
    """Return the variables by which every provider is found at this server."""
    root = server.url.removesuffix("/v1")
    addresses = {"OPENAI_BASE_URL": server.url, "ANTHROPIC_BASE_URL": root, "OLLAMA_HOST": root}
    vendors = {"GROQ_BASE_URL": root, "MISTRAL_BASE_URL": f"{root}/mistral"}
    keys = {f"{name}_API_KEY": "k" for name in ("OPENAI", "ANTHROPIC", "GROQ", "MISTRAL")}
    return addresses | vendors | keys


@pytest.mark.parametrize("second", PROVIDERS)
@pytest.mark.parametrize("first", PROVIDERS)
async def test_every_vendor_takes_up_the_conversation_of_every_other_and_gives_it_back(
    clock: FakeClock, first: str, second: str
) -> None:
    gone = [False]

    def working(name: str) -> Handler:
        def handler(body: dict[str, Any]) -> Answer:
            if gone[0] and name == "one":
                return SPENT
            said = sum(message["role"] == "assistant" for message in body["messages"])
            calls = (Call("look", {"at": said}), Call("look", {"at": -said})) if said < 5 else ()
            return Answer(reasoning=f"{name} thinks {said}", text=f"{name} says {said}", tool_calls=calls)

        return handler

    limits = TransportLimits(connect=5.0, first_byte=5.0, silence=5.0, retries=0, patience=0.0)
    with ChatServer(working("one")) as one, ChatServer(working("two")) as two:

        def opened(provider: str, name: str, server: ChatServer) -> Model:
            return open_model(f"{provider}:{name}", env=address_for(server), limits=limits, clock=clock)

        model = FallbackModel(opened(first, "one", one), opened(second, "two", two), clock)
        messages: list[Message] = list(ASK.messages)
        authors: list[str] = []
        for turn in range(6):
            gone[0] = turn in {2, 3}
            if turn == 4:
                clock.advance(STAY)
            reply = await model.reply(replace(ASK, messages=tuple(messages)))
            authors.append(reply.model)
            results = [ToolMessage(call.id, "look", f"seen {call.arguments}") for call in reply.message.tool_calls]
            messages += [reply.message, *results]
        await model.close()
        # Each server refuses what its vendor would: reasoning that is missing, changed or another's; open calls; ids.
        assert (one.problems, two.problems) == ([], [])
    mine, other = f"{first}:one", f"{second}:two"
    assert authors == [mine, mine, other, other, mine, mine]
    texts = [m.text for m in messages if isinstance(m, AssistantMessage)]
    assert texts == ["one says 0", "one says 1", "two says 2", "two says 3", "one says 4", "one says 5"]
