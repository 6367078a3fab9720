"""The tool that runs a command in the sandbox. There is no `background`: nothing outlives the call that started it."""

from __future__ import annotations

import re

from ostinato.agent.ports import ToolResult
from ostinato.base.text import clip, head_and_tail, one_line
from ostinato.tools.disk import shown
from ostinato.tools.paths import Tree
from ostinato.tools.tool import NUMBER, OUTPUT_CHARACTERS, TEXT, Arguments, Tool, ToolFailure, tool
from ostinato.verify.types import CommandResult, CommandRunner

DEFAULT_TIMEOUT = 120.0
LONGEST_TIMEOUT = 1_800.0
_LINE_CHARACTERS = 2_000
_STREAMS = OUTPUT_CHARACTERS - 2_000
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


class ShellTools:
    """The command tool over one checkout."""

    def __init__(self, tree: Tree, runner: CommandRunner) -> None:
        self._tree = tree
        self._runner = runner

    def tools(self) -> tuple[Tool, ...]:
        """Return the tool."""
        return (
            tool(
                "run_command",
                "Run a shell command at the top (or in working_dir). timeout in seconds, 120 by default, at most 1800.",
                {"command": TEXT, "timeout": NUMBER, "working_dir": TEXT},
                ("command",),
                self.run,
            ),
        )

    async def run(self, arguments: Arguments) -> ToolResult:
        """Answer with exit code, stdout and stderr, head and tail of each. A time-out is an error, an exit code is not."""
        command = arguments["command"]
        timeout = arguments.get("timeout", DEFAULT_TIMEOUT)
        if not command.strip():
            raise ToolFailure("command is empty")
        if timeout <= 0:
            raise ToolFailure("timeout must be more than 0 seconds")
        timeout = min(timeout, LONGEST_TIMEOUT)
        where = self._directory(arguments.get("working_dir"))
        result = await self._runner.run(command, self._tree.root, timeout=timeout, working_dir=where)
        ending = _ending(result, timeout)
        summary = f"{clip(one_line(command), 120)}: {ending}"
        return ToolResult(_answer(ending, result), is_error=result.exit_code is None, summary=summary)

    def _directory(self, path: str | None) -> str | None:
        if path is None:
            return None
        with self._tree.place(path) as place:
            if not place.is_directory():
                raise ToolFailure(f"working_dir {place.relative or path}: no such directory")
            return place.relative or None


def _ending(result: CommandResult, timeout: float) -> str:
    if result.exit_code is None:
        return f"timed out after {timeout:g} s, and was killed"
    if result.exit_code < 0:
        return f"ended by signal {-result.exit_code}"
    return f"exit code {result.exit_code}"


def _answer(ending: str, result: CommandResult) -> str:
    stdout, stderr = _plain(result.stdout), _plain(result.stderr)
    # Each stream may use what the other leaves, and half at least.
    half = _STREAMS // 2
    parts = [f"{ending} ({result.seconds:.1f} s)"]
    for name, stream, other in (("stdout", stdout, stderr), ("stderr", stderr, stdout)):
        if stream.strip():
            room = max(half, _STREAMS - len(other))
            parts.append(f"{name}:\n{head_and_tail(stream.rstrip(), room)}")
    if len(parts) == 1:
        parts.append("(no output)")
    return shown("\n".join(parts))


def _plain(text: str) -> str:
    """Return output without terminal escapes, redrawn lines as they ended, and long lines cut."""
    lines = []
    for line in _ESCAPES.sub("", text).split("\n"):
        line = line.rstrip("\r").rpartition("\r")[2]
        lines.append(head_and_tail(line, _LINE_CHARACTERS) if len(line) > _LINE_CHARACTERS else line)
    return "\n".join(lines)
