"""Halves of surrogate pairs, which JSON can say and nothing else can: they are mended where a reply comes in."""

from __future__ import annotations

import json

from ostinato.chat.halves import kept_whole, whole_value
from ostinato.chat.messages import AssistantMessage, Native, ToolCall

HALF = "\ud83d"


def test_a_reply_can_be_kept_and_sent_and_a_call_keeps_one_id_in_all_its_places() -> None:
    native = Native("a:b", ({"type": "call", "id": f"c{HALF}", "deep": [{f"k{HALF}": HALF, "n": 1}]},))
    said = AssistantMessage(f"a{HALF}\0", (ToolCall(f"c{HALF}", f"n{HALF}", f'{{"x": "{HALF}"}}'),), HALF, native)

    kept = kept_whole(said)

    (call,) = kept.tool_calls
    assert kept.native is not None
    assert (kept.text, kept.reasoning, call) == (
        "a\ufffd\ufffd",
        "\ufffd",
        ToolCall("c\ufffd", "n\ufffd", '{"x": "\ufffd"}'),
    )
    assert kept.native.items == ({"type": "call", "id": "c\ufffd", "deep": [{"k\ufffd": "\ufffd", "n": 1}]},)


def test_a_sound_reply_stays_as_it_is() -> None:
    said = AssistantMessage("Grüße 😀", (ToolCall("c", "n", '{"x": "\\ud83d"}'),), "", Native("a:b", ({"s": "a\0b"},)))
    assert kept_whole(said) == said


def test_a_pair_that_came_in_two_pieces_is_its_character() -> None:
    assert kept_whole(AssistantMessage("so " + "\ud83d" + "\ude00")).text == "so 😀"


def test_arguments_hold_no_half_after_reading() -> None:
    read = whole_value(json.loads('{"a": ["\\ud83d\\ude00", "\\ud83d!", 2, null], "\\ud800": {"b": true}}'))
    assert read == {"a": ["😀", "\ufffd!", 2, None], "\ufffd": {"b": True}}
