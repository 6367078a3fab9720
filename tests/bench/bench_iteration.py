"""What one iteration costs beside the model and the checks: real git, SQLite, bubblewrap and HTTP on the loopback.

`make bench` runs it; no test does, since a busy machine would decide. Every number is a median of iterations of one
run; the floor is the bare git commands that an iteration cannot do without, measured in the same minute.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.measuring import load
from tests.bench.timed import COMMAND, MODEL, Times, timed_bench
from tests.scenario.world import Turn, brain, done, write

from ostinato.app.job import JobOptions
from ostinato.app.opening import open_adapters, open_bench
from ostinato.base.clock import SystemClock
from ostinato.loop.interruption import Interruption
from ostinato.loop.ralph import ralph
from ostinato.testing.chat_server import Answer, ChatServer

ITERATIONS = 26
FILES = 200
LIMIT = 0.25
_WARM = 3


def main() -> int:
    """Measure and print; return 1 when the gap is above the limit."""
    with tempfile.TemporaryDirectory() as folder, ChatServer(brain({}, _writer)) as server:
        place = Path(folder)
        _person(place, server.url)
        repository = make_repository(place / "repo", FILES)
        goal = _goal(repository)
        times = asyncio.run(session(repository, goal))
        return _report(times, _floor(repository))


def make_repository(path: Path, files: int) -> Path:
    """Make a small repository with one commit."""
    path.mkdir()
    for number in range(files):
        file = path / f"package{number % 10}" / f"module{number}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"VALUE = {number}\n" * 20)
    git(path, "init", "-q", "-b", "main")
    git(path, "add", "-A")
    git(path, "commit", "-qm", "first")
    return path


async def session(repository: Path, goal: str) -> Times:
    """Run a ralph session on the goal with every port timed."""
    os.chdir(repository)
    opened = open_adapters(JobOptions(model="openai-chat:bench"), "coder", SystemClock())
    times = Times()
    try:
        bench = open_bench(opened, Interruption(), lambda what, session=None: None)
        node = await opened.bridge(lambda s: s.graph.get(goal))
        end = await ralph(timed_bench(bench, times), node)
        assert end.stop.reason.value == "goal_completed", end.stop
    finally:
        await opened.close()
    return times


def _report(times: Times, floor: float) -> int:
    rows = times.done[_WARM:]
    fixed = [row["whole"] - row.get(MODEL, 0.0) - row.get(COMMAND, 0.0) for row in rows]
    print(f"{len(rows)} iterations on {FILES} files, medians in ms; {load()}")
    names = sorted({name for row in rows for name in row} - {"whole", "cpu", MODEL, COMMAND})
    parts = {name: [row.get(name, 0.0) for row in rows] for name in names}
    counted = [sum(column) for column in zip(*parts.values(), strict=True)]
    parts["the rest, less what overlaps (resets)"] = [f - c for f, c in zip(fixed, counted, strict=True)]
    print(f"  {'part':<40} {'ms':>7}  calls")
    for name, taken in sorted(parts.items(), key=lambda item: -statistics.median(item[1])):
        calls = statistics.median(counts.get(name, 0) for counts in times.counts[_WARM:])
        print(f"  {name:<40} {statistics.median(taken) * 1000:7.1f}  {calls:5.0f}")
    gap = statistics.median(times.gaps[_WARM:])
    print(f"{'fixed cost of an iteration':<42} {statistics.median(fixed) * 1000:7.1f}")
    print(f"{'  CPU of it and of its commands':<42} {statistics.median(row['cpu'] for row in rows) * 1000:7.1f}")
    print(f"{'floor: the bare git commands':<42} {floor * 1000:7.1f}   x{statistics.median(fixed) / floor:.1f}")
    print(f"{'commands in the sandbox (left out)':<42} {statistics.median(row[COMMAND] for row in rows) * 1000:7.1f}")
    print(f"{'model on the loopback (left out)':<42} {statistics.median(row[MODEL] for row in rows) * 1000:7.1f}")
    print(f"{'gap: last answer to next request':<42} {gap * 1000:7.1f}")
    kept = gap < LIMIT
    print(f"limit of the gap {LIMIT * 1000:.0f} ms: {'kept' if kept else 'NOT kept'}")
    return 0 if kept else 1


def _floor(repository: Path) -> float:
    """Return the seconds that an iteration's git takes when somebody types it: reset, clean, add, commit, move."""
    taken = []
    for number in range(10):
        (repository / "floor.txt").write_text(f"{number}\n")
        start = time.perf_counter()
        git(repository, "add", "-A")
        tree = git(repository, "write-tree")
        commit = git(repository, "commit-tree", tree, "-p", "HEAD", "-m", "floor")
        git(repository, "update-ref", "refs/heads/floor", commit)
        git(repository, "reset", "-q", "--hard", "HEAD")
        git(repository, "clean", "-ffdq")
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _writer(turn: Turn) -> Answer:
    name = turn.title.removeprefix("Make ")
    return done() if turn.number else write(f"{name}.txt", f"{name}\n")


def _goal(repository: Path) -> str:
    """Make a goal of independent tasks by the command line; return its id."""
    goal = _ostinato(repository, "node", "add", "goal", "Some files")
    for number in range(ITERATIONS):
        name = f"part{number:02}"
        check = f"grep -qx {name} {name}.txt"
        _ostinato(repository, "node", "add", "task", f"Make {name}", "--parent", goal, "--check", check)
    return goal


def _person(place: Path, url: str) -> None:
    for name in ("DATA", "STATE", "CONFIG"):
        os.environ[f"XDG_{name}_HOME"] = str(place / name.lower())
    os.environ.pop("OSTINATO_DB", None)
    os.environ |= {"HOME": str(place), "OPENAI_BASE_URL": url, "OPENAI_API_KEY": "sk-bench"}
    (place / ".gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.org\n")


def _ostinato(repository: Path, *arguments: str) -> str:
    program = str(Path(sys.executable).parent / "ostinato")
    ran = subprocess.run([program, *arguments], cwd=repository, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


def git(repository: Path, *arguments: str) -> str:
    """Run git as a person does."""
    ran = subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True)
    return ran.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
