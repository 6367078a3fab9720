"""One conversation: steps until the agent signals, stops calling tools, or a limit ends it. The ending judges nothing.

A function over data and injected functions. Each step is one model call and the tool calls that it asked for; every
line is kept through the transcript before the next begins, and every call id is answered exactly once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ostinato.agent.briefing import Briefing
from ostinato.agent.circles import Trace
from ostinato.agent.compaction import Compaction
from ostinato.agent.limits import WARN_AT, ConversationLimits
from ostinato.agent.meter import Meter
from ostinato.agent.ports import ContextTooLong, GivenUp, Model, ProviderError, Suspended, ToolResult, Tools, Transcript
from ostinato.agent.sizes import request_sections
from ostinato.agent.steering import Steering
from ostinato.base.clock import Clock
from ostinato.base.errors import ClaimLostError
from ostinato.base.spending import Spending
from ostinato.chat.halves import kept_whole
from ostinato.chat.messages import (
    AssistantMessage,
    Message,
    Reply,
    Request,
    ToolCall,
    ToolMessage,
    UserMessage,
    never_silent,
)
from ostinato.graph.iterations import Ending

MOST_NUDGES = 2
MOST_CUTS = 3
_NUDGE = "You called no tool. Go on with the task, or end the conversation with the `signal` tool."
_CUT = "Your last answer was cut off at its length limit. Go on in smaller pieces."
_CUTS = (
    f"its answers were cut off at their length limit {MOST_CUTS} times in a row: raise [models] max_output_tokens, "
    "or ask for less at once"
)


@dataclass(frozen=True, slots=True)
class ConversationEnd:
    """How a conversation ended, and what it used. `error` is the provider's, where that ended it."""

    ending: Ending
    message: str
    steps: int
    tool_calls: int
    spending: Spending
    error: ProviderError | None = None


@dataclass(slots=True)
class _Talk:
    """What grows while the conversation goes on."""

    messages: list[Message]
    spending: Spending = field(default_factory=Spending)
    steps: int = 0
    tool_calls: int = 0
    nudges: int = 0
    cuts: int = 0
    warned: bool = False
    trace: Trace = field(default_factory=Trace)
    held: float = 0.0
    given_up: Ending | None = None
    meter: Meter = field(default_factory=Meter)

    def ended(self, ending: Ending, message: str = "", error: ProviderError | None = None) -> ConversationEnd:
        return ConversationEnd(ending, message, self.steps, self.tool_calls, self.spending, error)


async def converse(
    briefing: Briefing,
    model: Model,
    tools: Tools,
    transcript: Transcript,
    limits: ConversationLimits,
    clock: Clock,
    steering: Steering,
) -> ConversationEnd:
    """Hold one conversation to its end. `steering` is asked before each model call and may forbid it.

    A provider's failure, a lost claim and a person who left are endings, not exceptions. MachineError from a tool or
    the transcript and cancellation pass through.
    """
    talk = _Talk([*briefing.earlier] or [UserMessage(briefing.user)], trace=Trace(limits.circles))
    try:
        if not briefing.earlier:
            await transcript.begin(briefing.system, tuple(talk.messages))
        started = clock.monotonic()
        while True:
            await _heard(talk, steering, transcript, clock)
            limit = _limit_reached(talk, limits, clock.monotonic() - started - talk.held)
            if limit:
                return talk.ended(limit, f"{limit.value.replace('_', ' ')} after {talk.steps} steps")
            request, made = _request(briefing, talk, tools, model)
            sections = request_sections(briefing.sections, request.messages, request.tools, talk.meter.sizes(request))
            forbidden = steering.gate(talk.spending, talk.meter.tokens(sum(sections.values())))
            if forbidden:
                return talk.ended(forbidden, forbidden.value.replace("_", " "))
            talk.steps += 1
            no_room = await transcript.step_started(talk.steps, sections)
            if no_room:
                talk.steps -= 1
                return talk.ended(*no_room)
            if made:
                await transcript.compacted(talk.steps, made.words, sections)
            try:
                reply = await _asked(model, request, talk, transcript, steering, briefing.sections)
            except ProviderError as error:
                talk.spending = talk.spending + error.spending
                await transcript.failed(talk.steps, error.spending)
                if talk.given_up:
                    return talk.ended(talk.given_up, f"{talk.given_up.value.replace('_', ' ')} ({error.message})")
                return talk.ended(Ending.PROVIDER, error.message, error)
            end = await _answered(talk, reply, tools, transcript, clock)
            await transcript.step_ended(talk.steps)
            if end:
                return end
            await _warned(talk, limits, transcript)
    except ClaimLostError as lost:
        # Its transcript was closed from outside, as after a sleep of the machine that outlasted the lease.
        return talk.ended(Ending.CLAIM_LOST, lost.message)


async def _heard(talk: _Talk, steering: Steering, transcript: Transcript, clock: Clock) -> None:
    """Take in what is said from outside. The time that it takes is not the agent's."""
    began = clock.monotonic()
    said = await steering.inbox()
    talk.held += clock.monotonic() - began
    for message in said:
        talk.messages.append(message)
        await transcript.said(talk.steps, message)


def _request(briefing: Briefing, talk: _Talk, tools: Tools, model: Model) -> tuple[Request, Compaction | None]:
    """Return the next request, and what was done to make it smaller, if anything."""
    request = Request(briefing.system, tuple(talk.messages), tools.specs())
    made = talk.meter.in_time(request, model.context_window)
    if made is None:
        return request, None
    talk.messages[:] = made.messages
    return replace(request, messages=made.messages), made


async def _asked(
    model: Model,
    request: Request,
    talk: _Talk,
    transcript: Transcript,
    steering: Steering,
    sections: Mapping[str, int],
) -> Reply:
    """Ask the model; a context that is too long is made smaller and tried again, the second time harder.

    Waits are told as they begin, and none begins once the gate forbids to go on: an outage must not hold up a person
    who wants to stop.
    """
    told: list[asyncio.Future[None]] = []
    lost = Spending()

    def on_retry(why: str, seconds: float) -> None:
        talk.given_up = steering.gate(talk.spending, 0)
        if talk.given_up:
            raise GivenUp(f"while waiting: {why}")
        # A vendor's outage is not the agent's time: it must not use up an attempt at the task.
        talk.held += seconds
        told.append(asyncio.ensure_future(transcript.retrying(talk.steps, why, seconds)))

    try:
        refused = 0
        while True:
            try:
                reply = await model.reply(request, on_retry)
                break
            except ContextTooLong as error:
                refused += 1
                made = talk.meter.after_refusal(request, refused)
                if made is None:
                    raise
                lost = lost + error.spending
                error.spending = Spending()  # it goes with what comes
                talk.messages[:] = made.messages
                request = replace(request, messages=made.messages)
                now = request_sections(sections, request.messages, request.tools)
                await transcript.compacted(talk.steps, f"too long for {model.name}; {made.words}", now)
    except ProviderError as error:
        error.spending = lost + error.spending
        raise
    finally:
        await asyncio.gather(*told)
    talk.meter.heard(request, reply, reply.model or model.name)
    reply = replace(reply, spending=lost + reply.spending)
    talk.spending = talk.spending + reply.spending
    return replace(reply, message=kept_whole(reply.message), model=reply.model or model.name)


async def _answered(
    talk: _Talk, reply: Reply, tools: Tools, transcript: Transcript, clock: Clock
) -> ConversationEnd | None:
    """Keep the reply, run its calls, and return the end where there is one."""
    message = reply.message
    talk.messages.append(message)
    await transcript.replied(talk.steps, message, reply.spending, reply.model)
    talk.cuts = talk.cuts + 1 if reply.stop == "length" else 0
    if message.tool_calls:
        talk.nudges = 0
        end = await _run_calls(talk, message.tool_calls, tools, transcript, clock)
    else:
        end = await _nudged(talk, reply, transcript)
    if talk.cuts >= MOST_CUTS and (end is None or not message.tool_calls):
        # It would go on for ever: what is cut is never whole, and the same is tried again.
        return talk.ended(Ending.TEXT, _CUTS)
    return end


async def _nudged(talk: _Talk, reply: Reply, transcript: Transcript) -> ConversationEnd | None:
    """Answer a reply without a tool call, a bounded number of times; then it is an ending of its own."""
    message: AssistantMessage = reply.message
    if talk.nudges >= MOST_NUDGES:
        ending = Ending.TEXT if message.text.strip() else Ending.EMPTY
        return talk.ended(ending, message.text.strip())
    # It goes along in the next request: each reply keeps its place there.
    talk.messages[-1] = never_silent(message)
    talk.nudges += 1
    nudge = UserMessage(_CUT if reply.stop == "length" else _NUDGE)
    talk.messages.append(nudge)
    await transcript.said(talk.steps, nudge)
    return None


async def _run_calls(
    talk: _Talk, calls: Sequence[ToolCall], tools: Tools, transcript: Transcript, clock: Clock
) -> ConversationEnd | None:
    """Run the calls in order and answer each; after a signal, a lost claim or a circle the rest are not run."""
    end: ConversationEnd | None = None
    for call in calls:
        if end is not None:
            answer = ToolMessage(call.id, call.name, "not run: the conversation ended", is_error=True)
            talk.messages.append(answer)
            await transcript.tool_ended(talk.steps, answer, "not run", 0.0)
            continue
        talk.tool_calls += 1
        await transcript.tool_started(talk.steps, call)
        begun = clock.monotonic()
        try:
            result, end = await _run(talk, call, tools)
        except Suspended:
            # This call and those after it stay without an answer: whoever goes on with the conversation gives it.
            return talk.ended(Ending.LEFT, "a question waits for an answer")
        circle = talk.trace.saw(call, result)
        hint = f"\n\n{circle.hint}" if circle else ""
        answer = ToolMessage(call.id, call.name, result.text + hint, result.is_error)
        talk.messages.append(answer)
        await transcript.tool_ended(talk.steps, answer, result.summary, clock.monotonic() - begun)
        if circle:
            await transcript.circling(talk.steps, circle.message, circle.times, over=circle.over)
            if circle.over and end is None:
                end = talk.ended(Ending.CIRCLING, circle.message)
    return end


async def _run(talk: _Talk, call: ToolCall, tools: Tools) -> tuple[ToolResult, ConversationEnd | None]:
    """Run one call; return its result, and the end when it is one."""
    try:
        result = await tools.run(call)
    except ClaimLostError as lost:
        return ToolResult(lost.message, is_error=True, summary=lost.message), talk.ended(
            Ending.CLAIM_LOST, lost.message
        )
    if result.signal is None:
        return result, None
    ending = Ending.COMPLETE if result.signal.outcome == "complete" else Ending.BLOCKED
    return result, talk.ended(ending, result.signal.message)


def _limit_reached(talk: _Talk, limits: ConversationLimits, seconds: float) -> Ending | None:
    if talk.steps >= limits.steps:
        return Ending.STEP_LIMIT
    if talk.spending.tokens >= limits.tokens:
        return Ending.TOKEN_LIMIT
    if limits.cost is not None and talk.spending.least_usd >= limits.cost:
        return Ending.COST_LIMIT
    return Ending.TIME_LIMIT if seconds >= limits.seconds else None


async def _warned(talk: _Talk, limits: ConversationLimits, transcript: Transcript) -> None:
    """Say once that most of the budget is used."""
    used = max(talk.steps / limits.steps, talk.spending.tokens / limits.tokens)
    money = ""
    if limits.cost is not None:
        used = max(used, talk.spending.least_usd / limits.cost)
        money = f", ${talk.spending.least_usd:.2f} of ${limits.cost:.2f}"
    if talk.warned or used < WARN_AT:
        return
    talk.warned = True
    warning = UserMessage(
        f"Most of this attempt's budget is used: step {talk.steps} of {limits.steps}, {talk.spending.tokens} tokens of "
        f"{limits.tokens}{money}. Bring the work into a state that passes its checks, and signal."
    )
    talk.messages.append(warning)
    await transcript.said(talk.steps, warning)
