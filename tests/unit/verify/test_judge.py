"""From evidence to verdict."""

from __future__ import annotations

import pytest

from ostinato.base.ids import NodeId
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.verify.judge import judge, refused
from ostinato.verify.runs import status_of
from ostinato.verify.types import Change, VerdictKind

CHANGE = Change("base", "tree", "diff", ("a.py",))
TASK = NodeId("os-00000001.1")


def run(
    command: str = "check",
    code: int | None = 0,
    *,
    owner: NodeId | None = TASK,
    tests: tuple[str, ...] = (),
    phase: CheckPhase = CheckPhase.ATTEMPT,
    output: str = "",
) -> CheckRun:
    return CheckRun(command, status_of(code), code, 0.1, output, phase, owner, failing_tests=tests)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (0, CheckStatus.PASSED),
        (1, CheckStatus.FAILED),
        (5, CheckStatus.FAILED),
        (255, CheckStatus.FAILED),
        (126, CheckStatus.INCONCLUSIVE),
        (127, CheckStatus.INCONCLUSIVE),
        (137, CheckStatus.INCONCLUSIVE),
        (-9, CheckStatus.INCONCLUSIVE),
        (None, CheckStatus.INCONCLUSIVE),
    ],
)
def test_exit_codes_are_told_apart(code: int | None, status: CheckStatus) -> None:
    assert status_of(code) is status


def test_passes_when_every_check_is_green() -> None:
    verdict = judge(CHANGE, (run(), run("other")), {}, ever_red=True)
    assert verdict.kind is VerdictKind.PASSED
    assert verdict.reasons == ()


def test_fails_when_one_check_is_red_whatever_else_is_unclear() -> None:
    verdict = judge(CHANGE, (run("slow", None), run("bad", 1, output="x\nAssertionError: 1 != 2\n")), {}, ever_red=True)
    assert verdict.kind is VerdictKind.FAILED
    assert verdict.reasons[0] == "`bad` exit 1: AssertionError: 1 != 2"


def test_is_inconclusive_when_a_check_cannot_run() -> None:
    verdict = judge(CHANGE, (run("gone", 127),), {}, ever_red=True)
    assert verdict.kind is VerdictKind.INCONCLUSIVE
    assert verdict.reasons == ("`gone` cannot run (exit 127)",)


def test_old_failures_do_not_count_when_they_were_red_on_the_base() -> None:
    before = run("suite", 1, owner=None, tests=("a", "b"))
    same = run("suite", 1, owner=None, tests=("a",))
    assert judge(CHANGE, (same,), {"suite": before}, ever_red=True).kind is VerdictKind.PASSED


def test_new_failures_count_by_name_when_the_base_was_red_too() -> None:
    before = run("suite", 1, owner=None, tests=("a",))
    worse = run("suite", 1, owner=None, tests=("a", "c"))
    verdict = judge(CHANGE, (worse,), {"suite": before}, ever_red=True)
    assert verdict.kind is VerdictKind.FAILED
    assert verdict.reasons == ("`suite` fails tests that passed before: c",)


def test_the_broken_task_is_named_when_a_proof_is_red() -> None:
    other = NodeId("os-00000001.7")
    verdict = judge(CHANGE, (run("old", 1, owner=other, phase=CheckPhase.PROOF),), {}, ever_red=True)
    assert verdict.reasons[0].startswith("breaks os-00000001.7, which was proven: `old` exit 1")


def test_fingerprints_are_equal_when_only_times_and_output_differ() -> None:
    one = judge(CHANGE, (run("bad", 1, output="took 1 s"),), {}, ever_red=True)
    two = judge(CHANGE, (run("bad", 1, output="took 2 s"),), {}, ever_red=True)
    other_diff = judge(Change("base", "tree2", "d"), (run("bad", 1),), {}, ever_red=True)
    assert one.fingerprint == two.fingerprint != ""
    assert other_diff.fingerprint != one.fingerprint


def test_a_refused_change_fails_with_its_reasons() -> None:
    verdict = refused(CHANGE, ("AGENTS.md is protected",), ever_red=True)
    assert verdict.kind is VerdictKind.FAILED
    assert verdict.reasons == ("AGENTS.md is protected",)
    assert verdict.fingerprint
