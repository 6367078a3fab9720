"""run_command: one shell command in the sandbox, at the checkout. Nothing that it starts outlives it."""

from __future__ import annotations

import re
from pathlib import Path

from ostinato.agent.ports import ToolResult
from ostinato.base.text import clip, head_and_tail, one_line
from ostinato.tools.paths import Checkout, relative
from ostinato.tools.tool import NUMBER, TEXT, Arguments, Tool, ToolRefusal
from ostinato.verify.types import CommandResult, CommandRunner

DEFAULT_SECONDS = 120
MOST_SECONDS = 1_800
_STREAM = 14_000
_LINE = 2_000
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")


def shell_tool(runner: CommandRunner, checkout: Path) -> Tool:
    """Return run_command for a checkout."""

    async def run(arguments: Arguments) -> ToolResult:
        command = arguments["command"]
        if not command.strip() or "\0" in command:
            raise ToolRefusal("command is empty or holds NUL characters")
        seconds = max(1, min(arguments.get("timeout", DEFAULT_SECONDS), MOST_SECONDS))
        where = str(relative(arguments.get("working_dir", ".")))
        try:
            with Checkout(checkout).directory(relative(where)):
                pass
        except (FileNotFoundError, NotADirectoryError):
            raise ToolRefusal(f"there is no directory {where}") from None
        result = await runner.run(command, checkout, timeout=float(seconds), working_dir=where)
        return _answer(command, result, seconds)

    return Tool(
        "run_command",
        "Run a shell command at the top of the checkout (or in working_dir), without network. `timeout` in seconds.",
        run,
        {"command": TEXT, "timeout": NUMBER, "working_dir": TEXT},
        ("command",),
    )


def _answer(command: str, result: CommandResult, seconds: int) -> ToolResult:
    how = f"timed out after {seconds} s" if result.exit_code is None else f"exit code {result.exit_code}"
    parts = [how]
    for name, said in (("stdout", _plain(result.stdout)), ("stderr", _plain(result.stderr))):
        if said.strip():
            parts.append(f"{name}:\n{head_and_tail(said.rstrip(), _STREAM)}")
    summary = f"{clip(one_line(command), 90)} → {how}"
    return ToolResult("\n".join(parts), is_error=result.exit_code != 0, summary=summary)


def _plain(said: str) -> str:
    """Return output without terminal escapes, redrawn lines as they ended up, and long lines cut."""
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in _ESCAPES.sub("", said).split("\n"))
    return "\n".join(head_and_tail(line, _LINE) for line in lines)
