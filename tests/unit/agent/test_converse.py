"""The rules of one conversation, each against a model and tools that answer from a list."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from ostinato.agent.briefing import Briefing
from ostinato.agent.circles import CircleLimits
from ostinato.agent.converse import ConversationEnd, converse
from ostinato.agent.limits import ConversationLimits
from ostinato.agent.ports import (
    ContextTooLong,
    Model,
    OnRetry,
    ProviderDown,
    ProviderError,
    Signal,
    ToolResult,
    Tools,
    Transcript,
)
from ostinato.agent.sizes import size_of
from ostinato.agent.steering import Inbox, Steering, nothing_said
from ostinato.base.errors import ClaimLostError
from ostinato.base.spending import Spending
from ostinato.chat.messages import (
    AssistantMessage,
    Message,
    Reply,
    Request,
    ToolCall,
    ToolMessage,
    ToolSpec,
    UserMessage,
)
from ostinato.graph.iterations import Ending
from ostinato.testing.fake_clock import FakeClock

BRIEFING = Briefing("rules", "the task", {"rules": 2, "task": 2})
CLEARED = "cleared to save room"
UNGUARDED = CircleLimits(repeats=0)
DONE = ToolCall("end", "signal", '{"outcome": "complete"}')


class ListedModel:
    """Answers from a list; an exception in it is raised, a pair of texts is told as a wait first."""

    name = "listed:model"

    def __init__(self, *answers: Reply | ProviderError, window: int = 100_000, wait: bool = False) -> None:
        self.answers: Iterator[Reply | ProviderError] = iter(answers)
        self.context_window = window
        self.asked: list[Request] = []
        self.wait = wait
        self.counted = 0

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        self.asked.append(request)
        if self.wait and on_retry:
            on_retry("overloaded", 2.0)
            await asyncio.sleep(0)
        answer = next(self.answers)
        if isinstance(answer, ProviderError):
            raise answer
        if self.counted:
            return replace(answer, spending=Spending(input=size_of(request) * self.counted, calls=1))
        return answer

    async def close(self) -> None:
        pass


class ListedTools:
    """Keeps what was run; `signal` ends, `lose` finds the claim gone, all else answers with `text`."""

    def __init__(self, text: str = "fine", during: Callable[[], None] = lambda: None) -> None:
        self.run_calls: list[str] = []
        self.text = text
        self.during = during

    def specs(self) -> tuple[ToolSpec, ...]:
        return (ToolSpec("look", "Look.", {"type": "object", "properties": {}}),)

    async def run(self, call: ToolCall) -> ToolResult:
        self.run_calls.append(call.id)
        self.during()
        if call.name == "lose":
            raise ClaimLostError("the claim is gone")
        if call.name == "signal":
            outcome = "blocked" if "blocked" in call.arguments else "complete"
            return ToolResult("ends", signal=Signal(outcome, "my words"))
        return ToolResult(self.text)


class KeptTranscript:
    """Keeps one line for each thing told, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.models: list[str] = []

    async def begin(self, system: str, messages: tuple[Message, ...]) -> None:
        self.lines.append(f"begin {system} {len(messages)}")

    async def step_started(self, step: int, sections: dict[str, int]) -> None:
        self.lines.append(f"step {step}")

    async def compacted(self, step: int, words: str, sections: dict[str, int]) -> None:
        self.lines.append(f"compacted {step}: {words}")

    async def replied(self, step: int, message: Message, spending: Spending, model: str) -> None:
        self.lines.append("reply")
        self.models.append(model)

    async def tool_started(self, step: int, call: ToolCall) -> None:
        self.lines.append(f"run {call.id}")

    async def tool_ended(self, step: int, message: ToolMessage, summary: str, seconds: float) -> None:
        self.lines.append(f"answer {message.call_id}")

    async def said(self, step: int, message: Message) -> None:
        self.lines.append("said")

    async def failed(self, step: int, spending: Spending) -> None:
        self.lines.append(f"failed {step}")

    async def step_ended(self, step: int) -> None:
        self.lines.append(f"end {step}")

    async def circling(self, step: int, what: str, times: int, *, over: bool) -> None:
        self.lines.append(f"circling {times}{' over' if over else ''}")

    async def retrying(self, step: int, why: str, seconds: float) -> None:
        # A store takes its time: several turns of the event loop.
        for _ in range(5):
            await asyncio.sleep(0)
        self.lines.append(f"wait {why}")


def _fit(model: ListedModel, tools: ListedTools, transcript: KeptTranscript) -> tuple[Model, Tools, Transcript]:
    return model, tools, transcript


def calls(*names: str, tokens: int = 10) -> Reply:
    made = tuple(ToolCall(f"{name}{place}", name, "{}") for place, name in enumerate(names))
    return Reply(AssistantMessage("", made), Spending(input=tokens, calls=1))


def says(text: str, stop: str = "stop") -> Reply:
    return Reply(AssistantMessage(text), Spending(input=10, calls=1), stop)


async def hold(
    model: ListedModel,
    tools: ListedTools | None = None,
    *,
    limits: ConversationLimits | None = None,
    gate: Callable[[Spending, int], Ending | None] = lambda spent, estimate: None,
    inbox: Inbox = nothing_said,
    clock: FakeClock | None = None,
    transcript: KeptTranscript | None = None,
) -> ConversationEnd:
    return await converse(
        BRIEFING,
        model,
        tools or ListedTools(),
        transcript or KeptTranscript(),
        limits or ConversationLimits(),
        clock or FakeClock(),
        Steering(gate, inbox),
    )


def texts(request: Request, kind: type[Message]) -> list[str]:
    return [message.text for message in request.messages if isinstance(message, kind)]


async def test_signal_ends_with_its_words_when_the_agent_is_done() -> None:
    end = await hold(ListedModel(calls("look"), calls("signal")))
    assert (end.ending, end.message, end.steps, end.tool_calls) == (Ending.COMPLETE, "my words", 2, 2)
    assert end.spending.input == 20


async def test_blocked_ends_when_the_agent_says_so() -> None:
    blocked = Reply(AssistantMessage("", (ToolCall("1", "signal", '{"outcome": "blocked"}'),)))
    assert (await hold(ListedModel(blocked))).ending is Ending.BLOCKED


async def test_each_line_is_kept_before_the_next_begins() -> None:
    kept = KeptTranscript()
    await hold(ListedModel(calls("look", "look"), calls("signal")), transcript=kept)
    assert kept.lines == [
        *("begin rules 1", "step 1", "reply", "run look0", "answer look0", "run look1", "answer look1", "end 1"),
        *("step 2", "reply", "run signal0", "answer signal0", "end 2"),
    ]


@pytest.mark.parametrize(("ender", "ending"), [("signal", Ending.COMPLETE), ("lose", Ending.CLAIM_LOST)])
async def test_every_call_is_answered_once_when_one_in_the_middle_ends(ender: str, ending: Ending) -> None:
    kept, tools = KeptTranscript(), ListedTools()
    end = await hold(ListedModel(calls("look", ender, "look", "look")), tools, transcript=kept)
    assert end.ending is ending
    assert tools.run_calls == ["look0", f"{ender}1"]
    assert [line for line in kept.lines if line.startswith("answer")] == [
        *("answer look0", f"answer {ender}1", "answer look2", "answer look3")
    ]
    assert end.tool_calls == 2
    assert kept.lines[-1] == "end 1"


@pytest.mark.parametrize(("text", "ending"), [("all done", Ending.TEXT), ("", Ending.EMPTY), (" \n", Ending.EMPTY)])
async def test_two_nudges_then_its_own_ending_when_no_tool_is_called(text: str, ending: Ending) -> None:
    model = ListedModel(says(text), says(text), says(text))
    end = await hold(model)
    assert (end.ending, end.message, end.steps) == (ending, text.strip(), 3)
    assert [len(texts(request, UserMessage)) for request in model.asked] == [1, 2, 3]


async def test_nudges_count_anew_when_a_tool_was_called_between() -> None:
    model = ListedModel(says("a"), says("b"), calls("look"), says("c"), says("d"), calls("signal"))
    assert (await hold(model)).ending is Ending.COMPLETE


async def test_an_empty_reply_keeps_its_place_and_has_content_when_the_conversation_goes_on() -> None:
    model = ListedModel(says(""), calls("signal"))
    await hold(model)
    answered = texts(model.asked[1], AssistantMessage)
    assert len(answered) == 1
    assert answered[0].strip()


async def test_the_agent_is_told_when_its_reply_was_cut() -> None:
    model = ListedModel(says("and then", stop="length"), calls("signal"))
    await hold(model)
    assert "cut off" in texts(model.asked[1], UserMessage)[-1]


async def test_step_limit_ends_reading_for_ever() -> None:
    end = await hold(ListedModel(*[calls("look")] * 9), limits=ConversationLimits(steps=4))
    assert (end.ending, end.steps) == (Ending.STEP_LIMIT, 4)


async def test_token_limit_ends_before_the_next_call() -> None:
    model = ListedModel(*[calls("look", tokens=600)] * 9)
    end = await hold(model, limits=ConversationLimits(tokens=1_000))
    assert (end.ending, len(model.asked)) == (Ending.TOKEN_LIMIT, 2)


async def test_time_limit_ends_when_the_clock_has_passed_it() -> None:
    clock = FakeClock()
    tools = ListedTools(during=lambda: clock.advance(20))
    end = await hold(ListedModel(*[calls("look")] * 9), tools, limits=ConversationLimits(seconds=50), clock=clock)
    assert (end.ending, end.steps) == (Ending.TIME_LIMIT, 3)


async def test_warning_is_said_once_when_most_of_the_budget_is_used() -> None:
    model = ListedModel(*[calls("look")] * 10)
    await hold(model, limits=ConversationLimits(steps=10, circles=UNGUARDED))
    assert [len(texts(request, UserMessage)) for request in model.asked] == [1] * 8 + [2, 2]


@pytest.mark.parametrize("ending", [Ending.SESSION_LIMIT, Ending.INTERRUPTED, Ending.CLAIM_LOST])
async def test_no_call_is_made_when_the_gate_forbids_it(ending: Ending) -> None:
    model = ListedModel(calls("look"), calls("look"))
    seen: list[tuple[int, int]] = []

    def gate(spent: Spending, estimate: int) -> Ending | None:
        seen.append((spent.tokens, estimate))
        return ending if spent.tokens else None

    end = await hold(model, gate=gate)
    assert (end.ending, len(model.asked)) == (ending, 1)
    assert seen[0][0] == 0
    assert 0 < seen[0][1] < seen[1][1]


async def test_a_transcript_that_was_closed_from_outside_is_a_lost_claim_with_its_cost() -> None:
    class Closed(KeptTranscript):
        async def replied(self, step: int, message: Message, spending: Spending, model: str) -> None:
            raise ClaimLostError("it has ended")

    tools = ListedTools()
    end = await hold(ListedModel(calls("look", tokens=30)), tools, transcript=Closed())
    assert (end.ending, end.message, end.spending.input) == (Ending.CLAIM_LOST, "it has ended", 30)
    assert tools.run_calls == []


async def test_provider_failure_is_an_ending_with_its_cost() -> None:
    failure = ProviderDown("overloaded", spending=Spending(input=7))
    end = await hold(ListedModel(calls("look"), failure))
    assert (end.ending, end.error, end.spending.input) == (Ending.PROVIDER, failure, 17)


async def test_a_wait_is_kept_before_the_reply_and_also_when_the_call_fails() -> None:
    kept = KeptTranscript()
    await hold(ListedModel(ProviderDown("gone"), wait=True), transcript=kept)
    assert kept.lines == ["begin rules 1", "step 1", "wait overloaded", "failed 1"]
    kept = KeptTranscript()
    await hold(ListedModel(calls("signal"), wait=True), transcript=kept)
    assert kept.lines.index("wait overloaded") < kept.lines.index("reply")


async def test_each_reply_is_kept_with_who_answered_and_that_is_the_model_itself_where_nobody_says() -> None:
    kept = KeptTranscript()
    await hold(ListedModel(replace(calls("look"), model="other:model"), calls("signal")), transcript=kept)
    assert kept.models == ["other:model", "listed:model"]


async def test_one_compaction_and_one_more_try_when_the_context_is_too_long() -> None:
    tools, kept = ListedTools("x" * 900), KeptTranscript()
    model = ListedModel(calls("look", "look"), ContextTooLong("full", spending=Spending(input=5)), calls("signal"))
    end = await hold(model, tools, transcript=kept)
    assert "compacted 2: too long for listed:model; older tool results cleared: 1" in kept.lines
    assert (end.ending, end.spending.input) == (Ending.COMPLETE, 25)
    assert [len(text) == 900 for text in texts(model.asked[1], ToolMessage)] == [True, True]
    assert [len(text) == 900 for text in texts(model.asked[2], ToolMessage)] == [False, True]
    ids = [m.call_id for m in model.asked[2].messages if isinstance(m, ToolMessage)]
    assert ids == ["look0", "look1"]


async def test_a_second_and_harder_compaction_follows_and_then_the_provider_ends_it() -> None:
    long = [ContextTooLong(f"full {n}", spending=Spending(input=5)) for n in range(3)]
    tools = ListedTools("x" * 9_000)
    model = ListedModel(calls("look", "look"), *long, calls("signal"))
    end = await hold(model, tools)
    assert (end.ending, end.spending.input, len(model.asked)) == (Ending.PROVIDER, 25, 4)
    sizes = [size_of(request) for request in model.asked[1:]]
    assert sizes[1] <= 0.7 * sizes[0]
    assert sizes[2] <= 0.4 * sizes[1]


async def test_nothing_is_asked_again_when_nothing_can_be_made_smaller() -> None:
    model = ListedModel(calls("look"), ContextTooLong("full"), calls("signal"))
    end = await hold(model)
    assert (end.ending, len(model.asked)) == (Ending.PROVIDER, 2)


async def test_what_the_provider_counts_decides_when_results_are_cleared() -> None:
    # 2,400 estimated tokens would fit into 4,000; the provider counts twice as many.
    for counted, cleared in ((1, False), (2, True)):
        tools = ListedTools("y" * 800)
        model = ListedModel(*[calls("look")] * 12, calls("signal"), window=4_000)
        model.counted = counted
        await hold(model, tools, limits=ConversationLimits(circles=UNGUARDED))
        assert any(CLEARED in text for text in texts(model.asked[-1], ToolMessage)) is cleared


async def test_results_are_cleared_in_batches_so_that_the_beginning_stays_the_same() -> None:
    model = ListedModel(*[calls("look")] * 60, calls("signal"), window=4_000)
    await hold(model, ListedTools("y" * 800))
    kept = [
        later.messages[: len(earlier.messages)] == earlier.messages
        for earlier, later in zip(model.asked, model.asked[1:], strict=False)
    ]
    assert kept.count(False) <= 60 * 200 // (4_000 * 0.25)
    assert max(map(size_of, model.asked)) <= 0.8 * 4_000


async def test_old_results_are_cleared_when_the_window_is_nearly_full() -> None:
    tools = ListedTools("y" * 400)
    model = ListedModel(*[calls("look")] * 12, calls("signal"), window=1_200)
    await hold(model, tools, limits=ConversationLimits(circles=UNGUARDED))
    kept = [text.startswith("y") for text in texts(model.asked[-1], ToolMessage)]
    assert not kept[0]
    assert kept[-6:] == [True] * 6


async def test_a_hint_is_given_when_the_same_call_comes_three_times_in_a_row() -> None:
    model = ListedModel(*[calls("look")] * 3, calls("peek"), calls("look"), calls("signal"))
    await hold(model)
    hinted = ["same call" in text for text in texts(model.asked[-1], ToolMessage)]
    assert hinted == [False, False, True, False, False]


async def test_repeating_the_same_call_ends_the_conversation_and_every_call_is_answered() -> None:
    transcript, tools = KeptTranscript(), ListedTools()
    model = ListedModel(*[calls("look")] * 5, calls("look", "peek"), calls("look"))
    end = await hold(model, tools, transcript=transcript)
    assert (end.ending, end.steps, len(model.asked)) == (Ending.CIRCLING, 6, 6)
    assert "same call 6 times" in end.message
    assert [line for line in transcript.lines if line.startswith("circling")] == [
        *("circling 3", "circling 4", "circling 5", "circling 6 over")
    ]
    # What was asked for beside the last call is answered too, and not run.
    assert len([line for line in transcript.lines if line.startswith("answer")]) == 7
    assert len(tools.run_calls) == 6


async def test_an_answer_that_changes_is_no_circle() -> None:
    class Counting(ListedTools):
        async def run(self, call: ToolCall) -> ToolResult:
            done = await super().run(call)
            return done if done.signal else ToolResult(f"{len(self.run_calls)} of 9 done")

    model = ListedModel(*[calls("look")] * 9, calls("signal"))
    end = await hold(model, Counting())
    assert end.ending is Ending.COMPLETE
    assert not any("same call" in text for text in texts(model.asked[-1], ToolMessage))


async def test_cancellation_passes_through_when_a_tool_runs() -> None:
    started, never = asyncio.Event(), asyncio.Event()

    class Hanging(ListedTools):
        async def run(self, call: ToolCall) -> ToolResult:
            started.set()
            await never.wait()
            return ToolResult("")

    running = asyncio.create_task(hold(ListedModel(calls("look")), Hanging()))
    await started.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_what_is_said_meanwhile_comes_before_the_next_model_call_and_is_kept() -> None:
    said = iter([(), (UserMessage("the port is 8081"), UserMessage("and the host too")), ()])

    async def inbox() -> tuple[UserMessage, ...]:
        return next(said)

    model, kept = ListedModel(calls("look"), calls("look"), calls("signal")), KeptTranscript()
    await hold(model, transcript=kept, inbox=inbox)
    assert [texts(request, UserMessage)[1:] for request in model.asked] == [
        [],
        ["the port is 8081", "and the host too"],
        ["the port is 8081", "and the host too"],
    ]
    # After the answers of the step before, so that every call is answered before anybody speaks again.
    assert [type(message).__name__ for message in model.asked[1].messages[1:]] == [
        *("AssistantMessage", "ToolMessage", "UserMessage", "UserMessage")
    ]
    assert kept.lines.index("said") < kept.lines.index("step 2")


async def test_a_wait_in_the_inbox_is_not_the_agents_time_and_may_end_in_the_gate() -> None:
    clock, asked = FakeClock(), False

    async def paused() -> tuple[UserMessage, ...]:
        await clock.sleep(5000)
        return ()

    limits = ConversationLimits(seconds=60)
    assert (
        await hold(ListedModel(calls("signal")), limits=limits, clock=clock, inbox=paused)
    ).ending is Ending.COMPLETE

    async def interrupted() -> tuple[UserMessage, ...]:
        nonlocal asked
        asked = True
        return ()

    end = await hold(
        ListedModel(), inbox=interrupted, gate=lambda spent, estimate: Ending.INTERRUPTED if asked else None
    )
    assert (end.ending, end.steps) == (Ending.INTERRUPTED, 0)


async def test_a_wait_for_the_provider_is_given_up_when_the_person_stops() -> None:
    """Between two tries nothing is under way, so there is nothing to wait for."""
    asked: list[int] = []

    def gate(spent: Spending, next_tokens: int) -> Ending | None:
        asked.append(next_tokens)
        return Ending.INTERRUPTED if len(asked) > 1 else None

    model, tools, transcript = ListedModel(calls("signal"), wait=True), ListedTools(), KeptTranscript()
    end = await converse(
        BRIEFING, model, tools, transcript, ConversationLimits(), FakeClock(), Steering(gate, nothing_said)
    )
    assert (end.ending, end.error) == (Ending.INTERRUPTED, None)
    assert end.message == "interrupted (while waiting: overloaded)"
    assert tools.run_calls == []
