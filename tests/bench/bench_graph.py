"""What the graph's commands cost at 1,000, 10,000 and 100,000 nodes, beside the floor of a bare import, in one run.

`make bench` runs it; sizes may be given. CPU is that of the whole process, the median of runs taken in turn with the
floor's, so that a change of the machine's load meets all of them. The data is made once and kept under `.bench/`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.measuring import Cost, environment, load, run, slope, typical
from tests.bench.prepared import prepared
from tests.bench.vocabulary import RARE

OSTINATO = str(Path(sys.executable).parent / "ostinato")
FLOOR = "import click, apsw, dataclasses"
SIZES = (1_000, 10_000, 100_000)
RUNS = 7
TIMEOUT = 300
FEW = 1.0
"""A command that takes longer than so many seconds of CPU is run three times only."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table. `limit` is in floors at the largest size, `seconds` in seconds of CPU, since wall time
    is that of everybody on the machine; `megabytes` of memory.

    A line that `writes` does so on a copy; a `fresh` one begins with an empty database.
    """

    words: str
    limit: float | None = None
    seconds: float | None = None
    megabytes: float | None = None
    writes: bool = False
    fresh: bool = False


LINES = (
    Line("tasks next --json", limit=2, megabytes=60),
    Line("tasks claim --agent me", limit=2, megabytes=60, writes=True),
    Line("node show {task}", limit=2, megabytes=60),
    Line("tasks ready --limit 50", limit=2, megabytes=60),
    Line(f"search --limit 10 {RARE}", limit=4),
    Line("search --limit 10 token", limit=4),
    Line("search --limit 10 the", limit=4),
    Line("search --limit 10 retry token", limit=4),
    Line("tasks list --limit 50", megabytes=60),
    Line("status"),
    Line("show {task}"),
    Line("show {goal}"),
    Line("node add task New --parent {goal}", writes=True),
)
WHOLE_GOAL = (
    Line("notes --goal {goal}", seconds=1),
    Line("show {goal}"),
    Line("status"),
    Line("report {goal} --output {output}.md"),
    Line("tasks claim --goal {goal} --agent me", limit=2, writes=True),
    Line("tasks tree --goal {goal}"),
)
IMPORTS = (
    Line("import {beads} --format beads", seconds=15, fresh=True),
    Line("graph export --output {output}"),
)


class Place:
    """Databases of one shape and size to run commands on: one that is read, and a fresh copy for what writes."""

    def __init__(self, shape: str, nodes: int, folder: Path) -> None:
        self.nodes = nodes
        self.source = prepared(shape, nodes)
        self.repository = self.source / "repository"
        self.folder = folder / f"{shape}{nodes}"
        self.folder.mkdir()
        shutil.copy(self.source / "graph.db", self.folder / "read.db")
        shutil.copy(self.source / "graph.db", self.folder / "write.db")

    def cost(self, line: Line) -> Cost | None:
        """Run the command of a line once."""
        words = line.words.format(
            task="os-00000001.7",
            goal="os-00000001",
            output=self.folder / "output",
            beads=self.source / "beads.jsonl",
        )
        database = self.folder / ("fresh.db" if line.fresh else "write.db" if line.writes else "read.db")
        return run([OSTINATO, *words.split()], self.repository, environment(database), TIMEOUT)

    def floor(self) -> Cost | None:
        """Run the floor once."""
        return run([sys.executable, "-c", FLOOR], self.repository, environment(self.folder / "read.db"))


def main() -> int:
    """Print the tables; return 1 when a figure is over its limit."""
    sizes = tuple(int(size) for size in sys.argv[1:]) or SIZES
    kept = True
    with tempfile.TemporaryDirectory() as folder:
        places = [Place("goals", size, Path(folder)) for size in sizes]
        print(f"the graph at {', '.join(f'{size:,}' for size in sizes)} nodes; {load()}")
        kept &= _table("several goals", LINES, places)
        kept &= _table("in and out", IMPORTS, places, runs=1)
        kept &= _table("one goal with all nodes below it", WHOLE_GOAL, [Place("one", sizes[-1], Path(folder))])
    print(f"limits: {'kept' if kept else 'NOT kept'}")
    return 0 if kept else 1


def _table(title: str, lines: tuple[Line, ...], places: list[Place], runs: int = RUNS) -> bool:
    sizes = " ".join(f"{f'{place.nodes:,}':>8}" for place in places)
    print(f"\n{title}: CPU in ms; floor: python -c {FLOOR!r}")
    print(f"  {'ostinato …':<38} {sizes}   slope  x floor     MB  seconds  limit")
    kept = True
    for line in lines:
        kept &= _row(line, places, runs)
    return kept


def _row(line: Line, places: list[Place], runs: int) -> bool:
    costs: list[Cost] = []
    floor = None
    for place in places:
        measured = _in_turn(lambda place=place: place.cost(line), place.floor, runs)  # type: ignore[misc]
        if measured is None:
            print(f"  {line.words:<38} SKIPPED: over {TIMEOUT} s at {place.nodes:,} nodes")
            return line.seconds is None
        if measured[0].code not in {0, 3}:
            print(f"  {line.words:<38} SKIPPED: it is not there, or it failed at {place.nodes:,} nodes")
            return True
        cost, floor = measured
        costs.append(cost)
    assert floor is not None
    last, ratio = costs[-1], costs[-1].cpu / floor.cpu
    grown = f"{slope(costs[0].cpu, last.cpu, places[-1].nodes / places[0].nodes):5.2f}" if len(costs) > 1 else "     "
    sizes = " ".join(f"{cost.cpu * 1000:8.0f}" for cost in costs)
    said, kept = _judged(line, ratio, last)
    print(f"  {line.words:<38} {sizes}   {grown}  x{ratio:6.2f} {last.megabytes:6.0f}  {last.seconds:7.2f}  {said}")
    return kept


def _in_turn(work: Callable[[], Cost | None], floor: Callable[[], Cost | None], runs: int) -> tuple[Cost, Cost] | None:
    """Return the typical costs of the command and of the floor, run in turn; None when a run had to be ended."""
    costs: list[Cost] = []
    floors: list[Cost] = []
    while len(costs) < (runs if not costs or costs[0].cpu < FEW else min(runs, 3)):
        for measured, into in ((work(), costs), (floor(), floors)):
            if measured is None:
                return None
            into.append(measured)
        if costs[-1].code not in {0, 3}:
            break
    return typical(costs), typical(floors)


def _judged(line: Line, ratio: float, cost: Cost) -> tuple[str, bool]:
    found = [
        (line.limit, ratio, "x{:g}"),
        (line.megabytes, cost.megabytes, "{:g} MB"),
        (line.seconds, cost.cpu, "{:g} s of CPU"),
    ]
    parts = [
        f"{text.format(limit)} {'ok' if value <= limit else 'OVER'}"
        for limit, value, text in found
        if limit is not None
    ]
    return ", ".join(parts), not any(part.endswith("OVER") for part in parts)


if __name__ == "__main__":
    sys.exit(main())
