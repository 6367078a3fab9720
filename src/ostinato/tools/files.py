"""The tools that read, list, write and edit files of the checkout, and what a conversation has seen and written."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from itertools import islice
from pathlib import PurePosixPath

from ostinato.agent.ports import ToolResult
from ostinato.tools.disk import digest, line_count, read_text, shown, write_text
from ostinato.tools.editing import edit, small_diff
from ostinato.tools.paths import Place, Tree
from ostinato.tools.tool import FLAG, INTEGER, OUTPUT_CHARACTERS, TEXT, Arguments, Tool, ToolFailure, tool
from ostinato.tools.walk import files_below, selected

MOST_LINES = 2_000
LINE_CHARACTERS = 1_000
_READ_CHARACTERS = OUTPUT_CHARACTERS - 500
_LISTED = 300


class FileTools:
    """The file tools of one conversation. `written` holds the paths that they wrote, relative, links resolved."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._seen: dict[str, str] = {}
        self.written: set[str] = set()

    def reading(self) -> tuple[Tool, ...]:
        """Return the tools that change nothing."""
        return (
            tool(
                "read_file",
                "Read a text file, lines numbered. offset: first line; limit: number of lines.",
                {"path": TEXT, "offset": INTEGER, "limit": INTEGER},
                ("path",),
                self.read,
            ),
            tool(
                "list_files",
                "List files below a directory, caches and builds left out. glob: `*.py`, `src/**/*.ts`.",
                {"path": TEXT, "glob": TEXT},
                (),
                self.list,
            ),
        )

    def writing(self) -> tuple[Tool, ...]:
        """Return the tools that change files."""
        return (
            tool(
                "write_file",
                "Create or overwrite a file with content; makes parent directories.",
                {"path": TEXT, "content": TEXT},
                ("path", "content"),
                self.write,
            ),
            tool(
                "edit_file",
                "Replace old by new in a file; old must occur exactly once, unless all is set.",
                {"path": TEXT, "old": TEXT, "new": TEXT, "all": FLAG},
                ("path", "old", "new"),
                self.edit,
            ),
        )

    async def read(self, arguments: Arguments) -> ToolResult:
        """Answer with numbered lines; what is left out is named with the offset at which it begins."""
        offset, limit = arguments.get("offset", 1), arguments.get("limit", MOST_LINES)
        if limit < 1:
            raise ToolFailure("limit must be at least 1")
        with self._tree.place(arguments["path"]) as place:
            text = self._text(place)
            self._seen[place.relative] = digest(text)
            return _page(place.relative, text, max(offset, 1), min(limit, MOST_LINES))

    async def list(self, arguments: Arguments) -> ToolResult:
        """Answer with the files, or with directories and their counts where there are too many."""
        with self._tree.place(arguments.get("path", ".")) as place:
            if place.status() is None:
                raise ToolFailure(f"{place.relative}: no such directory{self._near(place)}")
            if not place.is_directory():
                return ToolResult(place.relative, summary=place.relative)
            start = place.relative
        found = [p for p in files_below(self._tree.root, start) if selected(p, start, arguments.get("glob"))]
        if not found:
            return ToolResult("no files", summary="no files")
        lines = found if len(found) <= _LISTED else _grouped(found, start)
        return ToolResult(shown("\n".join(lines)), summary=f"{len(found)} files")

    async def write(self, arguments: Arguments) -> ToolResult:
        """Answer whether the file was created or overwritten, with its lines."""
        content = arguments["content"]
        with self._tree.place(arguments["path"], writing=True, make_parents=True) as place:
            found = place.status()
            write_text(place, content)
            self._wrote(place, content)
        lines = f"{line_count(content)} lines"
        what = f"created {place.relative} ({lines})" if found is None else f"overwrote {place.relative} ({lines})"
        return ToolResult(what, summary=what)

    async def edit(self, arguments: Arguments) -> ToolResult:
        """Answer with a small diff. Refused when the file changed since this conversation last saw it."""
        with self._tree.place(arguments["path"], writing=True) as place:
            text = self._text(place)
            seen = self._seen.get(place.relative)
            if seen is not None and seen != digest(text):
                raise ToolFailure(f"{place.relative} changed since you read it: read it again, then edit")
            edited = edit(text, arguments["old"], arguments["new"], every=arguments.get("all", False))
            write_text(place, edited.text)
            self._wrote(place, edited.text)
        places = "1 place" if edited.places == 1 else f"{edited.places} places"
        how = ", taking blanks at line ends, line ends and quotes as equal" if edited.normalised else ""
        summary = f"edited {place.relative} ({places}{how})"
        return ToolResult(f"{summary}\n{shown(small_diff(text, edited.text))}", summary=summary)

    def _text(self, place: Place) -> str:
        text = read_text(place)
        if text is None:
            raise ToolFailure(f"{place.relative}: no such file{self._near(place)}")
        return text

    def _wrote(self, place: Place, text: str) -> None:
        self._seen[place.relative] = digest(text)
        self.written.add(place.relative)

    def _near(self, place: Place) -> str:
        """Return the files with a like name, those with the very name first."""
        name = PurePosixPath(place.relative).name
        files = [*files_below(self._tree.root, "")]
        same = [path for path in files if PurePosixPath(path).name == name]
        near = list(islice(dict.fromkeys([*same, *get_close_matches(place.relative, files, n=3)]), 5))
        return f"; did you mean {', '.join(map(shown, near))}?" if near else ""


def _page(path: str, text: str, offset: int, limit: int) -> ToolResult:
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    total = len(lines)
    if not total:
        return ToolResult("(empty file)", summary=f"read {path}, empty")
    if offset > total:
        raise ToolFailure(f"{path} has {total} lines: offset {offset} is behind its end")
    taken: list[str] = []
    size = 0
    for number, line in enumerate(lines[offset - 1 : offset - 1 + limit], start=offset):
        row = f"{number}\t{_cut(shown(line.removesuffix(chr(13))))}"
        size += len(row) + 1
        if size > _READ_CHARACTERS and taken:
            break
        taken.append(row)
    last = offset + len(taken) - 1
    if last < total:
        taken.append(f"(lines {last + 1} to {total} left out: offset={last + 1})")
    return ToolResult("\n".join(taken), summary=f"read {path}, lines {offset} to {last} of {total}")


def _cut(line: str) -> str:
    if len(line) <= LINE_CHARACTERS:
        return line
    return f"{line[:LINE_CHARACTERS]}… ({len(line) - LINE_CHARACTERS} characters left out)"


def _grouped(files: list[str], start: str) -> list[str]:
    """Return the files right below `start`, and its directories with the number of files in them."""
    prefix = f"{start}/" if start else ""
    heads = Counter(path.removeprefix(prefix).partition("/")[::2][0] for path in files)
    direct = {path.removeprefix(prefix) for path in files}
    lines = [
        f"{prefix}{name}" if name in direct else f"{prefix}{name}/ ({count} files)" for name, count in heads.items()
    ]
    return [f"{len(files)} files; give a path or a glob to see more:", *sorted(lines)[:_LISTED]]
