"""What the gates add to a verification in a large repository: the first time of a session, and each time after.

`make bench` runs it; a number of files may be given. Half are Python, half TypeScript, with functions that differ.
"""

from __future__ import annotations

import asyncio
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.measuring import load

from ostinato.base.ids import NodeId, ProjectId
from ostinato.git.repository import Objects
from ostinato.git.run import Git
from ostinato.graph.types import Node, NodeType, Status, TaskDetails
from ostinato.verify.diff_rules import ChangedFile
from ostinato.verify.gates.gate import Gates, examined
from ostinato.verify.gates.index import Index

FILES = 2_000
LIMIT = 1.0
PYTHON = (
    "    {a} = load({b}, {n})",
    "    if {a} > {n}:\n        {b}.push({a})",
    "    for {a} in {b}.rows({n}):\n        {c} += {a}.size * {n}",
    "    {c} = [{a} for {a} in {b} if {a} != {n}]",
    "    while {a} < len({b}):\n        {a} += {n}",
    "    {b}.items[{a}] = {c} or {n}",
    '    {c} = f"{{{a}}}-{{{b}}}"',
    "    with open({a}) as {c}:\n        {b} = {c}.read({n})",
)


def main() -> int:
    """Make the repository, examine a change of two files in it, print the times; 1 when later ones exceed the limit."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FILES
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        lines = _fill(top, count)
        subprocess.run(["git", "init", "-q"], cwd=top, check=True)
        subprocess.run(["git", "add", "-A"], cwd=top, check=True)
        git = Git(top)
        tree, objects, index = git.run("write-tree"), Objects(git), Index()
        chance = random.Random(7)
        changed = [ChangedFile(f"new.{end}", None, _text(chance, end)) for end in ("py", "ts")]
        print(f"gates in {count:,} files of {lines:,} lines; {load()}")
        taken = []
        for name in ("first", "second", "third"):
            began = time.perf_counter()
            asyncio.run(examined(changed, _task(), Gates(), tree, objects, index))
            taken.append(time.perf_counter() - began)
            print(f"  {taken[-1]:6.2f} s  {name} verification ({taken[-1] / taken[0]:.0%} of the first)")
        print(f"  {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:6.0f} MB at most")
    return int(taken[-1] > LIMIT)


def _fill(top: Path, count: int) -> int:
    chance = random.Random(1)
    lines = 0
    for number in range(count):
        end = "py" if number % 2 else "ts"
        text = "".join(_text(chance, end) for _ in range(6))
        lines += text.count("\n")
        place = top / f"part{number % 40}"
        place.mkdir(exist_ok=True)
        (place / f"m{number}.{end}").write_text(text)
    return lines


def _text(chance: random.Random, end: str) -> str:
    """Return a function of some twenty lines in Python, or one that looks like it in TypeScript."""
    names = [f"v{chance.randrange(50)}" for _ in range(3)]
    body = []
    for _ in range(14):
        a, b, c = chance.sample(names, 3)
        body.append(chance.choice(PYTHON).format(a=a, b=b, c=c, n=chance.randrange(99)))
    name = f"work{chance.randrange(10**6)}"
    if end == "py":
        return f"def {name}({', '.join(names)}):\n" + "\n".join(body) + "\n    return 1, " + names[0] + "\n\n\n"
    script = [f"  if ({names[0]} > {n}) {{\n    {names[1]}.push({names[2]}[{n}]);\n  }}" for n in range(7)]
    return f"export function {name}({', '.join(names)}) {{\n" + "\n".join(script) + f"\n  return {names[0]};\n}}\n\n"


def _task() -> Node:
    made = datetime(2026, 1, 1, tzinfo=UTC)
    kind, status, details = NodeType.TASK, Status.IN_PROGRESS, TaskDetails()
    return Node(NodeId("os-1.1"), ProjectId("p"), kind, "Do it", status, made, details=details)


if __name__ == "__main__":
    sys.exit(main())
