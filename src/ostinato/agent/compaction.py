"""Makes a conversation smaller without a model. Pure: the same messages and numbers give the same messages.

In this order, and no further than is needed: old tool results give way to a line that names how to get them again; then
old turns give way to a digest of what was called and what came of it; then single messages are cut. The first message,
the order of what stays, and the pairing of calls and answers are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ostinato.agent.digest import digest_of
from ostinato.agent.limits import CLEAR_AT
from ostinato.agent.sizes import CHARACTERS_PER_TOKEN, message_tokens, messages_tokens
from ostinato.base.text import clip, head_and_tail
from ostinato.chat.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage

KEPT_RESULTS = 6
"""The newest tool results, which are not cleared while clearing older ones is enough."""

ASKED_OF_A_PERSON = frozenset({"ask_user"})
"""Tools whose answers are never cleared: nobody is to be asked twice."""

_WORTH_CLEARING = 60
_HANDLE = re.compile(r"output:\d+(?:\.err)?")
_STUB = "(this older result was cleared to save room; {how})"
_AGAIN = "call the tool again if you need it"
_LEAST_CUT = 40


@dataclass(frozen=True, slots=True)
class Compaction:
    """The messages as they are now, and how many results were cleared, turns told in short and messages cut."""

    messages: tuple[Message, ...]
    cleared: int = 0
    turns: int = 0
    cut: int = 0

    @property
    def done(self) -> bool:
        """True when anything was made smaller."""
        return bool(self.cleared or self.turns or self.cut)

    @property
    def words(self) -> str:
        """What was done, for a person."""
        parts = [
            *([f"older tool results cleared: {self.cleared}"] if self.cleared else []),
            *([f"older turns told in short: {self.turns}"] if self.turns else []),
            *([f"long messages cut: {self.cut}"] if self.cut else []),
        ]
        return "; ".join(parts)


def fits(size: int, window: int) -> bool:
    """Tell whether a request of `size` tokens leaves enough of the context window of `window` tokens."""
    return size <= CLEAR_AT * window


def compacted(messages: Sequence[Message], most: int, target: int) -> Compaction:
    """Return the messages in at most `most` estimated tokens where that can be, and in `target` by clearing alone.

    More is cleared than is needed at once, so that the request's beginning, which a provider keeps in its cache, does
    not change with every step. `target` is at most `most`.
    """
    now, cleared = tuple(messages), 0
    for keep in (KEPT_RESULTS, 1):
        if messages_tokens(now) <= (most if cleared or keep == 1 else target):
            break
        now, more = _cleared(now, keep, target)
        cleared += more
    turns = cut = 0
    if messages_tokens(now) > most:
        now, turns = _digested(now, target)
    if messages_tokens(now) > most:
        now, cut = _cut(now, most)
    return Compaction(now, cleared, turns, cut)


def _cleared(messages: tuple[Message, ...], keep: int, target: int) -> tuple[tuple[Message, ...], int]:
    """Clear results, the oldest first, until `target` is reached; the `keep` newest stay."""
    places = [place for place, message in enumerate(messages) if isinstance(message, ToolMessage)]
    now, size, count = list(messages), messages_tokens(messages), 0
    for place in places[: max(0, len(places) - keep)]:
        message = messages[place]
        if size <= target:
            break
        if isinstance(message, ToolMessage) and _worth_clearing(message):
            now[place] = replace(message, text=_stub(message))
            size -= message_tokens(message) - message_tokens(now[place])
            count += 1
    return tuple(now), count


def _worth_clearing(message: ToolMessage) -> bool:
    return message.name not in ASKED_OF_A_PERSON and message_tokens(message) > _WORTH_CLEARING


def _stub(message: ToolMessage) -> str:
    """Return what stands for a result: how a command ended, and how to get all of it again."""
    if message.name != "run_command":
        return _STUB.format(how=_AGAIN)
    first = message.text.partition("\n")[0]
    found = _HANDLE.search(first)
    how = f'read_file {{"path": "{found[0]}"}} shows it' if found else _AGAIN
    return f"{clip(first, 80)}\n{_STUB.format(how=how)}"


def _digested(messages: tuple[Message, ...], target: int) -> tuple[tuple[Message, ...], int]:
    """Tell old turns in short; the newest that fit into half of `target` stay as they are, the last one always."""
    starts = [place for place, message in enumerate(messages) if isinstance(message, AssistantMessage)]
    if len(starts) < 2:
        return messages, 0
    kept = starts[-1]
    for start in reversed(starts[:-1]):
        if messages_tokens(messages[start:]) > target // 2:
            break
        kept = start
    turns = sum(start < kept for start in starts)
    if not turns:
        return messages, 0
    digest = digest_of(messages[1:kept], max(300, target // 6))
    return (messages[0], UserMessage(digest), *messages[kept:]), turns


def _cut(messages: tuple[Message, ...], most: int) -> tuple[tuple[Message, ...], int]:
    """Cut the longest messages, each to the same size, until all fit or nothing is left worth cutting."""
    cap = most
    now = messages
    while cap > _LEAST_CUT and messages_tokens(now) > most:
        cap //= 2
        now = (*messages[:1], *(_shortened(message, cap) for message in messages[1:]))
    return now, sum(before != after for before, after in zip(messages, now, strict=True))


def _shortened(message: Message, cap: int) -> Message:
    if message_tokens(message) <= cap:
        return message
    room = cap * CHARACTERS_PER_TOKEN
    if not isinstance(message, AssistantMessage):
        return replace(message, text=head_and_tail(message.text, room))
    calls = tuple(_short_call(call, room) for call in message.tool_calls)
    said, thought = head_and_tail(message.text, room), message.reasoning[:room]
    # What is cut is no longer what the vendor signed.
    return replace(message, text=said, reasoning=thought, tool_calls=calls, native=None)


def _short_call(call: ToolCall, room: int) -> ToolCall:
    if len(call.arguments) <= room:
        return call
    return replace(call, arguments='{"left_out": "the arguments of this old call were cleared to save room"}')
