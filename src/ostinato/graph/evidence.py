"""Runs of checks as values: the evidence that verdicts rest on. It judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ostinato.base.ids import NodeId


class CheckStatus(StrEnum):
    """How a check ended: exit 0; another exit code; exit 126 or 127, a signal or a time-out."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class CheckPhase(StrEnum):
    """When a check ran: while planning, on the base before the agent, on the attempt, or later to prove again."""

    PLAN = "plan"
    BASE = "base"
    ATTEMPT = "attempt"
    PROOF = "proof"


@dataclass(frozen=True, slots=True)
class CheckRun:
    """One run of one check. `owner` is the task whose check it is, None for the project's. `exit_code` is None for a
    time-out; negative for a signal. `output` is stdout and stderr as they came, head and tail. Times in seconds."""

    command: str
    status: CheckStatus
    exit_code: int | None
    seconds: float
    output: str
    phase: CheckPhase
    owner: NodeId | None = None
    flaky: bool = False
    failing_tests: tuple[str, ...] = ()
