"""Every fault on every wire, at an exact turn of a conversation with real tools: the right ending, and nothing twice.

The model works three times and signals. The faults come in place of its third answer, when two results are there. For
each: how it ends, how often the server is asked, what ran, what is told; and our count is what the server billed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass, field, replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from ostinato.agent.briefing import Briefing
from ostinato.agent.converse import ConversationEnd, converse
from ostinato.agent.limits import ConversationLimits
from ostinato.agent.ports import Model, Signal, ToolResult
from ostinato.agent.steering import Steering
from ostinato.base.spending import Spending
from ostinato.graph.iterations import Ending
from ostinato.testing.answers import usage
from ostinato.testing.chat_server import Answer, Call, ChatServer, Fault, in_turn
from ostinato.testing.fake_clock import FakeClock
from ostinato.tools.tool import NUMBER, TEXT, Tool, text
from ostinato.tools.toolbox import Toolbox
from tests.wire.conftest import ANY_VENDORS, OLLAMA, VENDORS, needs_any
from tests.wire.test_outage import WaitsKept

WORKS = 3
BEFORE = 2
PATIENCE = 600.0
NOW = FakeClock(tick=0.0).now()
WORDS = "Error: rate limit exceeded (429 Too Many Requests); overloaded; maximum context length"


@dataclass(frozen=True, slots=True)
class Case:
    """Faults, and what comes of them. `asked` counts requests, None where only an upper bound of 100 holds."""

    faults: tuple[Answer, ...]
    asked: int | None = None
    ending: Ending = Ending.COMPLETE
    ran: int = WORKS
    says: str = ""
    waits: tuple[float, ...] | None = None
    limits: dict[str, float] = field(default_factory=dict)


def failing(status: int, message: str = "no", *, headers: dict[str, str] | None = None, **error: Any) -> Answer:
    return Answer(status=status, error={"message": message, **error}, headers=headers or {})


def passing(*faults: Answer, **more: Any) -> Case:
    """What another try mends: one request more for each."""
    return Case(faults, WORKS + 1 + len(faults), **more)


def slips(*answers: Answer, **more: Any) -> Case:
    """What the model does wrong: it is told so, in one request more for each."""
    return Case(answers, WORKS + 1 + len(answers), **more)


def stops(answer: Answer, says: str, asked: int = 1) -> Case:
    """What ends the conversation; its task is not used up by it."""
    return Case((answer,) * 100, BEFORE + asked, Ending.PROVIDER, BEFORE, says)


def working(n: int, *more: Call) -> Answer:
    return Answer(text="On it.", tool_calls=(Call("work", {"n": n}), *more), usage=usage(1000 + n, 20, cached=n))


CUT_CALL = Answer(tool_calls=(Call("work", {"n": 77, "why": "words that are cut " * 5}),), fault=Fault.CUT)
TOO_LONG = {
    "OpenAI's": failing(400, "too long", type="invalid_request_error", code="context_length_exceeded"),
    "Anthropic's": failing(400, "prompt is too long: 200251 tokens > 200000 maximum", type="invalid_request_error"),
    "llama.cpp's": failing(400, "request exceeds the available context size", type="exceed_context_size_error"),
    "vLLM's": failing(400, "This model's maximum context length is 8192 tokens. However, you requested 9000."),
    "413": failing(413, "Request exceeds the maximum size", type="request_too_large"),
}
AHEAD = {"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1m30s"}
RESET = {"anthropic-ratelimit-tokens-remaining": "0"}
RESET |= {"anthropic-ratelimit-tokens-reset": (NOW + timedelta(seconds=30)).isoformat()}
DATE = {"Retry-After": format_datetime(NOW + timedelta(seconds=90), usegmt=True)}

CASES: dict[str, Case] = {
    "429": passing(failing(429)),
    "429 with seconds": passing(failing(429, headers={"Retry-After": "7"}), waits=(7.0,)),
    "429 with milliseconds": passing(failing(429, headers={"retry-after-ms": "1500"}), waits=(1.5,)),
    "429 with a date": passing(failing(429, headers=DATE), waits=(90.0,)),
    "429 with OpenAI's reset": passing(failing(429, headers=AHEAD), waits=(90.0,)),
    "429 with Anthropic's reset": passing(failing(429, headers=RESET), waits=(30.0,)),
    "500": passing(failing(500)),
    "503 three times": passing(*[failing(503)] * 3),
    "529 twenty times": passing(*[failing(529)] * 20),
    "reset": passing(Answer(fault=Fault.RESET)),
    "garbage": passing(Answer(text="x", fault=Fault.GARBAGE)),
    "a page": passing(Answer(body=b"<html>Sign in</html>", content_type="text/html")),
    "slow first byte": passing(Answer(fault=Fault.HANG), limits={"first_byte": 0.3}),
    "headers alone": passing(Answer(fault=Fault.HANG_IN_BODY), limits={"first_byte": 0.3}),
    "silence": passing(Answer(text="and then", fault=Fault.SILENCE), limits={"silence": 0.3, "first_byte": 0.3}),
    "cut in a call": passing(CUT_CALL),
    "cut in a line": passing(Answer(text="many words", fault=Fault.CUT_IN_EVENT)),
    "transfer broken": passing(Answer(text="many words", fault=Fault.BROKEN)),
    "malformed arguments": slips(Answer(tool_calls=(Call("work", '{"n": 3]'),))),
    "truncated arguments": slips(Answer(tool_calls=(Call("work", '{"n": 3'),), finish="length")),
    "wrong arguments": slips(Answer(tool_calls=(Call("work", {"m": 3}),))),
    "unknown tool": slips(Answer(tool_calls=(Call("rm_all", {}),))),
    "empty": slips(Answer()),
    "no call": slips(Answer(text="I am done.")),
    "doubled ids": Case((working(3, Call("work", {"n": 4}, "call_6_0")),), WORKS + 1, ran=4),
    "an id from before": Case((Answer(tool_calls=(Call("work", {"n": 3}, "call_2_0"),)),), WORKS + 1),
    "empty for ever": Case((Answer(),) * 100, BEFORE + 3, Ending.EMPTY, BEFORE),
    "words for ever": Case((Answer(text=WORDS),) * 100, BEFORE + 3, Ending.TEXT, BEFORE, "rate limit"),
    **{f"too long, {whose} way": passing(answer) for whose, answer in TOO_LONG.items()},
    "too long for ever": stops(TOO_LONG["OpenAI's"], "context too long.*set models.context_window", asked=2),
    "413 for ever": stops(TOO_LONG["413"], "context too long.*set models.context_window", asked=2),
    "400": stops(failing(400, "bad field"), "refused the request.*bad field"),
    "401": stops(failing(401), r"does not accept the key \(401\): check KEY"),
    "403": stops(failing(403), r"does not allow this \(403\): check KEY"),
    "404": stops(failing(404), "404|ollama pull"),
    "500 for ever": stops(failing(500, "boom"), "failed 7 times.*boom; run it again later, or raise", asked=7),
    "503 for ever": Case((failing(503),) * 100, None, Ending.PROVIDER, BEFORE, "is down.*raise models.patience"),
}


# What goes through pydantic-ai shares all but the reading of answers and failures.
AT_ANY = (
    "429 with seconds",
    "500",
    "reset",
    "garbage",
    "silence",
    "cut in a call",
    "malformed arguments",
    "doubled ids",
)
AT_ANY += ("doubled ids", "empty", "too long, OpenAI's way", "401", "404", "503 for ever")
MATRIX = [(wire, case) for wire in (*VENDORS, *OLLAMA) for case in CASES]
MATRIX_OF_ANY = [pytest.param(wire, case, marks=needs_any) for wire in ANY_VENDORS for case in AT_ANY]


@pytest.mark.parametrize(("open_every", "name"), MATRIX + MATRIX_OF_ANY, indirect=["open_every"])
async def test_every_fault_ends_right_and_nothing_happens_twice(open_every, clock: FakeClock, name: str) -> None:
    case = CASES[name]
    faults = iter(case.faults)
    ran: list[int] = []

    def handler(_: dict[str, Any]) -> Answer:
        fault = next(faults, None) if len(ran) == BEFORE else None
        return fault or (working(len(ran) + 1) if len(ran) < WORKS else Answer(tool_calls=(Call("signal"),)))

    with ChatServer(handler) as server:
        model = open_every(server.url, **{"retries": 6, "patience": PATIENCE, **case.limits})
        transcript = WaitsKept()
        end = await hold(model, ran, transcript, clock)
        assert (end.ending, ran) == (case.ending, list(range(1, case.ran + 1))), end.message
        assert len(server.requests) == case.asked if case.asked else len(server.requests) < 100
        assert case.waits is None or transcript.waits == [pytest.approx(wait, abs=1.0) for wait in case.waits]
        assert re.search(case.says.replace("KEY", key_variable(model)), end.message)
        assert "\n" not in end.message
        counted_once(end.spending, server)


def counted_once(counted: Spending, server: ChatServer) -> None:
    """Hold our count against the server's own: equal, and for answers that broke at most one estimate each."""
    told, broken = server.bills.told, server.bills.broken
    lost = replace(counted, cost_usd=0.0) + Spending(*(-one for one in astuple(told)[:6]))
    if not broken:
        assert lost == Spending()
        return
    assert 0 <= lost.calls <= len(broken)
    assert 0 <= lost.input <= max(sum(broken), 100 * len(broken))
    assert 0 <= lost.output <= 100 * len(broken)


async def test_words_in_files_and_answers_change_nothing(open_every, clock: FakeClock) -> None:
    """What speaks of a rate limit is no rate limit, wherever it stands."""
    words = (Answer(text=WORDS, tool_calls=(Call("work", {"n": n, "why": WORDS}),)) for n in (1, 2))
    with ChatServer(in_turn(*words, Answer(text=WORDS, tool_calls=(Call("signal"),)))) as server:
        ran: list[int] = []
        transcript = WaitsKept()
        end = await hold(open_every(server.url), ran, transcript, clock)
        assert (end.ending, ran, len(server.requests), transcript.waits) == (Ending.COMPLETE, [1, 2], 3, [])
        counted_once(end.spending, server)


async def test_an_outage_of_thirty_minutes_is_waited_out(open_every, clock: FakeClock) -> None:
    def handler(body: dict[str, Any]) -> Answer:
        done = sum(m["role"] == "tool" for m in body["messages"])
        if done == 1 and clock.monotonic() < 1800:
            return failing(503, "maintenance")
        return working(done + 1) if done < WORKS else Answer(tool_calls=(Call("signal"),))

    with ChatServer(handler) as server:
        ran: list[int] = []
        end = await hold(open_every(server.url, patience=3600.0), ran, WaitsKept(), clock)
        assert (end.ending, ran) == (Ending.COMPLETE, [1, 2, 3])
        assert len(server.requests) < 150
        counted_once(end.spending, server)


async def test_a_server_that_is_gone_in_mid_conversation_is_waited_for_and_named(open_every, clock: FakeClock) -> None:
    with ChatServer(in_turn(working(1))) as server:
        ran: list[int] = []

        async def leave() -> None:
            await asyncio.to_thread(server.close)

        transcript = WaitsKept()
        end = await hold(open_every(server.url, patience=PATIENCE), ran, transcript, clock, after=leave)
        assert (end.ending, ran, len(server.requests)) == (Ending.PROVIDER, [1], 1)
        assert re.search("is down", end.message)
        assert sum(transcript.waits) >= PATIENCE
        assert len(transcript.waits) < 100
        counted_once(end.spending, server)


async def hold(
    model: Model,
    ran: list[int],
    transcript: WaitsKept,
    clock: FakeClock,
    after: Callable[[], Awaitable[None]] | None = None,
) -> ConversationEnd:
    """Hold the conversation with real tools; each run of `work` is noted in `ran`, `after` follows it."""

    async def work(arguments: dict[str, Any]) -> ToolResult:
        ran.append(arguments["n"])
        if after is not None:
            await after()
        return text(f"did {arguments['n']}: {WORDS}")

    async def signal(_: dict[str, Any]) -> ToolResult:
        return ToolResult("fine", signal=Signal("complete", "done"))

    tools = Toolbox(
        [
            Tool("work", "Work.", work, {"n": NUMBER, "why": TEXT}, ("n",)),
            Tool("signal", "End.", signal),
        ]
    )
    steering = Steering(lambda *_: None)
    briefing = Briefing("rules", "the task", {})
    return await converse(briefing, model, tools, transcript, ConversationLimits(), clock, steering)


def key_variable(model: Model) -> str:
    """Return the variable that the person must change for this model's key."""
    provider = model.name.rpartition(":")[0]
    vendors = [*VENDORS.values(), *ANY_VENDORS.values()]
    return next((vendor.key_variable for vendor in vendors if vendor.provider == provider), "OLLAMA_HOST")
