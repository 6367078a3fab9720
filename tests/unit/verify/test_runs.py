"""Running one check: what its end says about the tree, and what it does not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.types import Check
from ostinato.sandbox.direct import DirectRunner
from ostinato.sandbox.profile import SandboxProfile
from ostinato.verify.runs import CheckRunner


async def run(checkout: Path, command: str) -> tuple[CheckRun, list[CheckRun]]:
    """Run one check for real; return what came of it and what was told."""
    told: list[CheckRun] = []

    async def keep(done: CheckRun) -> None:
        told.append(done)

    checks = CheckRunner(DirectRunner(SandboxProfile()), checkout, 20.0, keep)
    return await checks.run(Check(command), CheckPhase.ATTEMPT), told


async def test_check_gets_a_second_try_when_somebody_killed_it(tmp_path: Path) -> None:
    """The kernel kills what is largest when memory is short; that is no fault of the work that is being proven."""
    done, told = await run(tmp_path, "test -f second || { touch second; kill -9 $$; }")
    assert done.status is CheckStatus.PASSED
    assert told == [done]


@pytest.mark.parametrize(
    ("command", "code"), [("echo >> ran; kill -9 $$", {-9, 137}), ("echo >> ran; sh -c 'kill -15 $$'", {-15, 143})]
)
async def test_check_that_is_killed_again_proves_nothing(tmp_path: Path, command: str, code: set[int]) -> None:
    done, told = await run(tmp_path, command)
    assert done.status is CheckStatus.INCONCLUSIVE
    assert done.exit_code in code
    assert (tmp_path / "ran").read_text() == "\n\n"
    assert told == [done]


async def test_red_check_is_not_run_again(tmp_path: Path) -> None:
    done, _ = await run(tmp_path, "echo >> ran; exit 3")
    assert (done.status, done.exit_code) == (CheckStatus.FAILED, 3)
    assert (tmp_path / "ran").read_text() == "\n"
