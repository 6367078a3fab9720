"""search_code: lines that match a pattern, below one directory of the checkout.

A pattern written by a model can be catastrophic, so the search runs in a process of its own that is ended by the clock.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from pathlib import Path, PurePosixPath

from ostinato.agent.ports import ToolResult
from ostinato.base.globs import matches
from ostinato.tools.files import walk
from ostinato.tools.outputs import HEAD, ROW, TAIL, Outputs
from ostinato.tools.paths import Checkout, relative
from ostinato.tools.tool import NUMBER, TEXT, Arguments, Tool, ToolRefusal

_MOST = 200
_SECONDS = 20
_LARGEST_FILE = 1_000_000
_GRACE = 5.0
_CUT = 1_000
"""Bytes of the line that tells what of an output was left out."""

# Reads a job from stdin and prints matching lines; run with -I -S, so that it imports little. Its alarm ends it even in
# the middle of a match, and also when the harness that started it is dead.
_PROGRAM = r"""
import json, os, re, signal, sys
job = json.load(sys.stdin)
signal.signal(signal.SIGALRM, signal.SIG_DFL)
signal.alarm(job["seconds"])
pattern = re.compile(job["pattern"])
left = job["most"]
for name in job["names"]:
    path = os.path.join(job["root"], name)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        continue
    with os.fdopen(fd, "rb") as file:
        data = file.read(job["largest"] + 1)
    if len(data) > job["largest"] or (b"\0" in data[:4096] and not job["row"]):
        continue
    lines = data.decode("utf-8", "replace").split("\n")
    if job["row"]:
        lines = [line[at : at + job["row"]] for line in lines for at in range(0, len(line) or 1, job["row"])]
    for number, line in enumerate(lines, 1):
        if pattern.search(line[:2000]):
            print(f"{name}:{number}: {line[:300]}".rstrip("\r").replace("\r", " "), flush=True)
            left -= 1
            if not left:
                sys.exit(0)
"""


def search_tool(checkout: Checkout, outputs: Outputs | None = None) -> Tool:
    """Return search_code for a checkout, and for what commands printed."""

    async def run(arguments: Arguments) -> ToolResult:
        return await _search(checkout, outputs, arguments)

    return Tool(
        "search_code",
        "Search the lines of files with a regular expression. `glob` filters files, `path` is where to look.",
        run,
        {"pattern": TEXT, "path": TEXT, "glob": TEXT, "max_results": NUMBER},
        ("pattern",),
    )


async def _search(checkout: Checkout, outputs: Outputs | None, arguments: Arguments) -> ToolResult:
    pattern, note = _pattern(arguments["pattern"])
    most = max(1, min(arguments.get("max_results", _MOST), _MOST))
    where = arguments.get("path", ".")
    job: dict[str, object]
    if outputs is not None and outputs.known(where):
        job = {"root": str(outputs.folder), "names": [where], "largest": HEAD + TAIL + _CUT, "row": ROW}
    else:
        top, glob = relative(where), arguments.get("glob")
        names = [name for name in _names(checkout, top) if not glob or matches(name, [glob, f"**/{glob}"])]
        job = {"root": str(checkout.root), "names": names, "largest": _LARGEST_FILE, "row": 0}
    lines = await _run({**job, "pattern": pattern, "most": most + 1})
    shown = lines[:most]
    more = "\n… more matches: narrow it" if len(lines) > most else ""
    return ToolResult(
        ("\n".join(shown) or "(no match)") + more + note, summary=f"{len(shown)} match{'' if len(shown) == 1 else 'es'}"
    )


def _names(checkout: Checkout, top: PurePosixPath) -> list[str]:
    """Return the files below a directory, or the file itself."""
    if checkout.is_file(top):
        return [str(top)]
    return walk(checkout, top)


async def _run(job: dict[str, object]) -> list[str]:
    limited = {**job, "seconds": _SECONDS}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _PROGRAM),
        cwd=Path("/"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(json.dumps(limited).encode()), _SECONDS + _GRACE)
    except TimeoutError:
        raise _endless() from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == -signal.SIGALRM:
        raise _endless()
    return out.decode("utf-8", "replace").split("\n")[:-1]


def _endless() -> ToolRefusal:
    return ToolRefusal(f"the search took longer than {_SECONDS} s: use a simpler pattern, a path or a glob")


def _pattern(given: str) -> tuple[str, str]:
    """Return the pattern, taken literally with a note where it is no regular expression."""
    try:
        re.compile(given)
    except re.error as error:
        return re.escape(given), f"\n(not a regular expression: {error}; searched for it as plain text)"
    return given, ""
