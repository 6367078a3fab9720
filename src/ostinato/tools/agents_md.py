"""The tool that reads a project's conventions: AGENTS.md at the top and the one nearest to a path."""

from __future__ import annotations

from pathlib import PurePosixPath

from ostinato.agent.ports import ToolResult
from ostinato.tools.disk import read_text, shown
from ostinato.tools.paths import Tree
from ostinato.tools.tool import TEXT, Arguments, Tool, ToolFailure, tool

NAME = "AGENTS.md"


class ConventionTools:
    """The conventions tool over one checkout."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def tools(self) -> tuple[Tool, ...]:
        """Return the tool."""
        return (
            tool(
                "read_agents_md",
                "Read AGENTS.md in full: the top one and the one nearest to path.",
                {"path": TEXT},
                ("path",),
                self.read,
            ),
        )

    async def read(self, arguments: Arguments) -> ToolResult:
        """Answer with the nearest AGENTS.md at or above the path, and the top one first when that is another."""
        with self._tree.place(".") as top:
            path = self._relative(arguments["path"]) or top.relative
        above = [PurePosixPath(path), *PurePosixPath(path).parents] if path else [PurePosixPath(".")]
        found = {}
        for directory in above:
            text = self._text(directory)
            if text is not None and (not found or str(directory) == "."):
                found[str(directory / NAME)] = text
        if not found:
            return ToolResult(f"there is no {NAME} here", summary=f"no {NAME}")
        files = list(reversed(found.items()))
        return ToolResult(
            shown("\n\n".join(f"{name}:\n{text.strip()}" for name, text in files)),
            summary=", ".join(name for name, _ in files),
        )

    def _relative(self, path: str) -> str:
        """Return the path as far as it goes; one below a directory that is still to be made is taken as written."""
        try:
            with self._tree.place(path) as place:
                return place.relative
        except ToolFailure as failure:
            if "no such" not in str(failure):
                raise
            return "/".join(part for part in path.removeprefix("/work/").split("/") if part not in {"", "."})

    def _text(self, directory: PurePosixPath) -> str | None:
        try:
            with self._tree.place(str(directory / NAME)) as place:
                return read_text(place)
        except ToolFailure:
            return None
