"""Tries setup and checks out once, in a fresh checkout of HEAD and in the sandbox of a run. It keeps nothing.

The parts are those of a run: the same place, the same setup, the same runner and judgement of a check's end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ostinato.app.opening import runner_for, setup_plan
from ostinato.base.errors import MachineError
from ostinato.config.paths import state_directory
from ostinato.config.settings import Settings
from ostinato.git.checkouts import Place, acquire
from ostinato.git.repository import Repository
from ostinato.git.worktree import make_removable
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.types import Check
from ostinato.sandbox.probe import require_sandbox
from ostinato.verify.runs import CheckRunner


@dataclass(frozen=True, slots=True)
class Trial:
    """How setup and checks ended. `problem` is what stopped setup, "" when it worked; seconds are wall time."""

    setup_seconds: float
    problem: str
    runs: tuple[CheckRun, ...]

    @property
    def runnable(self) -> bool:
        """True when setup worked and every check ended green or red."""
        return not self.problem and all(run.status is not CheckStatus.INCONCLUSIVE for run in self.runs)


async def try_out(repository: Repository, settings: Settings, show: Callable[[str], None]) -> Trial:
    """Run setup and every check at HEAD; `show` is told what runs now. Raises MachineError without a sandbox."""
    if settings.sandbox.mode != "none":
        require_sandbox()
    state = state_directory(os.environ) / "checkouts"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(prefix="trial-", dir=state))
    try:
        place = acquire(folder, repository, setup_plan(settings), runner_for(repository, settings, None).run_setup)
        try:
            return await _run(place, repository, settings, show)
        finally:
            place.release()
    finally:
        make_removable(folder)
        shutil.rmtree(folder)


async def _run(place: Place, repository: Repository, settings: Settings, show: Callable[[str], None]) -> Trial:
    await place.proof.reset(repository.head())
    started = time.monotonic()
    if settings.setup.commands:
        show("setting up")
    try:
        await place.ensure_setup(place.proof)
    except MachineError as error:
        return Trial(time.monotonic() - started, error.message, ())
    taken = time.monotonic() - started

    async def seen(run: CheckRun) -> None:
        return

    runner = runner_for(repository, settings, place.home)
    checks = CheckRunner(runner, place.proof.path, settings.verify.timeout, seen)
    runs = []
    for command in settings.verify.commands:
        show(command)
        runs.append(await checks.run(Check(command), CheckPhase.BASE))
    return Trial(taken, "", tuple(runs))
