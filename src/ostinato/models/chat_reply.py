"""The chunks of a Chat Completions answer put together into a Reply, whatever the server's dialect. Pure.

One path for streams (`delta`) and for whole answers (`message`). Tool-call arguments stay raw text: they are never
parsed or repaired here, since the tools' room answers malformed ones to the model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Reply, Request, ToolCall
from ostinato.models.answers import bytes_of, count, estimate, table, tables, text, with_own_ids

_STOPS = {
    "stop": "stop",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "length": "length",
    "max_tokens": "length",
    "content_filter": "refused",
}


@dataclass(slots=True)
class _Call:
    """A tool call under construction."""

    id: str = ""
    name: str = ""
    arguments: str = ""

    def whole(self) -> bool:
        """Tell whether the arguments are one JSON document already."""
        try:
            json.loads(self.arguments)
        except ValueError:
            return False
        return True


@dataclass(slots=True)
class ReplyBuilder:
    """Feed it each JSON document of the answer in order; then ask for the reply.

    `finish` is the server's reason for the end, None while there was none; `started` tells whether the model said
    anything; `reasoning_field` is the name under which reasoning came.
    """

    finish: str | None = None
    ended: bool = False  # this protocol's end mark is no JSON: whoever reads the stream knows it
    started: bool = False
    reasoning_field: str | None = None
    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)
    _refused: bool = False
    _calls: list[_Call] = field(default_factory=list)
    _at_index: dict[int, _Call] = field(default_factory=dict)
    _usage: dict[str, Any] | None = None

    def feed(self, document: Any) -> None:
        """Take one chunk, or one whole answer. What is not of the expected form in it is passed over."""
        if not isinstance(document, dict):
            return
        usage = document.get("usage")
        if isinstance(usage, dict):
            self._usage = usage
        for choice in tables(document.get("choices")):
            if choice.get("index") in (0, None):
                self._take(choice)

    def reply(self, request: Request, request_bytes: int) -> Reply:
        """Return what was said. Missing and doubled call ids are replaced by ones that are new in `request`."""
        message = AssistantMessage(
            text="".join(self._text),
            tool_calls=with_own_ids((ToolCall(call.id, call.name, call.arguments) for call in self._calls), request),
            reasoning="".join(self._reasoning),
        )
        return Reply(message, self.spending(request_bytes), self._stop())

    def spending(self, request_bytes: int) -> Spending:
        """Return the usage that the server reported, or an estimate of about four bytes a token; no cost yet."""
        usage = self._usage or {}
        sent, made = count(usage, "prompt_tokens"), count(usage, "completion_tokens")
        if not sent and not made:
            return Spending(input=estimate(request_bytes), output=estimate(self._output_bytes()), calls=1)
        details = usage.get("prompt_tokens_details")
        cached = count(details, "cached_tokens") or count(usage, "prompt_cache_hit_tokens")
        # Some vendors leave reasoning out of the completion's count; the total has it.
        made = max(made, count(usage, "total_tokens") - sent)
        reasoning = count(usage.get("completion_tokens_details"), "reasoning_tokens")
        return Spending(
            input=sent,
            cached_input=min(cached, sent),
            cache_write=min(count(details, "cache_write_tokens"), sent),
            output=made,
            reasoning=min(reasoning, made),
            calls=1,
        )

    @property
    def reported(self) -> bool:
        """Tell whether the server has reported any usage."""
        return self._usage is not None

    def _take(self, choice: dict[str, Any]) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            self._add_text(self._text, delta.get("content"))
            if isinstance(refusal := delta.get("refusal"), str) and refusal:
                self._refused = True
                self._add_text(self._text, refusal)
            self._add_reasoning(delta)
            for part in tables(delta.get("tool_calls")):
                self._add_call(part)
        if isinstance(finish := choice.get("finish_reason"), str) and finish:
            self.finish = finish

    def _add_text(self, to: list[str], content: Any) -> None:
        if isinstance(content, str) and content:
            self.started = True
            to.append(content)
        for part in tables(content):
            # Mistral's servers send content as a list of typed parts.
            self._add_text(to if part.get("type") == "text" else self._reasoning, part.get("text"))
            self._add_text(self._reasoning, part.get("thinking"))

    def _add_reasoning(self, delta: dict[str, Any]) -> None:
        # Servers that know both names send the same words under both.
        for name in ("reasoning_content", "reasoning"):
            words = delta.get(name)
            if isinstance(words, str) and words:
                self.reasoning_field = self.reasoning_field or name
                self._add_text(self._reasoning, words)
                return

    def _add_call(self, part: dict[str, Any]) -> None:
        self.started = True
        function = table(part.get("function"))
        name = text(function.get("name"))
        call = self._call_for(part.get("index"), text(part.get("id")), name)
        call.id = call.id or text(part.get("id"))
        if name != call.name:  # some servers repeat the whole name in every chunk
            call.name += name
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            call.arguments += arguments
        elif arguments is not None:
            call.arguments += json.dumps(arguments, ensure_ascii=False)

    def _call_for(self, index: Any, identifier: str, name: str) -> _Call:
        """Return the call that a part belongs to. The index says so where there is one, else the id, else the order.

        A named part that cannot continue the call at its place opens a new one: some servers send index 0, or none,
        for every call.
        """
        by_index = isinstance(index, int)
        if by_index:
            found = self._at_index.get(index)
        else:
            found = next((call for call in self._calls if identifier and call.id == identifier), None)
            if found is None and self._calls and not (identifier and name):
                found = self._calls[-1]
        if found is None or (name and found.name and _is_another(found, identifier, name)):
            found = _Call()
            self._calls.append(found)
        if by_index:
            self._at_index[index] = found
        return found

    def _stop(self) -> str:
        if self._refused:
            return "refused"
        stop = _STOPS.get(self.finish or "", "stop")
        return "tool_calls" if self._calls and stop == "stop" else stop

    def _output_bytes(self) -> int:
        calls = bytes_of(words for call in self._calls for words in (call.name, call.arguments))
        return calls + bytes_of((*self._text, *self._reasoning))


def _is_another(found: _Call, identifier: str, name: str) -> bool:
    if identifier and found.id:
        return identifier != found.id
    return name != found.name or found.whole()
