"""A vendor is gone for an hour in the middle of a conversation, and nothing is lost or done twice."""

from __future__ import annotations

from typing import Any

import pytest

from ostinato.agent.briefing import Briefing
from ostinato.agent.converse import ConversationEnd, converse
from ostinato.agent.limits import ConversationLimits
from ostinato.agent.ports import ProviderDown, Signal, ToolResult
from ostinato.agent.steering import Steering
from ostinato.base.spending import Spending
from ostinato.chat.messages import Message, ToolCall, ToolMessage, ToolSpec
from ostinato.graph.iterations import Ending
from ostinato.testing.chat_server import Answer, Call, ChatServer
from ostinato.testing.fake_clock import FakeClock

HOUR = 3600.0


class CountingTools:
    """Counts its runs; `signal` ends."""

    def __init__(self) -> None:
        self.runs: list[str] = []

    def specs(self) -> tuple[ToolSpec, ...]:
        form = {"type": "object", "properties": {}}
        return ToolSpec("work", "Work.", form), ToolSpec("signal", "End.", form)

    async def run(self, call: ToolCall) -> ToolResult:
        self.runs.append(call.name)
        return ToolResult("fine", signal=Signal("complete", "done") if call.name == "signal" else None)


class WaitsKept:
    """Keeps the waits alone."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    async def begin(self, system: str, messages: tuple[Message, ...]) -> None: ...
    async def step_started(self, step: int, sections: dict[str, int]) -> None: ...
    async def replied(self, step: int, message: Message, spending: Spending, model: str) -> None: ...
    async def tool_started(self, step: int, call: ToolCall) -> None: ...
    async def tool_ended(self, step: int, message: ToolMessage, summary: str, seconds: float) -> None: ...
    async def said(self, step: int, message: Message) -> None: ...
    async def compacted(self, *_: object) -> None: ...
    async def step_ended(self, step: int) -> None: ...
    async def circling(self, step: int, what: str, times: int, *, over: bool) -> None: ...
    async def failed(self, step: int, spending: Spending) -> None: ...

    async def retrying(self, step: int, why: str, seconds: float) -> None:
        self.waits.append(seconds)


class Vendor:
    """Lets the model work three times and end, and is away for an hour after its first answer."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._back_at: float | None = None

    def __call__(self, body: dict[str, Any]) -> Answer:
        said = sum(message["role"] == "assistant" for message in body["messages"])
        if said == 1 and self._back_at is None:
            self._back_at = self._clock.monotonic() + HOUR
        if self._back_at is not None and self._clock.monotonic() < self._back_at:
            return Answer(status=503, error={"message": "maintenance"})
        return Answer(tool_calls=(Call("work" if said < 3 else "signal"),))


async def hold(model: Any, tools: CountingTools, transcript: WaitsKept, clock: FakeClock) -> ConversationEnd:
    # Less than the outage: waiting for a vendor is not the agent's time.
    limits = ConversationLimits(seconds=HOUR / 2)
    briefing, steering = Briefing("rules", "task", {}), Steering(lambda *_: None)
    return await converse(briefing, model, tools, transcript, limits, clock, steering)


async def test_conversation_goes_on_when_patience_outlasts_the_hour(open_model, clock: FakeClock) -> None:
    tools, transcript = CountingTools(), WaitsKept()
    with ChatServer(Vendor(clock)) as server:
        end = await hold(open_model(server.url, patience=2 * HOUR), tools, transcript, clock)
        assert server.problems == []
    assert (end.ending, end.steps) == (Ending.COMPLETE, 4)
    assert tools.runs == ["work", "work", "work", "signal"]
    assert sum(transcript.waits) == pytest.approx(HOUR, abs=60.0)
    assert max(transcript.waits) <= 60.0


async def test_conversation_ends_when_patience_does_and_the_next_one_goes_through(open_model, clock: FakeClock) -> None:
    tools = CountingTools()
    with ChatServer(Vendor(clock)) as server:
        model = open_model(server.url, patience=600.0)
        end = await hold(model, tools, WaitsKept(), clock)
        assert (end.ending, tools.runs) == (Ending.PROVIDER, ["work"])
        assert isinstance(end.error, ProviderDown)
        assert "maintenance" in end.error.message
        clock.advance(HOUR)
        again = await hold(model, CountingTools(), WaitsKept(), clock)
    assert again.ending is Ending.COMPLETE
