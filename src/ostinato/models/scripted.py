"""A model that plays a file (`models.script_file` has its format). Free, offline, and the same at every run.

Which reply comes next is a function of the request alone: the conversation is chosen by the system prompt, the first
user message and the tools offered, the reply by the number of assistant messages so far. Nothing is remembered, so a
run that was killed goes on where it stood, and iterations may run side by side. Scripted failures go through the same
classification and retries as real ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.agent.ports import (
    ContextTooLong,
    Model,
    OnRetry,
    ProviderDown,
    ProviderError,
    ProviderRefused,
    ProviderUnsteady,
)
from ostinato.base.clock import Clock
from ostinato.base.spending import Spending
from ostinato.base.text import clip, one_line
from ostinato.chat.messages import AssistantMessage, Message, Reply, Request, ToolCall, ToolMessage, UserMessage
from ostinato.models.answers import bytes_of, estimate
from ostinato.models.failures import Endpoint, ErrorReport, Transient, failure_of
from ostinato.models.limits import TransportLimits
from ostinato.models.retry import Retries, jitter
from ostinato.models.script_file import ScriptedError, ScriptedReply, When, read_script

_FINAL: dict[str, type[ProviderError]] = {
    "refused": ProviderRefused,
    "context": ContextTooLong,
    "down": ProviderDown,
    "unsteady": ProviderUnsteady,
}


class ScriptedModel:
    """Plays one file, read and checked when it is made."""

    def __init__(
        self, path: Path, *, limits: TransportLimits, clock: Clock, random: Callable[[], float] = jitter
    ) -> None:
        """Raises ConfigError when the file is missing or malformed, naming the place."""
        self._script = read_script(path)
        self.name = f"scripted:{path}"
        self.context_window = self._script.context_window or limits.context_window
        self._clock = clock
        self._endpoint = Endpoint(self.name, f"the script {path.name}")
        self._retries = Retries(self.name, limits, clock, random)

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Return the reply that the file has for this request.

        Raises ProviderRefused when it has none and when an expectation fails, naming file and place, and whatever
        error the file says.
        """
        place, entry = self._entry(request)
        tries = 0

        async def attempt() -> Reply:
            nonlocal tries
            tries += 1
            if entry.delay:
                await self._clock.sleep(entry.delay)
            self._check(request, entry, place)
            error = entry.error
            if error is not None and (error.times is None or tries <= error.times):
                raise self._failure(error)
            return self._reply(request, entry, place)

        return await self._retries.run(attempt, on_retry)

    async def close(self) -> None:
        """Nothing is open."""

    def _entry(self, request: Request) -> tuple[str, ScriptedReply]:
        number = sum(isinstance(message, AssistantMessage) for message in request.messages)
        conversation = next((one for one in self._script.conversations if _matches(one.when, request)), None)
        if conversation is None:
            begins = clip(one_line(_first_user(request)), 120)
            raise self._refused("has no conversation", f"for a request that begins {begins!r}")
        if number >= len(conversation.replies):
            held = f"{conversation.place} has {len(conversation.replies)}"
            raise self._refused("has no further reply", f"({held}, number {number + 1} was asked for)")
        return f"{conversation.place}, reply {number + 1}", conversation.replies[number]

    def _check(self, request: Request, entry: ScriptedReply, place: str) -> None:
        last = _words(request.messages[-1]) if request.messages else ""
        results = takewhile(lambda message: not isinstance(message, AssistantMessage), reversed(request.messages))
        answered = "\n".join(message.text for message in results if isinstance(message, ToolMessage))
        expect = entry.expect
        for what, wanted, there in (
            ("the last message", expect.last_contains, last),
            ("the tool results", expect.tool_result_contains, answered),
            ("the system prompt", expect.system_contains, request.system),
            ("the first user message", expect.user_contains, _first_user(request)),
        ):
            for text in wanted:
                if text not in there:
                    shown = clip(one_line(there), 300)
                    raise self._refused(f"expected {text!r} in {what}", f"({place}), but there was: {shown!r}")
        whole = "\n".join((request.system, *map(_words, request.messages)))
        for text in expect.lacks:
            if text in whole:
                raise self._refused(f"expected no {text!r} in the request", f"({place})")

    def _failure(self, error: ScriptedError) -> Transient | ProviderError:
        if error.status is not None:
            report = ErrorReport(error.message, error.type, error.code)
            return failure_of(error.status, error.headers, report, self._endpoint, self._clock.now())
        kind = error.kind or ""
        reason = f"{self._endpoint.address}: {error.message or kind}"
        final = _FINAL.get(kind)
        return final(reason) if final is not None else Transient(reason, outage=kind == "connection")

    def _reply(self, request: Request, entry: ScriptedReply, place: str) -> Reply:
        found = {name: self._find(pattern, request, place) for name, pattern in entry.find.items()}

        def filled(text: str, quote: Callable[[str], str]) -> str:
            for name, value in found.items():
                text = text.replace(f"<<{name}>>", quote(value))
            return text

        number = sum(isinstance(message, AssistantMessage) for message in request.messages)
        calls = tuple(
            ToolCall(call.id or f"call_{number + 1}_{place}", call.name, filled(call.arguments, _in_json))
            for place, call in enumerate(entry.tool_calls, 1)
        )
        message = AssistantMessage(filled(entry.text, str), calls, entry.reasoning)
        stop = entry.stop or ("tool_calls" if calls else "stop")
        return Reply(message, entry.usage or _estimated(request, message), stop)

    def _find(self, pattern: re.Pattern[str], request: Request, place: str) -> str:
        for message in reversed(request.messages):
            matches = list(pattern.finditer(_words(message)))
            if matches:
                return matches[-1][pattern.groups and 1] or ""
        raise self._refused(f"found nothing like {pattern.pattern!r}", f"({place})")

    def _refused(self, what: str, where: str) -> ProviderRefused:
        return ProviderRefused(f"the script {self._script.path} {what} {where}")


def _matches(when: When, request: Request) -> bool:
    first = _first_user(request)
    if when.attempt is not None and not re.search(rf"(?m)^Attempt: {when.attempt} of \d", first):
        return False
    if when.task is not None and not re.search(rf"(?m)^## Task: \S+ {re.escape(when.task)}\s*$", first):
        return False
    if when.tool is not None and when.tool not in {spec.name for spec in request.tools}:
        return False
    return all(text in request.system for text in when.system_contains) and all(
        text in first for text in when.user_contains
    )


def _first_user(request: Request) -> str:
    return next((message.text for message in request.messages if isinstance(message, UserMessage)), "")


def _words(message: Message) -> str:
    if isinstance(message, AssistantMessage):
        return "\n".join((message.text, *(call.arguments for call in message.tool_calls)))
    return message.text


def _estimated(request: Request, message: AssistantMessage) -> Spending:
    sent = bytes_of((request.system, *map(_words, request.messages)))
    return Spending(input=estimate(sent), output=estimate(bytes_of([_words(message)])), calls=1)


def _in_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


if TYPE_CHECKING:

    def _fits(model: ScriptedModel) -> Model:
        return model
