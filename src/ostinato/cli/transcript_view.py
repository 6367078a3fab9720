"""A stored conversation as lines for a person: who said what, and which tools ran.

Without `full` the briefing and the reasoning are folded, arguments and results are clipped. It prints nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ostinato.base.text import clip, many, one_line
from ostinato.chat.messages import AssistantMessage, ToolCall, ToolMessage, UserMessage
from ostinato.cli.output import clean, clean_block
from ostinato.cli.screen import clipped, length, painted, spent_by_kind, width, wrapped

if TYPE_CHECKING:
    from ostinato.store.conversations import StoredMessage, StoredStep

_HINT = " (--full shows all)"
_RESULT_LINES = 8
_TEXT_LINES = 30
_ARGUMENT_LINES = 4
_SHORT = 60
_BAR = "  │ "


def transcript_lines(messages: Sequence[StoredMessage], steps: Sequence[StoredStep], *, full: bool) -> Iterator[str]:
    """Yield the conversation, step by step; what the harness said comes under the step that it followed."""
    if not messages:
        yield "  it was kept for its time and is gone" if steps else "  no conversation was kept: no model was called"
        return
    by_step = {step.step: step for step in steps}
    present = 0
    briefing = [message for message in messages if message.step == 0]
    yield from _briefing(briefing, full=full)
    for stored in messages[len(briefing) :]:
        if stored.step != present:
            present = stored.step
            yield ""
            for line in wrapped(_step_line(present, by_step.get(present)), rest="    "):
                yield painted(line, bold=True)
        yield from _message(stored, full=full)


def _briefing(messages: Sequence[StoredMessage], *, full: bool) -> Iterator[str]:
    whole = sum(len(_text(stored)) for stored in messages)
    yield painted(f"briefing, {whole:,} characters{'' if full else ' (--full shows it)'}", bold=True)
    for stored in messages:
        name = "system" if isinstance(stored.message, str) else "user"
        if full:
            yield f"  {name}"
            yield from clean_block(_text(stored), _BAR)
        else:
            yield painted(clip(f"  {name}: {clean(_text(stored).strip())}", width()), dim=True)


def _text(stored: StoredMessage) -> str:
    return stored.message if isinstance(stored.message, str) else stored.message.text


def _step_line(number: int, step: StoredStep | None) -> str:
    if step is None:
        return f"step {number}"
    words = [f"step {number}", *([clean(step.model)] if step.model else []), step.started_at.strftime("%H:%M:%S")]
    if step.ended_at is None:
        return "  ".join((*words, "not ended"))
    took = length(max(0.0, (step.ended_at - step.started_at).total_seconds()))
    return "  ".join((*words, took, spent_by_kind(step.spending)))


def _message(stored: StoredMessage, *, full: bool) -> Iterator[str]:
    message = stored.message
    if isinstance(message, AssistantMessage):
        if message.reasoning:
            yield from _reasoning(message.reasoning, full=full)
        if message.text.strip():
            yield from _cut(clean_block(message.text.strip()), _TEXT_LINES, full=full)
        for call in message.tool_calls:
            yield from _call(call, full=full)
    elif isinstance(message, ToolMessage):
        mark = painted("  ✗ ", "red") if message.is_error else "  ← "
        yield f"{mark}{clean(message.name)}"
        yield from _cut(clean_block(message.text, _BAR), _RESULT_LINES, full=full)
    elif isinstance(message, UserMessage):
        yield "  the harness says"
        yield from _cut(clean_block(message.text, _BAR), _RESULT_LINES, full=full)
    else:
        # A line for people: no model was sent it.
        yield painted(clip(f"  ({clean(message)})", max(width(), 60)), "yellow")


def _reasoning(text: str, *, full: bool) -> Iterator[str]:
    if full:
        yield painted("  reasoning", dim=True)
        yield from (painted(line, dim=True) for line in clean_block(text, _BAR))
    else:
        yield painted(f"  reasoning, {len(text):,} characters (--full shows it)", dim=True)


def _call(call: ToolCall, *, full: bool) -> Iterator[str]:
    """Yield a call with its arguments: short ones on its line, texts of several lines below."""
    arguments = _arguments(call.arguments)
    if arguments is None:
        yield f"  → {painted(clean(call.name), 'cyan')} with arguments that are no JSON object"
        yield from _cut(clean_block(call.arguments, _BAR), _ARGUMENT_LINES, full=full)
        return
    texts = {name: text for name, text in arguments.items() if "\n" in text.strip() or len(text) > width()}
    short = " ".join(f"{clean(name)}={clean(one_line(text))}" for name, text in arguments.items() if name not in texts)
    yield f"  → {painted(clean(call.name), 'cyan')} {short}".rstrip()
    for name, text in texts.items():
        yield f"    {clean(name)}, {many(len(text.splitlines()), 'line')}"
        yield from _cut(clean_block(text, "    │ "), _ARGUMENT_LINES, full=full)


def _arguments(raw: str) -> Mapping[str, str] | None:
    try:
        found = json.loads(raw or "{}")
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    return {str(name): value if isinstance(value, str) else _json(value) for name, value in found.items()}


def _json(value: object) -> str:
    """Return a value as JSON on one line where it is short, else over several."""
    short = json.dumps(value, ensure_ascii=False)
    return short if len(short) <= _SHORT else json.dumps(value, ensure_ascii=False, indent=1)


def _cut(lines: Sequence[str], most: int, *, full: bool) -> Iterator[str]:
    if full:
        yield from lines
    else:
        yield from clipped(lines, most, max(width(), 80), _HINT)
