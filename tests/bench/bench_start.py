"""How much the start of the command line costs, in CPU seconds of the child, beside a bare import of what it needs.

`make bench` runs it; no test does, since a busy machine would decide. All commands are run in turn, so that a change
of the machine's load meets all of them; the ratio is of the medians.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 20
BASELINE = "import click, apsw, dataclasses"
LIMIT = 1.5
_MODULES = """
import json, sys
sys.argv[0] = "ostinato"
from ostinato.cli.main import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def main() -> int:
    """Measure and print; return 1 when a ratio is above the limit."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        environ = {**os.environ, "OSTINATO_DB": str(place / "bench.db")}
        _small_project(place, environ)
        ostinato = str(Path(sys.executable).parent / "ostinato")
        commands = {
            "baseline": [sys.executable, "-c", BASELINE],
            "--version": [ostinato, "--version"],
            "tasks next --json": [ostinato, "tasks", "next", "--json"],
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, command in commands.items():
                times[name].append(_cpu(command, place, environ))
        return _report(times, place, environ)


def _report(times: dict[str, list[float]], place: Path, environ: dict[str, str]) -> int:
    base = statistics.median(times["baseline"])
    print(f"CPU of the child (user + system), ms, {RUNS} runs each; baseline: python -c {BASELINE!r}")
    worst = 0.0
    for name, taken in times.items():
        ratio = statistics.median(taken) / base
        worst = max(worst, ratio)
        print(f"{name:<20} min {min(taken) * 1000:6.1f}  median {statistics.median(taken) * 1000:6.1f}  x{ratio:.2f}")
    bare = _loaded(
        [
            sys.executable,
            "-c",
            f"{BASELINE}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)",
        ],
        place,
        environ,
    )
    for name in ("--version", "tasks next --json"):
        more = _loaded([sys.executable, "-c", _MODULES, *name.split()], place, environ) - bare
        print(f"\n{name}: {len(more)} modules beyond the baseline\n  {' '.join(sorted(more))}")
    print(f"\nlimit x{LIMIT}: {'kept' if worst <= LIMIT else 'NOT kept'}")
    return 0 if worst <= LIMIT else 1


def _small_project(place: Path, environ: dict[str, str]) -> None:
    subprocess.run(["git", "init", "-q", place], check=True)
    ostinato = str(Path(sys.executable).parent / "ostinato")

    def run(*arguments: str) -> str:
        ran = subprocess.run([ostinato, *arguments], cwd=place, env=environ, check=True, capture_output=True, text=True)
        return ran.stdout.strip()

    goal = run("node", "add", "goal", "A goal")
    for number in range(10):
        run("node", "add", "task", f"Task {number}", "--parent", goal, "--check", "true")


def _cpu(command: list[str], place: Path, environ: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=place, env=environ, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _loaded(command: list[str], place: Path, environ: dict[str, str]) -> set[str]:
    ran = subprocess.run(command, cwd=place, env=environ, check=True, capture_output=True, text=True)
    return set(json.loads(ran.stderr.splitlines()[-1]))


if __name__ == "__main__":
    sys.exit(main())
