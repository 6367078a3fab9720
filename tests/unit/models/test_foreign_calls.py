"""Call ids of one vendor are taken by every other."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ostinato.chat.messages import AssistantMessage, Message, Native, Request, ToolCall, ToolMessage, UserMessage
from ostinato.models.foreign_calls import NINE, USUAL, ids_in_native, with_portable_ids


def conversation(*turns: tuple[str, ...]) -> Request:
    messages: list[Message] = [UserMessage("go")]
    for ids in turns:
        messages.append(AssistantMessage("", tuple(ToolCall(one, "look", "{}") for one in ids)))
        messages += [ToolMessage(one, "look", f"answer to {one}") for one in ids]
    return Request("s", tuple(messages))


def ids_of(request: Request) -> list[str]:
    return [call.id for m in request.messages if isinstance(m, AssistantMessage) for call in m.tool_calls]


def test_own_ids_stay_as_they_are() -> None:
    request = conversation(("toolu_01", "toolu:02"))
    assert with_portable_ids(request, {"toolu_01", "toolu:02"}, NINE) is request


def test_foreign_ids_become_nine_letters_and_digits_with_their_answers() -> None:
    sent = with_portable_ids(conversation(("toolu_01AbCdEf.x" * 5, "own"), ("b|1",)), {"own"}, NINE)
    assert ids_of(sent) == ["call00001", "own", "call00002"]
    answers = [m for m in sent.messages if isinstance(m, ToolMessage)]
    assert [m.call_id for m in answers] == ids_of(sent)
    assert answers[2].text == "answer to b|1"


def test_new_ids_avoid_those_that_are_there() -> None:
    sent = with_portable_ids(conversation(("call00001", "call_x"), ("call00002",)), set(), NINE)
    assert ids_of(sent) == ["call00001", "call00003", "call00002"]


def test_usual_ids_stay_where_they_are_taken() -> None:
    sent = with_portable_ids(conversation(("toolu_01-x", "call|2")), set(), USUAL)
    assert ids_of(sent) == ["toolu_01-x", "call00001"]


def test_ids_in_a_models_own_form_are_its_own() -> None:
    native = Native("any:x:y", ({"id": "call|1"},))
    calls = AssistantMessage("", (ToolCall("call|1", "look", "{}"),), native=native)
    request = Request("s", (calls, ToolMessage("call|1", "look", "seen")))
    assert ids_in_native(request, "any:x:y") == {"call|1"}
    assert ids_in_native(request, "another:model") == set()


@given(st.lists(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=3, unique=True), max_size=5))
def test_ids_are_unique_and_the_same_again_when_the_conversation_grows(turns: list[list[str]]) -> None:
    # Vendors make each id once in a conversation.
    seen: set[str] = set()
    once = [tuple(one for one in turn if not (one in seen or seen.add(one))) for turn in turns]
    grown = with_portable_ids(conversation(*once), set(), NINE)
    ids = ids_of(grown)
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9]{9}", one) for one in ids)
    short = with_portable_ids(conversation(*once[:-1]), set(), NINE)
    assert ids_of(short) == ids[: len(ids_of(short))]
