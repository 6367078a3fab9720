"""read_file, list_files, write_file, edit_file and read_agents_md, inside one checkout."""

from __future__ import annotations

import difflib
import os
from pathlib import PurePosixPath

from ostinato.agent.conventions import NAMES
from ostinato.agent.ports import ToolResult
from ostinato.base.globs import matches
from ostinato.base.text import many
from ostinato.tools.edits import edited, with_line_ends_of
from ostinato.tools.outputs import Outputs
from ostinato.tools.paths import Checkout, relative
from ostinato.tools.seen import Seen, digest
from ostinato.tools.small_diff import small_diff
from ostinato.tools.tool import FLAG, NUMBER, TEXT, Arguments, Tool, ToolRefusal, text
from ostinato.tools.unwrapping import placeholder

LINES = 2_000
_LONGEST_LINE = 1_000
_LARGEST = 16_000_000
_MOST_LISTED = 500
_PAGE = 31_000
"""Characters of a page, below what the toolbox lets through, so that the end names where to read on."""

SKIPPED = frozenset(
    {".git", "node_modules", ".venv", "venv", "__pycache__", "target", "dist", ".tox", ".mypy_cache", ".pytest_cache"}
)


class FileTools:
    """The file tools of one conversation; remembers what it read and what it wrote."""

    def __init__(self, checkout: Checkout, outputs: Outputs | None = None) -> None:
        self._checkout = checkout
        self._outputs = outputs
        self._seen = Seen()
        self.written: set[str] = set()

    def reading(self) -> tuple[Tool, ...]:
        """Return the tools that change nothing."""
        path = {"path": TEXT}
        return (
            Tool(
                "read_file",
                "Read a file, with line numbers. `offset` is the first line (from 1), `limit` the number of lines.",
                self._read,
                {**path, "offset": NUMBER, "limit": NUMBER},
                ("path",),
            ),
            Tool(
                "list_files",
                "List files below a directory, `glob` filters (`**/*.py`).",
                self._list,
                {**path, "glob": TEXT},
            ),
        )

    def conventions(self) -> tuple[Tool, ...]:
        """Return the tool for AGENTS.md."""
        said = "Read the AGENTS.md that holds for a path: the nearest one at or above it."
        return (Tool("read_agents_md", said, self._agents_md, {"path": TEXT}, ("path",)),)

    def writing(self) -> tuple[Tool, ...]:
        """Return the tools that change files."""
        edit = "Replace `old`, which must occur exactly once (or everywhere with `all`), by `new`. Read the file first."
        return (
            Tool(
                "write_file",
                "Create or replace a whole file.",
                self._write,
                {"path": TEXT, "content": TEXT},
                ("path", "content"),
            ),
            Tool(
                "edit_file",
                edit,
                self._edit,
                {"path": TEXT, "old": TEXT, "new": TEXT, "all": FLAG},
                ("path", "old", "new"),
            ),
        )

    async def _read(self, arguments: Arguments) -> ToolResult:
        first = max(1, arguments.get("offset", 1))
        if self._outputs is not None and self._outputs.known(arguments["path"]):
            return _read_output(self._outputs, arguments["path"], first, max(1, arguments.get("limit", LINES)))
        path = relative(arguments["path"])
        lines = self._text(path).removesuffix("\n").split("\n")
        if first > len(lines):
            raise ToolRefusal(f"{path} has {many(len(lines), 'line')}: offset {first} is behind its end")
        shown = _page(lines, first, max(1, min(arguments.get("limit", LINES), LINES)))
        rest = len(lines) - (first - 1 + len(shown))
        more = f"\n… {rest} more lines, read on with offset {first + len(shown)}" if rest > 0 else ""
        body = "(empty)" if lines == [""] else "\n".join(shown)
        return ToolResult(body + more, summary=f"{path}: {len(shown)} of {many(len(lines), 'line')}")

    async def _list(self, arguments: Arguments) -> ToolResult:
        top = relative(arguments.get("path", "."))
        glob = arguments.get("glob")
        found = [
            name
            for name in walk(self._checkout, top)
            if not glob or matches(_below(name, top), _anywhere(glob)) or matches(name, [glob])
        ]
        listed = found[:_MOST_LISTED]
        more = f"\n… {len(found) - len(listed)} more: narrow it with path or glob" if len(found) > len(listed) else ""
        return ToolResult(("\n".join(listed) or "(no files)") + more, summary=f"{many(len(found), 'file')} below {top}")

    async def _write(self, arguments: Arguments) -> ToolResult:
        path, content = relative(arguments["path"]), arguments["content"]
        before = self._before(path)
        if before and before != content:
            self._seen.refuse_stale(str(path), before)
            self._seen.refuse_unread(str(path), before)
        left_out = placeholder(str(path), before or "", content)
        if left_out:
            raise ToolRefusal(f"{left_out}. Nothing was written.")
        content = with_line_ends_of(before or "", content)
        self._put(path, content)
        said = f"{'created' if before is None else 'replaced'} {path} ({many(len(content.splitlines()), 'line')})"
        return ToolResult(said, summary=said, wrote=(str(path), digest(content)))

    async def _edit(self, arguments: Arguments) -> ToolResult:
        path, old, new = relative(arguments["path"]), arguments["old"], arguments["new"]
        if not old and not self._before(path):
            return await self._write({"path": arguments["path"], "content": new})
        before = self._text(path, remember=False)
        self._seen.refuse_stale(str(path), before)
        after = edited(str(path), before, old, new, every=arguments.get("all", False))
        self._put(path, after.text)
        wrote = (str(path), digest(after.text))
        notes = [f"{after.places} places"] * (after.places > 1) + [after.read_as] * bool(after.read_as)
        said = f"edited {path}" + (f" ({', '.join(notes)})" if notes else "")
        return ToolResult(f"{said}\n{small_diff(before, after.text)}", summary=f"edited {path}", wrote=wrote)

    async def _agents_md(self, arguments: Arguments) -> ToolResult:
        path = relative(arguments["path"])
        for folder in (path, *path.parents):
            for name in NAMES:
                if self._checkout.is_file(folder / name):
                    return ToolResult(self._text(folder / name), summary=f"{folder / name}")
        return text("there is no AGENTS.md at or above that path")

    def _text(self, path: PurePosixPath, *, remember: bool = True) -> str:
        try:
            data = self._checkout.read(path, _LARGEST + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise ToolRefusal(f"there is no file {path}{self._near(path)}") from None
        if len(data) > _LARGEST:
            raise ToolRefusal(f"{path} is larger than {_LARGEST} bytes: look at parts of it with run_command")
        if b"\0" in data[:8192]:
            raise ToolRefusal(f"{path} is a binary file")
        content = data.decode("utf-8", "surrogateescape")
        if remember:
            self._seen.remember(str(path), content)
        return content

    def _before(self, path: PurePosixPath) -> str | None:
        """Return what stands in a file that is to be written, None when there is none."""
        try:
            return self._checkout.read(path, _LARGEST).decode("utf-8", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _near(self, path: PurePosixPath) -> str:
        known = walk(self._checkout, PurePosixPath("."))
        same = [name for name in known if PurePosixPath(name).name == path.name][:3]
        near = same or difflib.get_close_matches(str(path), known, n=3)
        return f"; did you mean {', '.join(near)}?" if near else ""

    def _put(self, path: PurePosixPath, content: str) -> None:
        self._checkout.write(path, content.encode("utf-8", "surrogateescape"))
        self._seen.remember(str(path), content)
        self.written.add(str(path))


def walk(checkout: Checkout, top: PurePosixPath) -> list[str]:
    """Return the files below `top`, sorted, without what tools and package managers make; links are not followed."""
    start = checkout.root / top
    try:
        with checkout.directory(top):
            pass
    except (FileNotFoundError, NotADirectoryError):
        raise ToolRefusal(f"there is no directory {top}") from None
    found: list[str] = []
    for folder, names, files in os.walk(start):
        names[:] = sorted(name for name in names if name not in SKIPPED)
        below = os.path.relpath(folder, checkout.root)
        found += [name if below == "." else f"{below}/{name}" for name in files]
    return sorted(found)


def _anywhere(glob: str) -> tuple[str, ...]:
    """Return the patterns that a glob means: one without a slash fits in any directory."""
    return (glob,) if "/" in glob else (f"**/{glob}",)


def _page(lines: list[str], first: int, count: int) -> list[str]:
    """Return numbered lines from `first` on, at most `count`, and no more than one answer holds."""
    taken: list[str] = []
    size = 0
    for number, line in enumerate(lines[first - 1 : first - 1 + count], first):
        row = f"{number:>5}  {_shortened(line.removesuffix(chr(13)))}"
        size += len(row) + 1
        if size > _PAGE and taken:
            break
        taken.append(row)
    return taken


def _read_output(outputs: Outputs, handle: str, first: int, count: int) -> ToolResult:
    """Return a page of what a command printed; only the page itself is held in memory."""
    taken, rest, size = list[str](), 0, 0
    for number, row in enumerate(outputs.rows(handle), 1):
        if number < first:
            continue
        line = f"{number:>5}  {_shortened(row.removesuffix(chr(13)))}"
        size += len(line) + 1
        if rest or len(taken) >= min(count, LINES) or (size > _PAGE and taken):
            rest += 1
        else:
            taken.append(line)
    if not taken:
        raise ToolRefusal(f"offset {first} is behind the end of {handle}")
    more = f"\n… {rest} more lines, read on with offset {first + len(taken)}" if rest else ""
    return ToolResult("\n".join(taken) + more, summary=f"{handle}: {many(len(taken), 'line')} from {first}")


def _below(name: str, top: PurePosixPath) -> str:
    return str(PurePosixPath(name).relative_to(top)) if top.parts else name


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}… ({len(line)} characters)"
