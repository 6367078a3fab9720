"""The events of a Responses answer put together into a Reply. Pure.

One path for streams and for whole answers. An item counts as it was when it was done; what never was done is made of
its parts. Tool-call arguments stay raw text. Reasoning is kept encrypted, in its place among the other items.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Native, Reply, Request, ToolCall
from ostinato.models.answers import bytes_of, count, estimate, table, tables, text, with_own_ids
from ostinato.models.foreign_calls import safe_id

_ENDS = {"response.completed", "response.incomplete", "response.failed"}
_FAILED = {"failed", "cancelled"}
_ANSWERS = {"message", "function_call", "reasoning"}


@dataclass(slots=True)
class _Item:
    """An output item under construction: as it was last seen whole, and the parts that came since."""

    raw: dict[str, Any]
    done: bool = False
    words: list[str] = field(default_factory=list)
    refusal: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return text(self.raw.get("type"))

    def text(self) -> str:
        """Return what was said, a refusal's words included."""
        parts = tables(self.raw.get("content")) if self.kind == "message" else []
        whole = "".join(text(part.get("text")) or text(part.get("refusal")) for part in parts)
        return whole or "".join((*self.words, *self.refusal))

    def refuses(self) -> bool:
        """Tell whether the model said that it will not."""
        return bool(self.refusal) or any(part.get("type") == "refusal" for part in tables(self.raw.get("content")))

    def reasoning(self) -> str:
        """Return the reasoning that may be read: its summary, or itself where a server shows it."""
        if self.kind != "reasoning":
            return ""
        parts = tables(self.raw.get("summary")) or tables(self.raw.get("content"))
        return "\n\n".join(text(part.get("text")) for part in parts) or "".join(self.thoughts)

    def call(self) -> ToolCall:
        """Return the tool call with its arguments as they came."""
        arguments = text(self.raw.get("arguments")) or "".join(self.arguments)
        return ToolCall(text(self.raw.get("call_id")), text(self.raw.get("name")), arguments)

    def size(self) -> int:
        """Return the bytes that the model made of it."""
        call = (self.call().name, self.call().arguments) if self.kind == "function_call" else ()
        return bytes_of((self.text(), self.reasoning(), *call))


@dataclass(slots=True)
class ResponsesBuilder:
    """Feed it each JSON document of the answer in order; then ask for the reply. `model` is `provider:model`."""

    model: str
    finish: str | None = None
    ended: bool = False
    started: bool = False
    _items: dict[int, _Item] = field(default_factory=dict)
    _usage: dict[str, Any] | None = None

    def feed(self, document: Any) -> None:
        """Take one event, or one whole answer. What is not of the expected form in it is passed over."""
        document = table(document)
        kind = text(document.get("type"))
        if kind in _ENDS or document.get("object") == "response":
            self._end(document if kind not in _ENDS else table(document.get("response")))
        elif kind in {"response.output_item.added", "response.output_item.done"}:
            self._place(document.get("output_index"), table(document.get("item")), done=kind.endswith("done"))
        elif kind.endswith(".delta"):
            self._add(kind, document)

    def reply(self, request: Request, request_bytes: int) -> Reply:
        """Return what was said. The vendor's own form is kept where it holds reasoning, or the phase of a message."""
        items = [self._items[place] for place in sorted(self._items)]
        called = with_own_ids((item.call() for item in items if item.kind == "function_call"), request)
        message = AssistantMessage(
            text="\n\n".join(words for item in items if (words := item.text())),
            tool_calls=called,
            reasoning="\n\n".join(words for item in items if (words := item.reasoning())),
            native=self._native(items, called),
        )
        return Reply(message, self.spending(request_bytes), self._stop(items))

    def spending(self, request_bytes: int) -> Spending:
        """Return the usage that the server reported, or an estimate of about four bytes a token; no cost yet."""
        usage = self._usage or {}
        sent, made = count(usage, "input_tokens"), count(usage, "output_tokens")
        if not sent and not made:
            output = sum(item.size() for item in self._items.values())
            return Spending(input=estimate(request_bytes), output=estimate(output), calls=1)
        cache = usage.get("input_tokens_details")
        return Spending(
            input=sent,
            cached_input=min(count(cache, "cached_tokens"), sent),
            cache_write=min(count(cache, "cache_write_tokens"), sent),
            output=made,
            reasoning=min(count(usage.get("output_tokens_details"), "reasoning_tokens"), made),
            calls=1,
        )

    @property
    def reported(self) -> bool:
        """Tell whether the server has reported any usage."""
        return self._usage is not None

    def _place(self, index: Any, raw: dict[str, Any], *, done: bool) -> None:
        if not isinstance(index, int) or not raw:
            return
        self.started = True
        item = self._items.setdefault(index, _Item(raw))
        item.raw, item.done = raw, done

    def _add(self, kind: str, document: dict[str, Any]) -> None:
        index, piece = document.get("output_index"), text(document.get("delta"))
        item = self._items.get(index) if isinstance(index, int) else None
        if item is None or not piece:
            return
        if "reasoning" in kind:
            item.thoughts.append(piece)
        elif "arguments" in kind:
            item.arguments.append(piece)
        elif "refusal" in kind:
            item.refusal.append(piece)
        elif "output_text" in kind:
            item.words.append(piece)

    def _end(self, response: dict[str, Any]) -> None:
        if isinstance(usage := response.get("usage"), dict):
            self._usage = usage
        for index, raw in enumerate(tables(response.get("output"))):
            # The vendor says to keep encrypted reasoning as it was in the item's own end.
            if index not in self._items or not self._items[index].done:
                self._place(index, raw, done=True)
        reason = text(table(response.get("incomplete_details")).get("reason"))
        status = text(response.get("status")) or "completed"
        self.finish = "error" if status in _FAILED else reason or status
        self.ended = True

    def _native(self, items: list[_Item], called: tuple[ToolCall, ...]) -> Native | None:
        """Return the items as they go back, None where plain text and calls say all of it."""
        calls = iter(called)
        kept: list[dict[str, Any]] = []
        for item in items:
            raw = {name: value for name, value in item.raw.items() if value is not None}
            if item.kind == "function_call":
                raw["call_id"] = safe_id(next(calls).id)  # as its result will name it
            # Without its encrypted content the vendor looks reasoning up by its id, and has not stored it.
            if item.done and item.kind in _ANSWERS and (item.kind != "reasoning" or raw.get("encrypted_content")):
                kept.append(raw)
        while kept and kept[-1]["type"] == "reasoning":
            kept.pop()  # reasoning that led to nothing is refused
        special = any(raw["type"] == "reasoning" or raw.get("phase") for raw in kept)
        return Native(self.model, tuple(kept)) if special else None

    def _stop(self, items: list[_Item]) -> str:
        if self.finish == "content_filter" or any(item.refuses() for item in items):
            return "refused"
        if self.finish in {"max_output_tokens", "incomplete"}:
            return "length"
        return "tool_calls" if any(item.kind == "function_call" for item in items) else "stop"
