"""A Model that writes down what is asked and answered; and a recording read as a script that plays again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ostinato.agent.ports import Model, OnRetry, ProviderError
from ostinato.chat.messages import Reply, Request
from ostinato.models.recorded_values import (
    canonical,
    compacted,
    error_of,
    error_value,
    reply_of,
    reply_value,
    request_value,
    unfolded,
)
from ostinato.models.recording_file import Line, RecordingWriter, digest, sections_of

if TYPE_CHECKING:
    from ostinato.models.recording_file import Section

_TASK = re.compile(r"(?m)^## Task: \S+ (.*?)\s*$")
_ATTEMPT = re.compile(r"(?m)^Attempt: (\d+) of \d")
_ROLES = ("propose_plan", "critique", "run_command")
"""Tools by which the conversations of one kind of agent are told from another's."""


class RecordingModel:
    """Asks `model`, and writes each answer down before it is given on. It changes nothing of either."""

    def __init__(self, model: Model, role: str, writer: RecordingWriter, on: Callable[[], bool]) -> None:
        """`on` tells whether a session is being recorded."""
        self.name = model.name
        self._model = model
        self._role = role
        self._writer = writer
        self._on = on
        self._before: list[Any] = []

    @property
    def context_window(self) -> int:
        """As the model says."""
        return self._model.context_window

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Ask once; raises what the model raises."""
        if not self._on():
            return await self._model.reply(request, on_retry)
        window, retries = self.context_window, list[tuple[str, float]]()

        def retrying(why: str, seconds: float) -> None:
            retries.append((why, seconds))
            if on_retry is not None:
                on_retry(why, seconds)

        try:
            reply = await self._model.reply(request, retrying)
        except ProviderError as error:
            self._write(request, window, retries, error=error_value(error))
            raise
        self._write(request, window, retries, reply=reply_value(replace(reply, model=reply.model or self.name)))
        return reply

    async def close(self) -> None:
        """Close the model."""
        await self._model.close()

    def _write(self, request: Request, window: int, retries: Sequence[tuple[str, float]], **answer: Any) -> None:
        # Cut first: a digest must say the same of what a replay sends, which never had the secrets.
        value = self._writer.redacted.value(request_value(request))
        self._writer.write(
            "reply",
            role=self._role,
            window=window,
            request=compacted(value, self._before),
            sha=digest(canonical(value)),
            retries=[[why, seconds] for why, seconds in retries],
            **answer,
        )
        self._before = value["messages"]


def requests_in(section: Section) -> list[tuple[Line, dict[str, Any]]]:
    """Return each recorded model call with its whole request. Raises ValueError, naming the line."""
    before: dict[str, list[Any]] = {}
    found = []
    for line in section.lines:
        if line.kind == "reply":
            role = str(line.fields["role"])
            try:
                whole = unfolded(line.fields["request"], before.get(role, []))
                answer_of(line)
            except ValueError as error:
                raise ValueError(f"line {line.number}: {error}") from error
            before[role] = whole["messages"]
            found.append((line, whole))
    return found


def answer_of(line: Line) -> Reply | ProviderError:
    """Return what a recorded call answered. Raises ValueError where that is malformed."""
    if isinstance(line.fields.get("error"), dict):
        return error_of(line.fields["error"])
    if not isinstance(line.fields.get("reply"), dict):
        raise ValueError("a model call needs `reply` or `error`")
    return reply_of(line.fields["reply"])


def script_of(text: str, path: Path) -> dict[str, Any]:
    """Return a recording as the document of a script: each conversation by its task and attempt, or its tool.

    Raises ConfigError for a malformed file. `expect` beside a recorded reply is asserted on, as in any script.
    """
    played: dict[str, dict[str, Any]] = {}
    for section in sections_of(text, str(path)):
        for line, request in requests_in_or_refuse(section, path):
            first = next((str(m.get("text", "")) for m in request["messages"] if m.get("role") == "user"), "")
            when = _when(first, {str(tool.get("name")) for tool in request["tools"]})
            replies = played.setdefault(json.dumps(when), {"when": when, "replies": []})["replies"]
            number = sum(message.get("role") == "assistant" for message in request["messages"])
            replies[number:] = [_entry(line)]
    if not played:
        return {"version": 1, "conversations": []}
    return {"version": 1, "conversations": list(played.values())}


def requests_in_or_refuse(section: Section, path: Path) -> list[tuple[Line, dict[str, Any]]]:
    """The same as `requests_in`; raises ConfigError."""
    from ostinato.base.errors import ConfigError

    try:
        return requests_in(section)
    except ValueError as error:
        raise ConfigError(f"recording {path}, {error}") from error


def _when(first: str, tools: set[str]) -> dict[str, Any]:
    task, attempt = _TASK.search(first), _ATTEMPT.search(first)
    when: dict[str, Any] = {}
    if role := next((name for name in _ROLES if name in tools), None):
        when["tool"] = role
    if task is not None:
        when["task"] = task[1]
    if attempt is not None:
        when["attempt"] = int(attempt[1])
    return when


def _entry(line: Line) -> dict[str, Any]:
    fields = line.fields
    more = {"expect": fields["expect"]} if "expect" in fields else {}
    if "error" in fields:
        kind = fields["error"].get("kind")
        return {
            **more,
            "error": {"kind": "down" if kind == "given_up" else kind, "message": fields["error"]["message"]},
        }
    reply = fields["reply"]
    kept = {name: reply[name] for name in ("text", "reasoning", "tool_calls", "stop") if reply.get(name)}
    usage = {name: n for name, n in reply["usage"].items() if name != "calls" and n is not None}
    return {**more, **kept, "usage": usage}


if TYPE_CHECKING:

    def _fits(model: RecordingModel) -> Model:
        return model
