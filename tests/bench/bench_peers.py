"""Other trackers on the same tasks: seeds (JSONL, bun) and Backlog.md (a file a task), installed from npm, beside ours.

`make bench` runs it where npm is there and says so where it is not. The packages are kept in the person's cache
directory, never in a checkout. CPU and memory are those of the whole process; each shows its first 50 of a list.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.measuring import Cost, environment, load, run, slope, typical
from tests.bench.prepared import prepared

SIZES = (1_000, 10_000, 100_000)
BACKLOG_MOST = 10_000
PACKAGES = ("@os-eco/seeds-cli@0.5.13", "bun@1.4.5", "backlog.md@1.52.0")
VERBS = ("ready", "list", "show", "search", "create")
RUNS = 5
SLOW = 2.0
"""A command that takes longer than so many seconds of CPU is run once only."""
TIMEOUT = 90


@dataclass(frozen=True, slots=True)
class Tracker:
    """One program on one set of data: its commands by verb, and where they run."""

    name: str
    nodes: int
    place: Path
    environ: Mapping[str, str]
    commands: Mapping[str, list[str]]


def main() -> int:
    """Print the table. It judges nothing: peers have no limits of ours."""
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    try:
        binaries = _installed()
    except (OSError, subprocess.SubprocessError) as error:
        print(f"peers: SKIPPED, npm did not install them ({error})")
        return 0
    print(f"peers on the same tasks: CPU in ms (MB) of the whole process; {load()}")
    print(f"  {'':<12} {'nodes':>8} " + " ".join(f"{verb:>14}" for verb in VERBS))
    with tempfile.TemporaryDirectory() as folder:
        costs: dict[tuple[str, int], dict[str, Cost]] = {}
        for tracker in _trackers(sizes, Path(folder), binaries):
            costs[tracker.name, tracker.nodes] = _row(tracker)
    _slopes(costs)
    return 0


def _installed() -> Path:
    """Return the folder of the packages; npm fills it where they are missing. Raises OSError or SubprocessError."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ostinato-bench" / "peers"
    stamp = cache / "installed"
    if not stamp.exists() or stamp.read_text() != repr(PACKAGES):
        npm = shutil.which("npm")
        if npm is None:
            raise FileNotFoundError("there is no npm")
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--prefix", str(cache), *PACKAGES],
            cwd=cache,
            check=True,
            capture_output=True,
            timeout=300,
        )
        stamp.write_text(repr(PACKAGES))
    return cache / "node_modules"


def _trackers(sizes: tuple[int, ...], folder: Path, binaries: Path) -> Iterator[Tracker]:
    for nodes in sizes:
        source = prepared("goals", nodes)
        yield _ours(nodes, source, folder / f"ours{nodes}")
        yield _seeds(nodes, source, folder / f"seeds{nodes}", binaries)
        backlog = next(binaries.glob("backlog.md-*/backlog"), None)
        if nodes <= BACKLOG_MOST and backlog is not None:
            yield _backlog(nodes, source, folder / f"backlog{nodes}", backlog)


def _ours(nodes: int, source: Path, place: Path) -> Tracker:
    place.mkdir()
    database = Path(shutil.copy(source / "graph.db", place / "graph.db"))
    words = {
        "ready": "tasks ready --limit 50 --json",
        "list": "tasks list --limit 50 --json",
        "show": "node show os-00000001.7 --json",
        "search": "search --limit 50 token --json",
        "create": "node add task New --parent os-00000001 --json",
    }
    binary = str(Path(sys.executable).parent / "ostinato")
    commands = {verb: [binary, *said.split()] for verb, said in words.items()}
    return Tracker("ostinato", nodes, source / "repository", environment(database), commands)


def _seeds(nodes: int, source: Path, place: Path, binaries: Path) -> Tracker:
    place.mkdir()
    program = [str(binaries / ".bin" / "bun"), str(binaries / "@os-eco" / "seeds-cli" / "src" / "index.ts")]
    subprocess.run(["git", "init", "-q", "."], cwd=place, check=True)
    subprocess.run([*program, "init"], cwd=place, check=True, capture_output=True, timeout=TIMEOUT)
    shutil.copy(source / "seeds.jsonl", place / ".seeds" / "issues.jsonl")
    words = {
        "ready": "ready --limit 50 --json",
        "list": "list --limit 50 --json",
        "show": "show os-00000001.7 --json",
        "search": "search token --limit 50 --json",
        "create": "create --title New --type task --json",
    }
    commands = {verb: [*program, *said.split()] for verb, said in words.items()}
    return Tracker("seeds", nodes, place, os.environ, commands)


def _backlog(nodes: int, source: Path, place: Path, binary: Path) -> Tracker:
    place.mkdir()
    # Without git it is faster: that is the way measured.
    command = [str(binary), "init", "bench", "--defaults", "--no-git", "--agent-instructions", "none"]
    subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=TIMEOUT)
    shutil.copytree(source / "backlog", place / "backlog" / "tasks", dirs_exist_ok=True)
    words = {
        "ready": "task list --ready --limit 50 --plain",
        "list": "task list --limit 50 --plain",
        "show": "task view TASK-7 --plain",
        "search": "search token --limit 50 --plain",
        "create": "task create New --plain",
    }
    commands = {verb: [str(binary), *said.split()] for verb, said in words.items()}
    return Tracker("Backlog.md", nodes, place, os.environ, commands)


def _row(tracker: Tracker) -> dict[str, Cost]:
    costs: dict[str, Cost] = {}
    cells = []
    for verb in VERBS:
        cost = _cost(tracker, verb)
        if cost is None or cost.code:
            cells.append(f"{'-' if cost else f'over {TIMEOUT} s':>14}")
            continue
        costs[verb] = cost
        cells.append(f"{cost.cpu * 1000:8.0f} ({cost.megabytes:3.0f})")
    print(f"  {tracker.name:<12} {tracker.nodes:>8,} " + " ".join(f"{cell:>14}" for cell in cells), flush=True)
    return costs


def _cost(tracker: Tracker, verb: str) -> Cost | None:
    costs: list[Cost] = []
    while len(costs) < (RUNS if not costs or costs[0].cpu < SLOW else 1):
        cost = run(tracker.commands[verb], tracker.place, tracker.environ, TIMEOUT)
        if cost is None:
            return None
        costs.append(cost)
    return typical(costs)


def _slopes(costs: Mapping[tuple[str, int], Mapping[str, Cost]]) -> None:
    """Print how each program's costs grew from its smallest to its largest size."""
    for name in dict.fromkeys(name for name, _ in costs):
        sizes = sorted(size for other, size in costs if other == name)
        small, large = costs[name, sizes[0]], costs[name, sizes[-1]]
        if len(sizes) > 1:
            grown = {
                verb: slope(small[verb].cpu, large[verb].cpu, sizes[-1] / sizes[0])
                for verb in VERBS
                if verb in small and verb in large
            }
            said = "  ".join(f"{verb} {value:.2f}" for verb, value in grown.items())
            print(f"  slope of {name}, {sizes[0]:,} to {sizes[-1]:,}: {said}")


if __name__ == "__main__":
    sys.exit(main())
