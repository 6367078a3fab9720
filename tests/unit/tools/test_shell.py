"""run_command as the model sees it, over a runner that runs real commands."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ostinato.tools.shell import shell_tool
from ostinato.tools.toolbox import Toolbox
from ostinato.verify.types import CommandResult
from tests.unit.tools.conftest import Call, calling


class PlainRunner:
    """Runs a command with `sh -c` and no sandbox; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, str | None]] = []

    async def run(
        self, command: str, checkout: Path, *, timeout: float, working_dir: str | None = None, sink: object = None
    ) -> CommandResult:
        self.asked.append((timeout, working_dir))
        process = await asyncio.create_subprocess_exec(
            *("/bin/sh", "-c", command),
            cwd=checkout / (working_dir or "."),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), timeout)
        except TimeoutError:
            process.kill()
            await process.wait()
            return CommandResult(None, "", "", timeout)
        return CommandResult(process.returncode, out.decode(), err.decode(), 0.0)


@pytest.fixture
def runner() -> PlainRunner:
    return PlainRunner()


@pytest.fixture
def shell(root: Path, runner: PlainRunner) -> Call:
    return calling(Toolbox([shell_tool(runner, root)]))


async def test_exit_code_and_both_streams_are_answered(shell: Call) -> None:
    result = await shell("run_command", command="echo out; echo err >&2; exit 3")
    assert result.text == "exit code 3\nstdout:\nout\nstderr:\nerr"
    assert "exit code 3" in result.summary


async def test_head_and_tail_are_kept_when_the_output_is_long(shell: Call) -> None:
    text = (await shell("run_command", command="seq 100000; seq 100000 >&2; echo last")).text
    assert len(text) < 32_000
    assert "\n1\n2\n" in text
    assert "last" in text
    assert "stderr:" in text


async def test_escapes_and_redrawn_lines_are_left_out(shell: Call) -> None:
    command = r"printf '\033[31mred\033[0m\n 10%%\r 99%%\r100%%\n\033]0;title\007end\n'"
    assert (await shell("run_command", command=command)).text == "exit code 0\nstdout:\nred\n100%\nend"


async def test_long_lines_are_cut(shell: Call) -> None:
    assert len((await shell("run_command", command="head -c 9000 /dev/zero | tr '\\0' x")).text) < 2_200


async def test_the_time_limit_is_said_and_bounded(shell: Call, runner: PlainRunner) -> None:
    result = await shell("run_command", command="exec sleep 60", timeout=1)
    assert result.is_error
    assert "timed out after 1 s" in result.text
    await shell("run_command", command="true", timeout=999_999)
    await shell("run_command", command="true")
    assert [timeout for timeout, _ in runner.asked] == [1.0, 1_800.0, 120.0]


async def test_a_working_dir_is_inside_the_checkout(shell: Call, root: Path) -> None:
    (root / "sub").mkdir()
    (root / "up").symlink_to("..")
    assert "/checkout/sub" in (await shell("run_command", command="pwd", working_dir="sub")).text
    for outside in ("..", "/etc", "up", "nowhere"):
        result = await shell("run_command", command="pwd", working_dir=outside)
        assert result.is_error
        assert "exit code" not in result.text


async def test_an_empty_command_is_refused(shell: Call, runner: PlainRunner) -> None:
    assert (await shell("run_command", command="  ")).is_error
    assert runner.asked == []
