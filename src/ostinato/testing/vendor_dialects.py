"""Chat Completions as Groq and Mistral speak it, seen from the server, for what goes through the vendors' libraries.

What they share with everyone is `chat_dialect`'s. Mistral is told from others by `/mistral` before its path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ostinato.testing import chat_dialect
from ostinato.testing.answers import Answer, Event, call_id

_MISTRAL_ID = re.compile(r"[A-Za-z0-9]{9}")


class GroqDialect:
    """Reasoning and usage have names of their own."""

    path = "/openai/v1/chat/completions"
    end_mark = chat_dialect.end_mark
    names_events = chat_dialect.names_events

    def problems_of(self, body: Mapping[str, Any]) -> list[str]:
        """Return what strict servers see; usage comes unasked here."""
        return chat_dialect.problems_beside_fields({**_as_everyone(body), "stream_options": {"include_usage": True}})

    def normal_form(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the request as handlers see it."""
        return _as_everyone(body)

    def unmarked(self, body: Mapping[str, Any]) -> list[Any]:
        """Return what must be repeated."""
        return chat_dialect.unmarked(body)

    def setting_of(self, body: Mapping[str, Any]) -> list[Any]:
        """Return what stays the same throughout a conversation."""
        return chat_dialect.setting_of(body)

    def cache_problems(self, body: Mapping[str, Any], before: int) -> list[str]:
        """Return []: there are no marks."""
        return []

    def reasoning_of(self, answer: Answer) -> dict[str, Any] | None:
        """Return None: it is not wanted back."""
        return None

    def said_with(self, body: Mapping[str, Any], identifier: str) -> list[Any]:
        """Return []."""
        return []

    def error(self, answer: Answer) -> dict[str, Any]:
        """Return the body of a refusal."""
        return chat_dialect.error(answer)

    def events(self, answer: Answer, body: Mapping[str, Any]) -> Iterable[Event]:
        """Yield the events of a stream."""
        usage = answer.usage
        for event in chat_dialect.events(replace(answer, usage=None), body):
            assert isinstance(event, dict)
            (choice,) = event["choices"]
            delta = choice["delta"]
            if "reasoning_content" in delta:
                choice["delta"] = {"reasoning": delta["reasoning_content"]}
            if choice["finish_reason"] and usage is not None:
                event = {**event, "x_groq": {"id": "req_1", "usage": dict(usage)}}
            yield event

    def document(self, answer: Answer, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the whole answer as one document."""
        return chat_dialect.document(answer, body)


class MistralDialect(GroqDialect):
    """Reasoning is a part of the content, a call comes whole, and its id has nine letters and digits."""

    path = "/mistral/v1/chat/completions"

    def problems_of(self, body: Mapping[str, Any]) -> list[str]:
        """Return what strict servers see, and ids that Mistral refuses."""
        calls = [call for message in body.get("messages", []) for call in message.get("tool_calls") or ()]
        wrong = [call["id"] for call in calls if not _MISTRAL_ID.fullmatch(str(call.get("id")))]
        return super().problems_of(body) + [f"the id {one!r} must have nine letters and digits" for one in wrong]

    def events(self, answer: Answer, body: Mapping[str, Any]) -> Iterable[Event]:
        """Yield the events of a stream."""
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
        deltas += [{"content": [_thinking(words)]} for words in _halves(answer.reasoning)]
        deltas += [{"content": words} for words in _halves(answer.text)]
        deltas += [{"tool_calls": [_whole(answer, index, body)]} for index in range(len(answer.tool_calls))]
        frame = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": body.get("model", "")}
        for delta in deltas:
            yield {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        last = {**frame, "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": answer.reason()}]}
        yield last if answer.usage is None else {**last, "usage": dict(answer.usage)}


def _as_everyone(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request with the text of each message as a text, whatever parts it comes in."""
    return {**body, "messages": [{**message, **_content(message)} for message in body.get("messages", [])]}


def _content(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, list):
        content = "".join(str(part.get("text", "")) for part in content)
    calls = message.get("tool_calls")
    return {"content": content or "", "tool_calls": calls or []}


def _thinking(words: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": words}]}


def _halves(words: str) -> list[str]:
    half = len(words) // 2
    return [part for part in (words[:half], words[half:]) if part]


def _whole(answer: Answer, index: int, body: Mapping[str, Any]) -> dict[str, Any]:
    call = answer.tool_calls[index]
    identifier = re.sub(r"[^A-Za-z0-9]", "", call_id(call, index, body)).rjust(9, "0")[-9:]
    return {"id": identifier, "index": index, "function": {"name": call.name, "arguments": call.text()}}
