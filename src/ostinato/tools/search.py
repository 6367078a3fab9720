"""The tool that searches the checkout's text. The search itself is a process that can be ended (`search_worker`)."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ostinato.agent.ports import ToolResult
from ostinato.tools.disk import shown
from ostinato.tools.paths import Tree
from ostinato.tools.tool import INTEGER, TEXT, Arguments, Tool, ToolFailure, tool
from ostinato.tools.walk import files_below, selected

DEFAULT_RESULTS = 100
MOST_RESULTS = 500
SECONDS = 10.0
_GRACE = 5.0

Hit = tuple[str, int, str]


class SearchTools:
    """The search tool over one checkout. `seconds` bound one search."""

    def __init__(self, tree: Tree, seconds: float = SECONDS) -> None:
        self._tree = tree
        self._seconds = seconds

    def tools(self) -> tuple[Tool, ...]:
        """Return the tool."""
        return (
            tool(
                "search_code",
                "Search lines for a regular expression (Python; (?i) ignores case).",
                {"pattern": TEXT, "path": TEXT, "glob": TEXT, "max_results": INTEGER},
                ("pattern",),
                self.search,
            ),
        )

    async def search(self, arguments: Arguments) -> ToolResult:
        """Answer with `path:line: text`, in the order of paths. A pattern that cannot be read is taken literally."""
        pattern = arguments["pattern"]
        if not pattern:
            raise ToolFailure("pattern is empty")
        most = min(max(arguments.get("max_results", DEFAULT_RESULTS), 1), MOST_RESULTS)
        note, literal = _readable(pattern)
        files = await asyncio.to_thread(self._files, arguments.get("path", "."), arguments.get("glob"))
        hits, ended = await self._run(pattern, files, most, literal=literal)
        lines = [f"{path}:{number}: {text}" for path, number, text in hits[:most]]
        if len(hits) > most:
            lines.append(f"(more than {most} matches: narrow the pattern, path or glob)")
        if not ended:
            lines.append(
                f"(the search was stopped after {self._seconds:g} s: use a simpler pattern or a narrower path)"
            )
        if not hits and ended:
            lines.append(f"no matches in {len(files)} files")
        text = "\n".join([*note, *lines])
        return ToolResult(shown(text), is_error=not ended, summary=f"{min(len(hits), most)} matches for {pattern}")

    def _files(self, path: str, glob: str | None) -> list[str]:
        with self._tree.place(path) as place:
            if place.status() is None:
                raise ToolFailure(f"{place.relative}: no such file or directory")
            start = place.relative
            if not place.is_directory():
                return [start]
        return [path for path in files_below(self._tree.root, start) if selected(path, start, glob)]

    async def _run(self, pattern: str, files: Sequence[str], most: int, *, literal: bool) -> tuple[list[Hit], bool]:
        """Return the hits, and whether the search came to its end."""
        request = {
            "root": str(self._tree.root),
            "pattern": pattern,
            "literal": literal,
            "files": list(files),
            "most": most,
            "seconds": self._seconds,
        }
        worker = Path(__file__).with_name("search_worker.py")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(worker)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            # The worker ends itself; this limit is for one that cannot even start.
            output, _ = await asyncio.wait_for(
                process.communicate(json.dumps(request).encode()), self._seconds + _GRACE
            )
        except TimeoutError:
            return [], False
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return _hits(output), process.returncode == 0


def _readable(pattern: str) -> tuple[list[str], bool]:
    """Return a note for a pattern that is no regular expression, and whether to take it literally."""
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return [f"(not a regular expression, {error}: searched for the text itself)"], True
    return [], re.escape(pattern) == pattern


def _hits(output: bytes) -> list[Hit]:
    # The last line may be half a line when the alarm came.
    whole = output.decode().rpartition("\n")[0]
    return [(path, number, text) for path, number, text in map(json.loads, filter(None, whole.split("\n")))]
