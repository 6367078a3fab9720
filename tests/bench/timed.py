"""Times what the parts of a session take, by wrapping the ports of its workbench. It changes nothing that they do."""

from __future__ import annotations

import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ostinato.loop.workbench import Workbench

MODEL, COMMAND = "model", "commands in the sandbox"
STORE = "store"


@dataclass(slots=True)
class Times:
    """Seconds of wall time by part of the present iteration, and the finished iterations before it."""

    parts: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    calls: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    done: list[dict[str, float]] = field(default_factory=list)
    counts: list[dict[str, int]] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    began: float = 0.0
    cpu: float = 0.0
    left_model: float = 0.0
    between: bool = False
    commands: float = 0.0
    waiting: int = 0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Count the time of the block."""
        start = time.perf_counter()
        self.waiting += 1
        try:
            yield
        finally:
            self.waiting -= 1
            taken = time.perf_counter() - start
            self.parts[name] += taken
            self.calls[name] += 1
            if name == COMMAND:
                self.commands += taken

    def enter_model(self) -> None:
        """The first request of an iteration ends the gap since the last answer of the one before."""
        if self.between:
            self.gaps.append(time.perf_counter() - self.left_model - self.commands)
            self.between = False

    def claimed(self) -> None:
        """A claim ends the iteration before it."""
        now, cpu = time.perf_counter(), cpu_seconds()
        if self.began:
            parts = dict(self.parts)
            parts["whole"], parts["cpu"] = now - self.began, cpu - self.cpu
            self.done.append(parts)
            self.counts.append(dict(self.calls))
            self.between = True
        self.parts.clear()
        self.calls.clear()
        self.began, self.cpu = now, cpu


def cpu_seconds() -> float:
    """Return the CPU time of this process and of its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed_bench(bench: Workbench, times: Times) -> Workbench:
    """Return the bench with its ports timed."""
    return replace(
        bench,
        store=_Store(bench.store, times),
        model=_Model(bench.model, times),
        places=_Places(bench.places, times),
        branch=_Part(bench.branch, times, "branch: "),
        files=_Part(bench.files, times, "diff read: "),
        runner=_Part(bench.runner, times, "", {"run": COMMAND}),
    )


class _Part:
    """A port whose methods are timed under a prefix, or under a name of their own."""

    def __init__(self, inner: Any, times: Times, prefix: str, names: dict[str, str] | None = None) -> None:
        self._inner, self._times, self._prefix, self._names = inner, times, prefix, names or {}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found
        label = self._names.get(name) or f"{self._prefix}{name}"

        def sync(*args: Any, **kwargs: Any) -> Any:
            with self._times.part(label):
                result = found(*args, **kwargs)
            return self._awaited(result, label) if hasattr(result, "__await__") else result

        return sync

    async def _awaited(self, result: Any, label: str) -> Any:
        self._times.calls[label] -= 1
        with self._times.part(label):
            return await result


class _Places(_Part):
    def __init__(self, inner: Any, times: Times) -> None:
        super().__init__(inner, times, "")
        self.work = _Part(inner.work, times, "work: ")
        self.proof = _Part(inner.proof, times, "proof: ")

    async def ensure_setup(self, checkout: Any) -> None:
        with self._times.part("setup stamp"):
            await self._inner.ensure_setup(checkout._inner)


class _Model:
    def __init__(self, inner: Any, times: Times) -> None:
        self._inner, self._times = inner, times
        self.name, self.context_window = inner.name, inner.context_window

    async def reply(self, *args: Any, **kwargs: Any) -> Any:
        self._times.enter_model()
        with self._times.part(MODEL):
            reply = await self._inner.reply(*args, **kwargs)
        self._times.left_model, self._times.commands = time.perf_counter(), 0.0
        return reply

    async def close(self) -> None:
        await self._inner.close()


class _Store:
    def __init__(self, inner: Any, times: Times) -> None:
        self._inner, self._times = inner, times

    async def __call__(self, work: Callable[[Any], Any]) -> Any:
        names = getattr(work, "__code__", None)
        said = ".".join(names.co_names[:2]) if names else "answers"
        if "claim_next" in said:
            self._times.claimed()
        with self._times.part(f"{STORE}: {said}"):
            return await self._inner(work)
