"""What a repository of 50,000 files costs: first checkouts, resets, harvest, and a whole iteration's overhead.

`make bench` runs it; no test does. The floors are git's own commands on the same tree, run in turn with ours, so that a
change of the machine's load meets both. The repository is synthetic, made by fast-import in some seconds.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.bench_iteration import git
from tests.bench.measuring import load

from ostinato.base.ids import NodeId
from ostinato.git.checkouts import Place, SetupPlan, acquire
from ostinato.git.goal_branch import GitGoalBranch
from ostinato.git.repository import Repository
from ostinato.verify.types import CommandResult

FILES = 50_000
RUNS = 3
GOAL = NodeId("os-12345678")


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        Path(folder, ".gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.org\n")
        start = time.perf_counter()
        repository = make_large(Path(folder) / "repo", FILES)
        print(f"{FILES:,} files made in {time.perf_counter() - start:.1f} s; {load()}; medians of {RUNS}, in seconds")
        asyncio.run(measure(repository, Path(folder)))
    return 0


def make_large(path: Path, files: int) -> Path:
    """Make a repository of that many small files in directories of fifty, checked out."""
    git(path.parent, "init", "-q", "-b", "main", str(path))
    with subprocess.Popen(["git", "fast-import", "--quiet"], cwd=path, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b"commit refs/heads/main\ncommitter B <b@x> 1700000000 +0000\ndata 5\nfirst\n")
        for number in range(files):
            text = b"".join(b"value_%d_%d = %d\n" % (number, line, line) for line in range(20))
            name = b"area%d/part%d/file%d.py" % (number // 2500, number // 50, number)
            process.stdin.write(b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(text), text))
    assert process.returncode == 0
    git(path, "reset", "-q", "--hard", "main")
    return path


async def measure(path: Path, folder: Path) -> None:
    """Print each part beside its floor."""
    repository = Repository.find(path)
    place = acquire(folder / "state", repository, SetupPlan(), _no_setup)
    branch = GitGoalBranch(repository).using(place.workshop)
    base = await branch.tip(GOAL)

    async def typed(*arguments: str) -> None:
        await asyncio.to_thread(git, path, *arguments)

    other = str(folder / "other")
    floor = await _timed(lambda: typed("worktree", "add", "-q", "--detach", other, "HEAD"), 1)
    for name in ("work", "proof"):
        checkout = place.work if name == "work" else place.proof
        _row(f"first checkout, {name}", await _timed(lambda c=checkout: c.reset(base), 1), "git worktree add", floor)
    status = await _timed(lambda: typed("status", "--porcelain"))
    reset = await _timed(lambda: _typed_reset(path))
    _row("reset, nothing changed", await _timed(lambda: place.work.reset(base)), "git reset and clean", reset)
    _row("harvest, nothing changed", await _timed(lambda: place.harvest(base, ())), "git status", status)
    overheads = [await _iteration(place, branch, number) for number in range(RUNS)]
    for name in overheads[0]:
        _row(name, statistics.median(one[name] for one in overheads), "git status", status)


async def _iteration(place: Place, branch: GitGoalBranch, number: int) -> dict[str, float]:
    """Do what an iteration does with git; return the seconds of each part and of the whole."""
    taken: dict[str, float] = {}
    started = time.perf_counter()

    async def step(name: str, work: Awaitable[object]) -> object:
        start = time.perf_counter()
        result = await work
        taken[f"iteration: {name}"] = time.perf_counter() - start
        return result

    base = await branch.tip(GOAL)
    await step("both resets to the base", asyncio.gather(place.proof.reset(base), place.work.reset(base)))
    for file in (f"area1/new{number}.py", "area3/part170/file8500.py"):
        (place.work.path / file).write_text(f"changed = {number}\n")
    change = await place.harvest(base, ())
    await step("harvest of two files", place.harvest(base, ()))
    await step("proof to the new tree", place.proof.reset_to_tree(change.tree, base))
    commit = str(await step("commit", branch.prepare_commit(change.tree, base, f"Change {number}\n")))
    branch.advance(GOAL, base, commit)
    whole = time.perf_counter() - started - taken["iteration: harvest of two files"]
    taken["iteration: all of its git"] = whole
    return taken


async def _typed_reset(path: Path) -> None:
    await asyncio.to_thread(git, path, "reset", "-q", "--hard", "HEAD")
    await asyncio.to_thread(git, path, "clean", "-ffdq")


async def _timed(work: Callable[[], Awaitable[object]], runs: int = RUNS) -> float:
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def _row(name: str, seconds: float, floor_name: str, floor: float) -> None:
    print(f"  {name:<36} {seconds:6.2f}   x{seconds / floor:4.1f} of {floor_name} ({floor:.2f})")


async def _no_setup(command: str, checkout: Path, home: Path, timeout: float) -> CommandResult:
    raise AssertionError(f"no setup expected: {command}")


if __name__ == "__main__":
    sys.exit(main())
