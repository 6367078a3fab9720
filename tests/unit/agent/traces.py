"""Traces of conversations as agents really hold them, in few words: calls with their answers."""

from __future__ import annotations

import hashlib
import json
from random import Random

from ostinato.agent.ports import ToolResult
from ostinato.chat.messages import ToolCall

Made = tuple[ToolCall, ToolResult]


def call(tool: str, answer: str, *, error: bool = False, wrote: tuple[str, str] | None = None, **given: object) -> Made:
    digest = None if wrote is None else (wrote[0], hashlib.sha256(wrote[1].encode()).hexdigest())
    return ToolCall("c", tool, json.dumps(given)), ToolResult(answer, error, wrote=digest)


def read(path: str, answer: str = "1\tx = 1", **more: object) -> Made:
    return call("read_file", answer, path=path, **more)


def search(pattern: str, answer: str = "(no match)") -> Made:
    return call("search_code", answer, pattern=pattern)


def write(path: str, content: str) -> Made:
    return call("write_file", f"replaced {path} (1 line)", wrote=(path, content), path=path, content=content)


def edit(path: str, old: str, new: str, after: str) -> Made:
    said = f"edited {path}\n@@ -1 +1 @@\n-{old}\n+{new}"
    return call("edit_file", said, wrote=(path, after), path=path, old=old, new=new)


def missed(path: str, old: str, near: str = "") -> Made:
    said = f"error: old does not occur in {path}. Nothing there is like it: read the file again.{near}"
    return call("edit_file", said, error=True, path=path, old=old, new="y")


def run(command: str, code: int = 0, out: str = "") -> Made:
    said = f"exit code {code}" + (f"\nstdout:\n{out}" if out else "")
    return call("run_command", said, error=code != 0, command=command)


RED = "E   assert 3 == 4\n1 failed in 0.12s"
GREEN = "4 passed in 0.31s"


def pytest(out: str = RED, code: int = 1, seconds: float = 0.12) -> Made:
    return run("pytest -q", code, out.replace("0.12", str(seconds)))


CIRCLING: dict[str, tuple[str, list[Made]]] = {
    "reads one file again and again": ("same_call", [read("a.py")] * 3),
    "reads one page again and again": ("same_call", [read("a.py", offset=1), *[read("a.py", offset=50)] * 3]),
    "lists again and again": ("same_call", [call("list_files", "a.py", path=".")] * 3),
    "asks for a tool that is not there": ("same_call", [call("launch", "error: no tool 'launch'", error=True)] * 3),
    "sends the same wrong arguments": ("same_call", [call("write_file", "error: missing 'content'", error=True)] * 3),
    "writes the same file with the same text": ("same_call", [write("a.py", "x = 1")] * 3),
    "searches the same in vain": ("same_call", [read("a.py"), *[search("Frobnicator")] * 3]),
    "the same red test, whose times differ": ("same_call", [pytest(seconds=s) for s in (0.12, 0.44, 1.9)]),
    "a command that is not there": ("same_call", [run("tox", 127, "sh: tox: not found")] * 3),
    "prints the moment": ("same_call", [run("date -u", 0, f"2026-05-01T10:00:0{n}Z") for n in range(3)]),
    "two files in turn": ("alternating", [read("a.py"), read("b.py", "1\ty")] * 3),
    "status and diff in turn": ("alternating", [run("git status", 0, "clean"), run("git diff")] * 3),
    "three searches in turn": ("alternating", [search("a"), search("b"), search("c")] * 3),
    "writes this and that in turn": ("alternating", [write("a.py", "x = 1"), write("a.py", "x = 2")] * 3),
    "edit, test, revert, test": (
        "back_and_forth",
        [edit("a.py", "1", "2", "x = 2"), pytest(), edit("a.py", "2", "1", "x = 1"), pytest()] * 4,
    ),
    "goes back and forth with looks between": (
        "back_and_forth",
        [
            made
            for n in range(4)
            for made in (write("a.py", "x = 1"), read(f"b{n}.py"), write("a.py", "x = 2"), run(f"python a.py {n}"))
        ],
    ),
    "red test, looks, red test, looks": (
        "same_command",
        [pytest(), read("a.py"), pytest(), read("b.py"), search("x"), pytest()],
    ),
    "build fails the same between reads": (
        "same_command",
        [made for n in range(3) for made in (run("make", 2, "undefined symbol"), run(f"sed -n {n}p a.c", 0, str(n)))],
    ),
    "red test between failing edits": (
        "same_command",
        [pytest(), missed("a.py", "p"), pytest(), missed("b", "q"), pytest()],
    ),
    "edits that never match": ("same_error", [missed("a.py", f"old text {n}") for n in range(6)]),
    "six ways to a module that is missing": (
        "same_error",
        [run(f"python{n} -m app", 1, "ModuleNotFoundError: No module named 'yaml'") for n in range(6)],
    ),
    "edits around an error that stays": (
        "same_error",
        [m for n in range(6) for m in (edit("a.py", str(n), str(n + 1), f"{n}"), run(f"t {n}", 1, "E: no such table"))],
    ),
    "reads for ever": ("no_change", [read(f"src/m{n}.py", f"1\t{n}") for n in range(40)]),
    "looks around for ever": (
        "no_change",
        [made for n in range(20) for made in (search(f"word{n}"), run(f"grep -rn word{n} .", 0, str(n)))],
    ),
}
"""name → (what is seen first, the calls)."""

HONEST: dict[str, list[Made]] = {
    "reads a few files and writes": [read("a.py"), read("b.py", "1\ty"), write("a.py", "x = 2"), pytest(GREEN, 0)],
    "pages through a long file": [read("big.py", f"{n}\tline", offset=n) for n in range(1, 2000, 60)],
    "test after each edit, still red": [
        made for n in range(5) for made in (edit("a.py", str(n), str(n + 1), f"x = {n + 1}"), pytest())
    ],
    "test after each edit, other error": [
        made for n in range(30) for made in (edit("a.py", "a", "b", f"x = {n}"), pytest(f"E   assert {n} == 99"))
    ],
    "polls what changes": [run("cat build.log", 0, f"[{n}/30] compiled") for n in range(1, 31)],
    "polls until it is up": [*[run("./ready.sh", 1, "starting")] * 2, run("./ready.sh", 0, "up"), write("a", "b")],
    "reads again after its own edit": [
        made
        for n in range(12)
        for made in (read("a.py", f"1\tx = {n}"), edit("a.py", str(n), str(n + 1), f"x = {n + 1}"))
    ],
    "undoes one experiment": [
        *(write("a.py", "x = 1"), pytest(), write("a.py", "x = 2"), pytest("E   boom"), write("a.py", "x = 1")),
        *(pytest(), write("a.py", "x = 3"), pytest(GREEN, 0)),
    ],
    "breaks the code to see the tests fail": [
        made
        for n in range(8)
        for made in (
            *(edit("a.py", "ok", f"bad{n}", f"bad{n}"), pytest(f"E   mutant {n}")),
            *(edit("a.py", f"bad{n}", "ok", "ok"), pytest(GREEN, 0)),
        )
    ],
    "proves that the test is red without the change": [
        *(write("a.py", "old"), pytest(), write("a.py", "new"), pytest(GREEN, 0), write("a.py", "old"), pytest()),
        *(write("a.py", "new"), pytest(GREEN, 0)),
    ],
    "edits by shell and tests": [
        made for n in range(5) for made in (run(f"sed -i s/{n}/{n + 1}/ a.py"), pytest(seconds=n))
    ],
    "installs step by step": [run(f"pip install pkg{n}", 0, f"installed pkg{n}") for n in range(12)],
    "runs a migration that says how far it is": [run("./migrate", 0, f"applied {n}") for n in range(20)],
    "a check after each new file": [
        made for n in range(25) for made in (write(f"m{n}.py", "pass"), run("ruff check .", 0, "All checks passed!"))
    ],
    "looks at the status after each commit": [
        made for n in range(20) for made in (run(f"git commit -qm {n}"), run("git status", 0, "clean"))
    ],
    "looks for long, then works": [*[read(f"m{n}.py", str(n)) for n in range(39)], write("a.py", "x")],
    "mends a misquoted edit": [
        *(missed("a.py", "x=1"), read("a.py"), missed("a.py", "x = 1 "), read("a.py", "1\tx  = 1")),
        edit("a.py", "x  = 1", "x = 2", "x = 2"),
    ],
    "fixes one failing test after another": [
        made
        for n in range(40)
        for made in (run("pytest -x", 1, f"FAILED test_{n}\n1 failed in 1s"), edit("a.py", "a", "b", f"v{n}"))
    ],
    "compares two things twice": [*[read("a.py"), read("b.py", "1\ty")] * 2, write("c", "d")],
    "builds and tests after each edit": [
        made
        for n in range(15)
        for made in (edit("a.c", "a", "b", f"v{n}"), run("make", 0, "ok"), run("./test", 1, f"case {n} fails"))
    ],
    "makes child tasks": [call("create_task", f"os-1.{n}", title=f"part {n}") for n in range(8)],
    "records what it learned": [call("record_observation", "os-1.9", title=f"fact {n}") for n in range(8)],
    "the same formatter before each commit": [
        made
        for n in range(10)
        for made in (edit("a.py", "a", "b", f"w{n}"), run("ruff format .", 0, "all left unchanged"), run("git add"))
    ],
    "checks a flaky test twice": [pytest(), pytest(), pytest(GREEN, 0), pytest(GREEN, 0), edit("a", "b", "c", "d")],
    "the same red twice, then reads and edits": [pytest(), read("a.py"), pytest(), write("a.py", "x"), pytest()],
}
"""name → calls in which no circle may be seen, wherever one looks."""


def honest_night(seed: int) -> list[Made]:
    """Return a long conversation with progress: reads, edits that go on, tests whose results move."""
    random = Random(seed)
    made: list[Made] = []
    failing = 30
    for n in range(60):
        made += [read(f"m{random.randrange(9)}.py", f"{n}\tline") for _ in range(random.randrange(3))]
        made.append(edit(f"m{random.randrange(9)}.py", "a", "b", f"state {n}"))
        failing -= n % 4 == 3 or random.random() < 0.5
        made += [pytest(f"E   assert a\n{failing} failed in 0.12s")] * random.randrange(1, 3)
    return made
