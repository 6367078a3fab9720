"""run_command: one shell command in the sandbox, at the checkout. Nothing that it starts outlives it."""

from __future__ import annotations

from pathlib import Path

from ostinato.agent.ports import ToolResult
from ostinato.base.text import clip, one_line
from ostinato.tools.outputs import Outputs
from ostinato.tools.paths import Checkout, relative
from ostinato.tools.printed import printed
from ostinato.tools.tool import NUMBER, TEXT, Arguments, Tool, ToolRefusal
from ostinato.verify.types import CommandResult, CommandRunner

DEFAULT_SECONDS = 120
MOST_SECONDS = 1_800
_ROOM = 30_000
"""Characters of both streams: with what stands around them some 8,000 tokens."""


def shell_tool(runner: CommandRunner, checkout: Path, outputs: Outputs | None = None) -> Tool:
    """Return run_command for a checkout; `outputs` keeps what commands print."""

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
        kept = outputs.next() if outputs is not None else None
        handles = ("", "")
        try:
            result = await runner.run(command, checkout, timeout=float(seconds), working_dir=where, sink=kept)
        finally:
            if kept is not None:
                handles = kept.close()
        return _answer(command, result, seconds, handles)

    return Tool(
        "run_command",
        "Run a shell command at the top of the checkout (or in working_dir), without network. `timeout` in seconds.",
        run,
        {"command": TEXT, "timeout": NUMBER, "working_dir": TEXT},
        ("command",),
    )


def _answer(command: str, result: CommandResult, seconds: int, handles: tuple[str, str]) -> ToolResult:
    how = f"timed out after {seconds} s" if result.exit_code is None else f"exit code {result.exit_code}"
    kept = ", ".join(filter(None, handles))
    parts = [f"{how} (kept as {kept})" if kept else how]
    streams = (("stdout", result.stdout, handles[0]), ("stderr", result.stderr, handles[1]))
    shorter = min(len(result.stdout), len(result.stderr), _ROOM // 2)
    for name, said, handle in streams:
        if said.strip():
            parts.append(f"{name}:\n{printed(said, _ROOM - shorter if len(said) > shorter else shorter, handle)}")
    summary = f"{clip(one_line(command), 90)} → {how}"
    return ToolResult("\n".join(parts), is_error=result.exit_code != 0, summary=summary)
