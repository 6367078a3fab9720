"""What both runners promise, with a sandbox and without: one suite."""

from __future__ import annotations

import asyncio
import resource
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path

import pytest

from ostinato.sandbox.bubblewrap import BubblewrapRunner
from ostinato.sandbox.direct import DirectRunner
from ostinato.sandbox.profile import SandboxProfile
from tests.unit.sandbox.processes import appears, gone

Runner = BubblewrapRunner | DirectRunner
RUNNERS = [pytest.param(BubblewrapRunner, marks=pytest.mark.needs_bwrap, id="bubblewrap"), pytest.param(DirectRunner)]


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> Runner:
    made: Runner = request.param(SandboxProfile())
    return made


def unique_seconds() -> str:
    """Return a time that no other process sleeps for."""
    return f"300.{uuid.uuid4().int % 10**12:012}"


async def test_a_command_gets_the_checkout_a_shell_and_nothing_to_read(runner: Runner, checkout: Path) -> None:
    (checkout / "sub").mkdir()
    ran = await runner.run("cat; echo out; echo err >&2; echo x > made", checkout, timeout=20, working_dir="sub")
    assert (ran.exit_code, ran.stdout, ran.stderr, ran.truncated) == (0, "out\n", "err\n", False)
    assert (checkout / "sub" / "made").read_text() == "x\n"
    assert 0 < ran.seconds < 20


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        ("exit 3", {3}),
        ("exit 127", {127}),
        ("no-such-program-here", {127}),
        ("./plain", {126}),
        ("kill -9 $$", {-9, 137}),
        ("sh -c 'kill -TERM $$'; exit $?", {143}),
    ],
)
async def test_exit_codes_come_through_when_the_command_itself_fails(
    runner: Runner, checkout: Path, command: str, codes: set[int]
) -> None:
    (checkout / "plain").write_text("text")
    assert (await runner.run(command, checkout, timeout=20)).exit_code in codes


async def test_the_time_limit_kills_everything_when_it_is_over(runner: Runner, checkout: Path) -> None:
    seconds = unique_seconds()
    command = f"echo before; trap '' TERM INT HUP; sleep {seconds} & sleep {seconds}"
    ran = await runner.run(command, checkout, timeout=0.5)
    assert (ran.exit_code, ran.stdout) == (None, "before\n")
    assert 0.5 <= ran.seconds < 5
    assert gone(seconds)


@pytest.mark.parametrize("way", ["sleep {} &", "nohup sleep {} >/dev/null 2>&1 &", "setsid sleep {} &"])
async def test_nothing_lives_on_when_the_command_has_ended(runner: Runner, checkout: Path, way: str) -> None:
    seconds = unique_seconds()
    started = time.monotonic()
    ran = await runner.run(f"{way.format(seconds)} echo done", checkout, timeout=30)
    assert (ran.exit_code, ran.stdout) == (0, "done\n")
    assert time.monotonic() - started < 10
    assert gone(seconds)


async def test_a_double_forked_daemon_dies_when_the_command_has_ended(runner: Runner, checkout: Path) -> None:
    seconds = unique_seconds()
    fork = "os.fork() and os._exit(0)"
    daemon = f"import os; {fork}; os.setsid(); {fork}; os.execlp('sleep', 'sleep', '{seconds}')"
    ran = await runner.run(f'python3 -c "{daemon}"', checkout, timeout=30)
    assert ran.exit_code == 0, ran.stderr
    assert gone(seconds)


async def test_what_forks_on_and_on_dies_when_the_command_has_ended(runner: Runner, checkout: Path) -> None:
    seconds = unique_seconds()
    (checkout / "hop.py").write_text(
        "import os\n"
        "for number in range(60):\n    if os.fork():\n        os._exit(0)\n    if not number:\n        os.setsid()\n"
        f"os.execlp('sleep', 'sleep', '{seconds}')\n"
    )
    for _ in range(5):
        ran = await runner.run("python3 hop.py", checkout, timeout=30)
        assert ran.exit_code == 0, ran.stderr
        assert gone(seconds, within=1.0)


async def test_cancelling_kills_the_command(runner: Runner, checkout: Path) -> None:
    seconds = unique_seconds()
    running = asyncio.create_task(runner.run(f"sleep {seconds} & sleep {seconds}", checkout, timeout=60))
    assert await asyncio.to_thread(appears, seconds)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert gone(seconds)


async def test_memory_stays_bounded_when_a_command_prints_without_end(runner: Runner, checkout: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    command = "echo first; head -c 250000000 /dev/zero | tr '\\0' x; echo; echo last; echo e >&2"
    ran = await runner.run(command, checkout, timeout=120)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert ran.exit_code == 0
    assert ran.truncated
    assert ran.stdout.startswith("first\nxxx")
    assert ran.stdout.endswith("x\nlast\n")
    assert "bytes left out" in ran.stdout
    assert len(ran.stdout) < 200_000
    assert ran.stderr == "e\n"
    assert grown < 16 * 1024, f"{grown} KiB"


async def test_undecodable_output_is_replaced(runner: Runner, checkout: Path) -> None:
    ran = await runner.run("printf 'a\\377b'; printf '\\303\\251' >&2", checkout, timeout=20)
    assert (ran.stdout, ran.stderr) == ("a\ufffdb", "é")


async def test_the_environment_holds_nothing_of_the_person(
    checkout: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-1")
    monkeypatch.setenv("SOMETHING_ELSE", "private-2")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/run/agent")
    made = type(runner)(SandboxProfile(env=("OPENAI_API_KEY", "PLAIN_NAME", "MY_TOKEN=given")))
    monkeypatch.setenv("PLAIN_NAME", "passed")
    made = type(runner)(SandboxProfile(env=("OPENAI_API_KEY", "PLAIN_NAME", "MY_TOKEN=given")))
    ran = await made.run("env; ls -A $HOME", checkout, timeout=20)
    lines = ran.stdout.splitlines()
    assert not any("secret-1" in line or "private-2" in line or "SSH_AUTH_SOCK" in line for line in lines)
    assert "PLAIN_NAME=passed" in lines
    assert "MY_TOKEN=given" in lines
    assert "PYTHONDONTWRITEBYTECODE=1" in lines
    # HOME is empty: after the environment nothing is listed.
    assert all("=" in line for line in lines)


async def test_the_usual_programs_run(runner: Runner, checkout: Path) -> None:
    ran = await runner.run("python3 -c 'import ssl, sqlite3; print(6 * 7)' && git --version", checkout, timeout=60)
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.startswith("42\ngit version")


@pytest.mark.parametrize("working_dir", ["..", "a/../..", "/etc", "/workshop"])
async def test_a_working_directory_outside_is_refused(runner: Runner, checkout: Path, working_dir: str) -> None:
    with pytest.raises(Exception, match="leaves the checkout"):
        await runner.run("true", checkout, timeout=20, working_dir=working_dir)


@pytest.mark.parametrize("kind", RUNNERS)
def test_commands_die_when_the_harness_is_killed(kind: type[Runner], checkout: Path) -> None:
    seconds = unique_seconds()
    harness = f"""
        import asyncio
        from pathlib import Path
        from ostinato.sandbox.{kind.__module__.rpartition(".")[2]} import {kind.__name__} as Runner
        from ostinato.sandbox.profile import SandboxProfile
        command = "trap '' TERM HUP; sleep {seconds} & sleep {seconds}"
        asyncio.run(Runner(SandboxProfile()).run(command, Path({str(checkout)!r}), timeout=100))
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(harness)])
    try:
        assert appears(seconds)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert gone(seconds)
