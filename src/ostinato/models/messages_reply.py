"""The events of a Messages answer put together into a Reply. Pure.

One path for streams and for whole answers. Tool-call arguments stay raw text. Thinking is kept with its signature, as
the vendor wants it back; thinking that led to nothing, cut before its signature came, is only shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Native, Reply, Request, ToolCall
from ostinato.models.answers import bytes_of, count, estimate, table, tables, text, with_own_ids
from ostinato.models.messages_request import plain_blocks, text_block, tool_use

_STOPS = {
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
}
_THOUGHTS = {"thinking", "redacted_thinking"}


@dataclass(slots=True)
class _Block:
    """A content block under construction. `raw` is how it began, `pieces` are what was added to its text."""

    raw: dict[str, Any]
    pieces: list[str] = field(default_factory=list)
    signature: str = ""

    @property
    def kind(self) -> str:
        return text(self.raw.get("type"))

    def words(self, name: str) -> str:
        """Return the text that began under `name`, with all that was added."""
        return text(self.raw.get(name)) + "".join(self.pieces)

    def call(self) -> ToolCall:
        """Return the tool call with its arguments as they came."""
        arguments = "".join(self.pieces)
        if not arguments:
            given = self.raw.get("input")
            arguments = given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False)
        return ToolCall(text(self.raw.get("id")), text(self.raw.get("name")), arguments)

    def item(self, call: ToolCall | None) -> dict[str, Any] | None:
        """Return the block as it goes back, `call` being its call where it is one; None where it must not."""
        if call is not None:
            return tool_use(call)
        if self.kind == "text":
            words = self.words("text")
            return text_block(words) if words.strip() else None
        if self.kind == "thinking":
            signature = text(self.raw.get("signature")) + self.signature
            return {"type": "thinking", "thinking": self.words("thinking"), "signature": signature}
        return self.raw


@dataclass(slots=True)
class MessagesBuilder:
    """Feed it each JSON document of the answer in order; then ask for the reply. `model` is `provider:model`."""

    model: str
    finish: str | None = None
    ended: bool = False
    started: bool = False
    _blocks: list[_Block] = field(default_factory=list)
    _at_index: dict[Any, _Block] = field(default_factory=dict)
    _usage: dict[str, Any] = field(default_factory=dict)

    def feed(self, document: Any) -> None:
        """Take one event, or one whole answer. What is not of the expected form in it is passed over."""
        document = table(document)
        match document.get("type"):
            case "message":
                self._whole(document)
            case "message_start":
                self._whole(table(document.get("message")))
            case "content_block_start":
                self._begin(document.get("index"), table(document.get("content_block")))
            case "content_block_delta":
                self._add(document.get("index"), table(document.get("delta")))
            case "message_delta":
                self._end(table(document.get("delta")), document)
            case "message_stop":
                self.ended = True

    def reply(self, request: Request, request_bytes: int) -> Reply:
        """Return what was said. The vendor's own form is kept where plain text and calls would lose something."""
        called = with_own_ids((block.call() for block in self._blocks if block.kind == "tool_use"), request)
        calls = iter(called)
        made = [block.item(next(calls) if block.kind == "tool_use" else None) for block in self._blocks]
        items = [item for item in made if item is not None]
        while items and items[-1].get("type") in _THOUGHTS:
            items.pop()  # the vendor refuses a message that ends in its thoughts, as one that was cut there does
        message = AssistantMessage(
            text="\n\n".join(item["text"] for item in items if item.get("type") == "text"),
            tool_calls=called,
            reasoning="\n\n".join(words for words in self._thoughts() if words),
        )
        if items and items != plain_blocks(message):
            native = Native(self.model, tuple(items))
            message = AssistantMessage(message.text, message.tool_calls, message.reasoning, native)
        return Reply(message, self.spending(request_bytes), self._stop(bool(called)))

    def spending(self, request_bytes: int) -> Spending:
        """Return the usage that the server reported; what was cut or not reported is estimated. No cost yet."""
        fresh, cached = count(self._usage, "input_tokens"), count(self._usage, "cache_read_input_tokens")
        written, made = count(self._usage, "cache_creation_input_tokens"), count(self._usage, "output_tokens")
        sent = fresh + cached + written
        if not sent and not made:
            return Spending(input=estimate(request_bytes), output=estimate(self._output_bytes()), calls=1)
        if self.finish is None:
            made = max(made, estimate(self._output_bytes()))  # the count comes with the end; before it stands a guess
        thought = count(self._usage.get("output_tokens_details"), "thinking_tokens")
        return Spending(sent, cached, written, made, min(thought, made), calls=1)

    @property
    def reported(self) -> bool:
        """Tell whether the server has reported any usage."""
        return bool(self._usage)

    def _whole(self, message: dict[str, Any]) -> None:
        for place, block in enumerate(tables(message.get("content"))):
            self._begin(place, block)
        self._end(message, message)

    def _begin(self, index: Any, raw: dict[str, Any]) -> None:
        self.started = True
        block = self._at_index[str(index)] = _Block(raw)
        self._blocks.append(block)

    def _add(self, index: Any, delta: dict[str, Any]) -> None:
        block = self._at_index.get(str(index))
        if block is None:
            return
        block.signature += text(delta.get("signature"))
        for name in ("text", "thinking", "partial_json"):
            if piece := text(delta.get(name)):
                block.pieces.append(piece)

    def _end(self, delta: dict[str, Any], holder: dict[str, Any]) -> None:
        # Counts are of the whole answer so far; a later event may leave out what an earlier one gave.
        self._usage |= {name: value for name, value in table(holder.get("usage")).items() if value is not None}
        if reason := text(delta.get("stop_reason")):
            self.finish = reason

    def _thoughts(self) -> list[str]:
        return [block.words("thinking") for block in self._blocks if block.kind == "thinking"]

    def _stop(self, called: bool) -> str:
        stop = _STOPS.get(self.finish or "", "stop")
        return "tool_calls" if called and stop == "stop" else stop

    def _output_bytes(self) -> int:
        return bytes_of(piece for block in self._blocks for piece in (text(block.raw.get("name")), *block.pieces))
