"""Tells old turns of a conversation in short, by rule: what was called, what came of it, what a person said. Pure.

No model is asked: a rule costs nothing, says nothing that did not happen, and works when the window is full.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ostinato.agent.fence import fenced
from ostinato.agent.sizes import tokens_of
from ostinato.base.text import clip, one_line
from ostinato.chat.messages import AssistantMessage, Message, ToolMessage

HEAD = "(Earlier steps of this conversation were cleared to save room. What was done in them:)"

_SAID = 1_000
_THOUGHT = 240
_CALL = 160
_RESULT = 160


def digest_of(messages: Sequence[Message], most: int) -> str:
    """Return the digest of messages in some `most` tokens: one line each, and when they are too many, the newest.

    What a person answered or said has a longer line. A digest among the messages is taken up, not told again.
    """
    lines = [line for message in messages for line in _lines(message, _calls(messages))]
    kept: list[str] = []
    left = most - tokens_of(HEAD) - 20
    for line in reversed(lines):
        left -= tokens_of(line) + 1
        if left < 0 and kept:
            break
        kept.insert(0, clip(line, max(_SAID, 4 * most)))
    missing = len(lines) - len(kept)
    first = [f"- ({missing} earlier lines left out)"] if missing else []
    return f"{HEAD}\n{fenced(chr(10).join((*first, *kept)))}"


def _calls(messages: Sequence[Message]) -> dict[str, str]:
    """Return what each call id stands for, on one line."""
    made = (call for message in messages if isinstance(message, AssistantMessage) for call in message.tool_calls)
    return {call.id: clip(one_line(f"{call.name} {call.arguments}"), _CALL) for call in made}


def _lines(message: Message, calls: dict[str, str]) -> Iterator[str]:
    if isinstance(message, AssistantMessage):
        if message.text.strip():
            yield f"- you said: {clip(one_line(message.text.strip()), _THOUGHT)}"
    elif isinstance(message, ToolMessage):
        said = message.text.strip()
        answer = one_line(said) if message.name == "ask_user" else said.partition("\n")[0]
        wrong = "failed: " if message.is_error and not answer.startswith("error") else ""
        limit = _SAID if message.name == "ask_user" else _RESULT
        yield f"- {calls.get(message.call_id, message.name)} → {wrong}{clip(answer, limit)}"
    elif message.text.startswith(HEAD):
        yield from (line for line in message.text.splitlines()[2:-1] if not line.startswith("- ("))
    else:
        yield f"- you were told: {clip(one_line(message.text.strip()), _SAID)}"
