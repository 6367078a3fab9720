"""`--record`: writes down whatever a session took from outside, so that `ostinato replay` can give it again.

Models, clocks, ids, tools, checks, git and setup are read through ports here; the run itself knows nothing of it. A
recording that cannot be written any more never ends a run: it stops, and the person is told at the end.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ostinato.agent.ports import Model, ToolResult
from ostinato.app.lanes import Lane, LaneBridge
from ostinato.app.recorded_ports import (
    ThroughBranch,
    ThroughCheckouts,
    ThroughCrew,
    ThroughFiles,
    ThroughRunner,
    ThroughTools,
    error_value,
    result_value,
)
from ostinato.base.clock import Clock, SystemClock, format_time
from ostinato.base.errors import OstinatoError
from ostinato.base.ids import SessionId, random_hex
from ostinato.chat.messages import ToolCall
from ostinato.config.settings import Settings
from ostinato.models.recorded_values import canonical
from ostinato.models.recording import RecordingModel
from ostinato.models.recording_file import VERSION, RecordingWriter, digest
from ostinato.store.snapshots import Flat, flat, newest_session, rows_of

if TYPE_CHECKING:
    from pathlib import Path

    from ostinato.app.opening import Opened
    from ostinato.graph.types import Node
    from ostinato.loop.interruption import Interruption
    from ostinato.loop.workbench import Workbench
    from ostinato.store.store import Store

_ROWS = 200
NOT_KEPT = ("notify", "sandbox")
"""Sections of the settings that a replay has no use for and that may hold addresses and values of a person's own."""


class Recorder:
    """Writes one session into one file, from `begin` to `end`."""

    def __init__(self, path: Path, *, replacing: bool, append: bool = False) -> None:
        """Raises UsageError where the file is there already or cannot be made."""
        self.writer = RecordingWriter(path, os.environ, replace=replacing, append=append)
        self.lane = Lane()
        self.interruption: Interruption | None = None
        self._opened: Opened | None = None
        self._model = ""
        self._before: Flat = {}
        self._iterations = 0
        self._asked = False
        self._own: dict[str, Model] = {}

    @property
    def on(self) -> bool:
        """True while a session is being recorded."""
        return self.lane.entered

    def clock(self, name: str) -> Clock:
        """Return the machine's clock, its readings written down as those of the clock `name`."""
        return _RecordingClock(name, self)

    def new_id(self) -> str:
        """Return the random part of an id."""
        value = random_hex()
        if self.lane.ours():
            self.writer.write("id", value=value)
        return value

    def model(self, model: Model, role: str) -> Model:
        """Return the model, its answers written down."""
        self._model = self._model or model.name
        return RecordingModel(model, role, self.writer, lambda: self.on)

    def bridge(self, store: Store) -> LaneBridge:
        """Return the bridge to the store."""
        return LaneBridge(store, self.lane)

    def bench(self, bench: Workbench) -> Workbench:
        """Return the workbench with this recorder behind its ports."""
        self.interruption = bench.interruption
        return through(bench, self, self.clock("loop"), self._shared(bench.share))

    async def begin(self, opened: Opened, bench: Workbench, goal: Node | None) -> None:
        """Write the state from which the session sets out; from here on everything counts. `goal` None: it plans."""
        self._opened = opened
        rows = await opened.bridge(lambda s: rows_of(s.db, opened.project.id))
        self._before = await self._state(SessionId(""))
        git = opened.repository.git
        settings = kept_settings(opened.settings)
        self.writer.write(
            "head",
            version=VERSION,
            mode="plan" if goal is None else "ralph",
            goal=None if goal is None else goal.id,
            project=opened.project.id,
            agent=bench.agent,
            model=self._model,
            settings=settings,
            limits=asdict(opened.limits),
            fingerprint=digest(canonical(settings)),
            profiles={name: asdict(bench.crew.profile(name)) for name in sorted(bench.crew.names())},
            prompts=prompt_digests(),
            head=git.run("rev-parse", "HEAD"),
        )
        for table, found in rows.items():
            for first in range(0, len(found), _ROWS):
                self.writer.write("rows", table=table, rows=found[first : first + _ROWS])
        self.writer.write("begin")
        self.lane.enter()

    async def end(self, stopped: str, detail: str) -> None:
        """Write how the session ended; a second time does nothing."""
        if not self.on:
            return
        self.lane.leave()
        late = self.interruption is not None and self.interruption.asked and not self._asked
        self.writer.write("end", stopped=stopped, detail=detail, rows=await self._changed(), asked=late)

    def close(self) -> None:
        """Close the file."""
        self.lane.leave()
        self.writer.close()

    async def call(self, name: str, real: Callable[[], Awaitable[Any]]) -> Any:
        """Do it, and write what came of it."""
        try:
            result = await real()
        except (OstinatoError, OSError) as error:
            self._port(name, error=error_value(error))
            raise
        self._port(name, result=result)
        return result

    def now(self, name: str, real: Callable[[], Any]) -> Any:
        """The same for what is no coroutine."""
        try:
            result = real()
        except (OstinatoError, OSError) as error:
            self._port(name, error=error_value(error))
            raise
        self._port(name, result=result)
        return result

    async def tool(self, call: ToolCall, real: Callable[[], Awaitable[ToolResult]]) -> ToolResult:
        """Run the tool, and write what it answered."""
        try:
            result = await real()
        except (OstinatoError, OSError) as error:
            if self.on:
                self.writer.write("tool", name=call.name, arguments=call.arguments, error=error_value(error))
            raise
        if self.on:
            self.writer.write("tool", name=call.name, arguments=call.arguments, result=result_value(result))
        return result

    def own_model(self, profile: str, real: Model | None) -> Model:
        """Return a profile's own model, its answers written down."""
        assert real is not None
        if profile not in self._own:
            self._own[profile] = self.model(real, profile)
        return self._own[profile]

    def asked_now(self) -> bool:
        """Tell, the first time only, that the person asked for a stop."""
        asked = self.interruption is not None and self.interruption.asked and not self._asked
        self._asked = self._asked or asked
        return asked

    def _port(self, name: str, **outcome: Any) -> None:
        if self.on:
            self.writer.write("port", name=name, **outcome)

    def _shared(self, share: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def after_an_iteration() -> None:
            await share()
            if self.on:
                self._iterations += 1
                self.writer.write("iteration", n=self._iterations, rows=await self._changed())

        return after_an_iteration

    async def _state(self, session: SessionId | None) -> Flat:
        assert self._opened is not None
        opened = self._opened
        project = opened.project.id
        return await opened.bridge(
            lambda s: flat(rows_of(s.db, project, newest_session(s.db, project) if session is None else session))
        )

    async def _changed(self) -> dict[str, Any]:
        now = await self._state(None)
        changed, self._before = changes(self._before, now), now
        return changed


class _RecordingClock:
    """The machine's clock; what the run reads is written down."""

    def __init__(self, name: str, recorder: Recorder) -> None:
        self._name = name
        self._recorder = recorder
        self._clock = SystemClock()

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        moment = self._clock.now()
        if self._recorder.lane.ours():
            self._recorder.writer.write("now", clock=self._name, at=format_time(moment))
        return moment

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        seconds = self._clock.monotonic()
        if self._recorder.lane.ours():
            more = {"asked": True} if self._recorder.asked_now() else {}
            self._recorder.writer.write("mono", clock=self._name, at=seconds, **more)
        return seconds

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._clock.sleep(seconds)


def through(
    bench: Workbench, between: Any, clock: Clock, share: Callable[[], Awaitable[None]], model: Model | None = None
) -> Workbench:
    """Return a workbench whose ports go through `between`."""

    def conventions() -> str:
        return str(between.now("conventions", bench.conventions))

    def coder_tools(*arguments: Any) -> Any:
        made = bench.coder_tools(*arguments)
        return replace(made, tools=ThroughTools(made.tools, between))

    def planner_tools(*arguments: Any) -> Any:
        made = bench.planner_tools(*arguments)
        return replace(made, tools=ThroughTools(made.tools, between))

    return replace(
        bench,
        model=model or bench.model,
        places=ThroughCheckouts(bench.places, between),
        branch=ThroughBranch(bench.branch, between),
        files=ThroughFiles(bench.files, between),
        runner=ThroughRunner(bench.runner, between),
        coder_tools=coder_tools,
        planner_tools=planner_tools,
        crew=ThroughCrew(bench.crew, between),
        conventions=conventions,
        clock=clock,
        share=share,
    )


def changes(before: Flat, now: Flat) -> dict[str, Any]:
    """Return the rows of `now` that are not as `before`, None for those that are gone."""
    changed: dict[str, Any] = {key: row for key, row in now.items() if before.get(key) != row}
    return {**changed, **{key: None for key in before if key not in now}}


def kept_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings that a session goes by as JSON values."""
    return {name: value for name, value in asdict(settings).items() if name not in NOT_KEPT}


def prompt_digests() -> Mapping[str, str]:
    """Return prompt file → SHA-256."""
    prompts = files("ostinato.agent").joinpath("prompts")
    texts = {file.name: file.read_text("utf-8") for file in prompts.iterdir() if file.name.endswith(".md")}
    return {name: digest(text) for name, text in sorted(texts.items())}
