"""Verifying an attempt: which checks run, and what each run counts for. Real commands in a real directory."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ostinato.base.ids import NodeId, ProjectId
from ostinato.git.repository import Objects, readable
from ostinato.git.run import Git
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.prohibitions import Prohibition
from ostinato.graph.types import Check, Node, NodeType, Status, TaskDetails
from ostinato.sandbox.direct import DirectRunner
from ostinato.sandbox.profile import SandboxProfile
from ostinato.testing.fake_clock import FakeClock
from ostinato.verify.runs import CheckRunner
from ostinato.verify.types import Change, Verdict, VerdictKind
from ostinato.verify.verifier import Standards, verify

TASK = NodeId("os-00000001.1")
COUNTED = "echo >> ran"


async def verified(checkout: Path, own: Check, projects: Check) -> tuple[Verdict, list[CheckRun]]:
    """Verify a task with one check in a project with one; return the verdict and what was told of runs."""
    told: list[CheckRun] = []

    async def keep(done: CheckRun) -> None:
        told.append(done)

    made = datetime(2026, 1, 1, tzinfo=UTC)
    details = TaskDetails(checks=(own,))
    task = Node(TASK, ProjectId("p"), NodeType.TASK, "Add it", Status.IN_PROGRESS, made, details=details)
    checks = CheckRunner(DirectRunner(SandboxProfile()), checkout, 20.0, keep)
    standards = Standards(task, project_checks=(projects,))
    unchanged = Change("tree", "tree", "")
    return await verify(unchanged, standards, Objects(Git(checkout)), checks, FakeClock()), told


async def test_check_that_is_the_tasks_guard_and_the_projects_runs_once_and_counts_for_both(tmp_path: Path) -> None:
    verdict, told = await verified(tmp_path, Check(COUNTED, guard=True), Check(COUNTED))
    assert (tmp_path / "ran").read_text() == "\n"
    assert verdict.kind is VerdictKind.PASSED
    # The next attempt's baseline is made of the project's own runs.
    assert [run.owner for run in verdict.runs] == [TASK, None]
    assert [run.owner for run in told] == [TASK]


async def verified_change(checkout: Path, change: Change, held: Prohibition) -> tuple[Verdict, list[CheckRun]]:
    """Verify a change of a task whose one check passes, with one prohibition."""
    told: list[CheckRun] = []

    async def keep(done: CheckRun) -> None:
        told.append(done)

    made, details = datetime(2026, 1, 1, tzinfo=UTC), TaskDetails(checks=(Check("true"),))
    task = Node(TASK, ProjectId("p"), NodeType.TASK, "Add it", Status.IN_PROGRESS, made, details=details)
    checks = CheckRunner(DirectRunner(SandboxProfile()), checkout, 20.0, keep)
    standards = Standards(task, prohibitions=(held,))
    return await verify(change, standards, Objects(Git(checkout)), checks, FakeClock()), told


@pytest.mark.parametrize("projects", [Check(COUNTED, timeout=7.0), Check(COUNTED, working_dir="."), Check("true")])
async def test_checks_that_may_end_otherwise_run_each(tmp_path: Path, projects: Check) -> None:
    _, told = await verified(tmp_path, Check(COUNTED, guard=True), projects)
    assert [(run.command, run.owner) for run in told] == [(COUNTED, TASK), (projects.command, None)]


async def test_red_guard_spares_the_projects_checks(tmp_path: Path) -> None:
    verdict, told = await verified(tmp_path, Check("exit 3", guard=True), Check("exit 3"))
    assert verdict.kind is VerdictKind.FAILED
    assert [(run.status, run.phase) for run in told] == [(CheckStatus.FAILED, CheckPhase.ATTEMPT)]


async def test_forbidden_change_is_refused_before_any_check_runs_whatever_its_name(tmp_path: Path) -> None:
    objects = Git(tmp_path)
    git = objects.run
    git("init", "-q")
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "old.py").write_text("x = 1\n")
    git("add", "-A")
    base = git("write-tree")
    (tmp_path / "vendor" / "old.py").unlink()
    git("add", "-A")
    removed = git("write-tree")
    (tmp_path / os.fsdecode(b"vendor_\xff.py")).write_text("x = 1\n")
    (tmp_path / "vendor").mkdir(exist_ok=True)
    (tmp_path / "vendor" / os.fsdecode(b"\xff.py")).write_text("x = 1\n")
    git("add", "-A")
    added = git("write-tree")
    held = Prohibition(NodeId("os-00000001.2"), "No vendored code", ("vendor/**",))
    for tree, broken in ((removed, False), (added, True)):
        paths = tuple(readable(one.path) for one in Objects(objects).changed(base, tree))
        verdict, told = await verified_change(tmp_path, Change(base, tree, "", paths), held)
        assert (verdict.kind is VerdictKind.FAILED, not told) == (broken, broken)
        assert [held.decision in reason for reason in verdict.reasons] == [True] * broken
