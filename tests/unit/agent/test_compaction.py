"""A conversation that is made smaller is still one: calls are answered, the order stays, and it fits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.agent.compaction import KEPT_RESULTS, compacted
from ostinato.agent.digest import HEAD
from ostinato.agent.sizes import message_tokens, messages_tokens
from ostinato.chat.messages import AssistantMessage, Message, Native, ToolCall, ToolMessage, UserMessage

BRIEFING = UserMessage("the task " * 10)
SIZES = st.sampled_from([0, 5, 300, 4_000, 60_000])


@st.composite
def conversations(draw: st.DrawFn) -> tuple[Message, ...]:
    messages: list[Message] = [BRIEFING]
    for turn in range(draw(st.integers(0, 14))):
        names = draw(st.lists(st.sampled_from(["run_command", "read_file", "ask_user"]), max_size=3))
        calls = tuple(
            ToolCall(f"{turn}.{n}", name, '{"x": "' + "a" * draw(SIZES) + '"}') for n, name in enumerate(names)
        )
        native = Native("m", ({"turn": turn},)) if draw(st.booleans()) else None
        messages.append(AssistantMessage("t" * draw(SIZES), calls, "r" * draw(SIZES), native))
        messages += [
            ToolMessage(call.id, call.name, f"exit code 0 (kept as output:{turn})\n" + "o" * draw(SIZES))
            for call in calls
        ]
        if draw(st.booleans()):
            messages.append(UserMessage(f"note {turn} " + "n" * draw(SIZES)))
    return tuple(messages)


def require_whole(messages: tuple[Message, ...]) -> None:
    """Each call is answered once, in order, before anything else is said."""
    waiting: list[str] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            assert waiting.pop(0) == message.call_id
        else:
            assert not waiting
            waiting = [call.id for call in message.tool_calls] if isinstance(message, AssistantMessage) else []
    assert not waiting


def ids(messages: tuple[Message, ...]) -> list[str]:
    return [m.call_id for m in messages if isinstance(m, ToolMessage)]


@given(conversations(), st.integers(300, 30_000), st.floats(0.3, 1))
def test_calls_stay_answered_in_order_it_fits_and_a_second_time_changes_nothing(
    messages: tuple[Message, ...], most: int, share: float
) -> None:
    target = round(most * share)
    made = compacted(messages, most, target)
    require_whole(made.messages)
    assert made.messages[0] == BRIEFING
    kept = ids(made.messages)
    assert kept == ids(messages)[len(ids(messages)) - len(kept) :]
    # One turn of many tiny parts is the least that can stay.
    assert messages_tokens(made.messages) <= max(most, messages_tokens(messages[:1]) + 1_000)
    if messages_tokens(messages) <= target:
        assert not made.done
        assert made.messages == messages
    if messages_tokens(made.messages) <= target:
        assert compacted(made.messages, most, target).messages == made.messages


def turn(number: int, size: int = 4_000, name: str = "run_command", ok: bool = True) -> tuple[Message, ...]:
    call = ToolCall(str(number), name, f'{{"command": "make {number}"}}')
    text = f"exit code {0 if ok else 2} (kept as output:{number})\n" + "o" * size
    return AssistantMessage(f"Now {number}.", (call,)), ToolMessage(str(number), name, text, is_error=not ok)


def long_talk(turns: int, *, size: int = 4_000) -> tuple[Message, ...]:
    return (BRIEFING, *(message for n in range(turns) for message in turn(n, size)))


def test_a_cleared_result_names_its_end_and_how_to_get_it_again() -> None:
    made = compacted(long_talk(10), 9_000, 8_000)
    assert (made.cleared, made.turns, made.cut) == (3, 0, 0)
    assert made.messages[2] == ToolMessage(
        "0",
        "run_command",
        "exit code 0 (kept as output:0)\n"
        '(this older result was cleared to save room; read_file {"path": "output:0"} shows it)',
    )


def test_the_newest_results_are_cleared_only_when_that_is_not_enough() -> None:
    assert compacted(long_talk(10), 7_000, 1_000).cleared == 10 - KEPT_RESULTS
    assert compacted(long_talk(10), 3_000, 1_500).cleared == 9


def test_old_turns_are_told_by_what_was_called_and_what_came_of_it() -> None:
    talk = (*long_talk(30, size=300), *turn(30, 300, ok=False), UserMessage("stay with make"), *turn(31), *turn(32))
    made = compacted(talk, 2_000, 1_600)
    digest = made.messages[1]
    assert isinstance(digest, UserMessage)
    assert digest.text.startswith(HEAD)
    assert '- run_command {"command": "make 30"} → failed: exit code 2 (kept as output:30)' in digest.text
    assert "- you were told: stay with make" in digest.text
    assert "earlier lines left out" in digest.text
    assert message_tokens(digest) <= 340
    assert made.turns == 32


def test_a_digest_is_taken_up_by_the_next_one() -> None:
    first = compacted((*long_talk(3), UserMessage("use spaces"), *turn(3), *turn(4)), 1_200, 700).messages
    assert "use spaces" in first[1].text
    second = compacted((*first, *turn(5), *turn(6)), 1_250, 700).messages
    digests = [m.text for m in second if isinstance(m, UserMessage) and m.text.startswith(HEAD)]
    assert len(digests) == 1
    assert "use spaces" in digests[0]


def test_what_a_person_answered_is_never_cleared() -> None:
    asked = turn(0, 2_000, name="ask_user")
    made = compacted((BRIEFING, *asked, *long_talk(9)[1:]), 9_600, 7_000)
    assert made.cleared == 3
    assert made.messages[2] == asked[1]


@pytest.mark.parametrize("native", [None, Native("m", ({"a": 1},))])
def test_one_message_that_is_too_large_is_cut_and_its_call_stays_json(native: Native | None) -> None:
    call = ToolCall("1", "write_file", '{"content": "' + "x" * 90_000 + '"}')
    talk = (BRIEFING, AssistantMessage("", (call,), native=native), ToolMessage("1", "write_file", "y" * 90_000))
    made = compacted(talk, 2_000, 1_000)
    assert made.cut == 2
    reply = made.messages[1]
    assert isinstance(reply, AssistantMessage)
    assert reply.native is None
    assert reply.tool_calls[0].arguments.startswith('{"left_out"')
    assert messages_tokens(made.messages) <= 2_000
