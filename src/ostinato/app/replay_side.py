"""What a replay gives to the run in the place of the world: the lines of one recorded session, each in its turn."""

from __future__ import annotations

import difflib
import json
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ostinato.agent.ports import Model, OnRetry, ProviderError, ToolResult
from ostinato.app.lanes import Lane
from ostinato.app.recorded_ports import error_of, is_live, result_of
from ostinato.app.recording import prompt_digests
from ostinato.base.clock import Clock, parse_time
from ostinato.base.ids import random_hex
from ostinato.chat.messages import Reply, Request, ToolCall
from ostinato.models.recorded_values import canonical, request_value
from ostinato.models.recording import answer_of, requests_in
from ostinato.models.recording_file import Line, Redacted, Section, digest

_BEFORE_ANY = datetime(1970, 1, 1, tzinfo=UTC)


class Cut(Exception):
    """The recording stops here: its run was killed."""


class Enough(Exception):
    """As far as the person wanted."""


class Apart(Exception):
    """The first difference: `what` is request, graph, tool or run; `text` a unified diff, or words."""

    def __init__(self, what: str, text: str, iteration: int = 0, step: int = 0) -> None:
        super().__init__(f"{what}: {text}")
        self.what = what
        self.text = text
        self.iteration = iteration
        self.step = step


class Playback:
    """The lines of one session by kind, and how far the replay has come. Implements `recorded_ports.Through`."""

    def __init__(self, section: Section) -> None:
        """Raises ValueError for a malformed model call, naming its line."""
        self.lane = Lane()
        self.iterations = 0
        self.requests = 0
        self.step = 0
        self._section = section
        self._cut = Redacted({})
        self._calls = deque(requests_in(section))
        self._clocks: defaultdict[tuple[str, str], deque[Line]] = defaultdict(deque)
        self._kinds: defaultdict[str, deque[Line]] = defaultdict(deque)
        self._ports: defaultdict[str, deque[Line]] = defaultdict(deque)
        for line in section.lines:
            if line.kind in ("now", "mono"):
                self._clocks[line.kind, str(line.fields["clock"])].append(line)
            elif line.kind == "port":
                self._ports[str(line.fields["name"])].append(line)
            else:
                self._kinds[line.kind].append(line)
        end = self._kinds["end"]
        if end and end[-1].fields.get("asked") and self._clocks["mono", "loop"]:
            last = self._clocks["mono", "loop"].pop()
            self._clocks["mono", "loop"].append(Line(last.number, last.kind, {**last.fields, "asked": True}))

    def reading(self, kind: str, clock: str) -> Mapping[str, Any] | None:
        """Return the next reading of a clock, None beside the run and after the last."""
        waiting = self._clocks[kind, clock]
        return waiting.popleft().fields if waiting and self.lane.ours() else None

    def new_id(self) -> str:
        """Return the random part of the next id."""
        waiting = self._kinds["id"]
        return str(waiting.popleft().fields["value"]) if waiting and self.lane.ours() else random_hex()

    def changed_prompts(self) -> tuple[str, ...]:
        """Return the prompt files that are not those of the recording."""
        then, now = self._section.head["prompts"], prompt_digests()
        return tuple(sorted(name for name in {*then, *now} if then.get(name) != now.get(name)))

    def next_iteration(self) -> Mapping[str, Any]:
        """Return the rows that the next iteration changed."""
        rows: Mapping[str, Any] = self._next(self._kinds["iteration"], "begins another iteration").fields["rows"]
        return rows

    def end(self) -> Mapping[str, Any] | None:
        """Return the end of the session, None where it was killed."""
        return self._kinds["end"][-1].fields if self._kinds["end"] else None

    def left(self) -> str:
        """Say what the replay did not ask for, "" where nothing is left."""
        return f"{len(self._calls)} model calls are left" if self._calls else ""

    async def call(self, name: str, real: Callable[[], Awaitable[Any]]) -> Any:
        """Return what the recorded call returned, or raise what it raised."""
        return self.now(name, lambda: None)

    def now(self, name: str, real: Callable[[], Any]) -> Any:
        """The same for what is no coroutine."""
        fields = self._next(self._ports[name], f"asks for `{name}`").fields
        if fields.get("error") is not None:
            raise error_of(fields["error"])
        return fields.get("result")

    async def tool(self, call: ToolCall, real: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        """Run a tool of the graph; any other answers as it did."""
        line = self._next(self._kinds["tool"], f"calls {call.name}")
        if line.fields["name"] != call.name:
            raise self._apart("tool", f"-calls {line.fields['name']}\n+calls {call.name}")
        if is_live(call):
            return await real()
        if line.fields.get("error") is not None:
            raise error_of(line.fields["error"])
        return result_of(line.fields["result"])

    def own_model(self, profile: str, real: Model | None) -> Model:
        """Return a model that answers for the profile's."""
        return ReplayModel(profile, self)

    def asked(self, request: Request) -> tuple[Line, Reply | ProviderError]:
        """Return the next recorded call and its answer. Raises Apart where the request is not the recorded one."""
        self.step += 1
        value = self._cut.value(request_value(request))
        if not self._calls:
            self._none_left("asks the model once more")
        line, recorded = self._calls.popleft()
        if digest(canonical(value)) != line.fields["sha"]:
            then, now = request_lines(recorded), request_lines(value)
            raise self._apart("request", unified(then, now) or "(it differs in nothing that is shown)")
        self.requests += 1
        return line, answer_of(line)

    def next_window(self) -> int:
        """Return the context window of the model that is asked next."""
        return int(self._calls[0][0].fields["window"]) if self._calls else 128_000

    def _next(self, waiting: deque[Line], what: str) -> Line:
        if not waiting:
            self._none_left(what)
        return waiting.popleft()

    def _none_left(self, what: str) -> None:
        if not self._section.whole:
            raise Cut
        raise self._apart("run", f"the replay {what}, which the recorded run did not")

    def _apart(self, what: str, text: str) -> Apart:
        return Apart(what, text, self.iterations + 1, self.step)


class ReplayModel:
    """Answers as the recorded model did, and holds each request against the recorded one."""

    def __init__(self, name: str, play: Playback) -> None:
        self.name = name
        self._play = play

    @property
    def context_window(self) -> int:
        """As it was at this call."""
        return self._play.next_window()

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Return or raise what was recorded, its waits told but not waited."""
        line, answer = self._play.asked(request)
        for why, seconds in line.fields["retries"]:
            if on_retry is not None:
                on_retry(str(why), float(seconds))
        if isinstance(answer, ProviderError):
            raise answer
        return answer

    async def close(self) -> None:
        """Nothing is open."""


class ReplayClock:
    """Says what the recorded clock said; a reading more says the last one again."""

    def __init__(self, name: str, play: Playback, stop: Callable[[], None] = lambda: None) -> None:
        """`stop` is called where the person asked for a stop."""
        self._name = name
        self._play = play
        self._stop = stop
        self._moment = _BEFORE_ANY
        self._seconds = 0.0

    def now(self) -> datetime:
        """Return the recorded moment."""
        if (found := self._play.reading("now", self._name)) is not None:
            self._moment = parse_time(str(found["at"]))
        return self._moment

    def monotonic(self) -> float:
        """Return the recorded seconds."""
        if (found := self._play.reading("mono", self._name)) is not None:
            self._seconds = float(found["at"])
            if found.get("asked"):
                self._stop()
        return self._seconds

    async def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


def request_lines(value: Mapping[str, Any]) -> list[str]:
    """Return a request as lines for the eye, each message under a line of its own."""
    lines = ["## system", *str(value["system"]).splitlines()]
    for tool in value["tools"]:
        lines += [f"## tool {tool.get('name')}", str(tool.get("description")), str(tool.get("parameters"))]
    for number, message in enumerate(value["messages"], 1):
        lines.append(f"## message {number}: {message.get('role')}")
        for name, held in message.items():
            if name != "role":
                said = held if isinstance(held, str) else json.dumps(held, ensure_ascii=False, sort_keys=True)
                lines += [f"{name}: {part}" if name != "text" else part for part in said.splitlines()]
    return lines


def rows_text(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Return how rows of the graph differ, one line for each value."""
    return unified(_row_lines(then), _row_lines(now))


def _row_lines(rows: Mapping[str, Any]) -> list[str]:
    return [
        f"{key}: {name} = {json.dumps(held, ensure_ascii=False)}"
        for key, row in sorted(rows.items())
        for name, held in (row or {}).items()
    ]


def unified(then: list[str], now: list[str]) -> str:
    """Return a unified diff from the recording to the replay."""
    return "\n".join(difflib.unified_diff(then, now, "recording", "replay", lineterm=""))


if TYPE_CHECKING:

    def _fits(model: ReplayModel, clock: ReplayClock) -> tuple[Model, Clock]:
        return model, clock
