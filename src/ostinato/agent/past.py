"""How the past is told in a briefing: earlier attempts with their evidence, and completed work that fades. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from ostinato.agent.facts import DEFAULT_RULES, BriefingRules, CompletedWork, PastAttempt
from ostinato.base.text import clip, head_and_tail, one_line
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.iterations import Ending

_OUTPUT_TAIL = 1_200
_OUTPUT_TAIL_OLDER = 250
_DIFF = 1_500
_FAILING_TESTS = 10


def attempt_items(earlier: tuple[PastAttempt, ...]) -> tuple[str, ...]:
    """Return one text per attempt, the latest first, which alone has its diff and much of the output."""
    latest_first = sorted(earlier, key=lambda past: (past.iteration.started_at, past.iteration.id), reverse=True)
    return tuple(_attempt(past, latest=place == 0) for place, past in enumerate(latest_first))


def _attempt(past: PastAttempt, *, latest: bool) -> str:
    iteration = past.iteration
    ending = f", ended by {iteration.ending}" if iteration.ending else ""
    verdict = f", {iteration.verdict}" if iteration.verdict else ""
    lines = [f"Earlier attempt {iteration.attempt} ({iteration.id}){ending}{verdict}"]
    if iteration.ending_message.strip():
        circled = iteration.ending is Ending.CIRCLING
        whose = "It was ended for going in circles:" if circled else "The agent's last words:"
        lines.append(f"{whose} {clip(one_line(iteration.ending_message.strip()), 300)}")
    lines += [f"- {clip(one_line(reason), 400)}" for reason in iteration.reasons]
    lines += [_failed(run, latest=latest) for run in past.runs if _speaks_against(run)]
    if latest and iteration.diff.strip():
        lines.append(f"Its change, which is not in the tree now:\n{head_and_tail(iteration.diff.strip(), _DIFF)}")
    return "\n".join(lines)


def _speaks_against(run: CheckRun) -> bool:
    # Red on the base is what a check before the work shall be.
    return run.status is not CheckStatus.PASSED and run.phase in {CheckPhase.ATTEMPT, CheckPhase.PROOF}


def _failed(run: CheckRun, *, latest: bool) -> str:
    how = "timed out" if run.exit_code is None else f"exit {run.exit_code}"
    text = f"`{run.command}` at {run.phase}: {how}"
    if run.failing_tests:
        text += f"; failing: {', '.join(run.failing_tests[:_FAILING_TESTS])}"
    tail = run.output.strip()[-(_OUTPUT_TAIL if latest else _OUTPUT_TAIL_OLDER) :]
    return f"{text}\n{tail}" if tail else text


def completed_items(
    completed: tuple[CompletedWork, ...], now: datetime, rules: BriefingRules = DEFAULT_RULES
) -> tuple[str, ...]:
    """Return one text per task, the latest first: in full, later with its outcome, at last by title."""
    latest_first = sorted(completed, key=lambda work: (_ended(work), work.task.id), reverse=True)
    return tuple(_completed(work, now - _ended(work), rules) for work in latest_first)


def _ended(work: CompletedWork) -> datetime:
    return work.task.completed_at or work.task.created_at


def _completed(work: CompletedWork, age: timedelta, rules: BriefingRules) -> str:
    line = f"- {work.task.id}: {one_line(work.task.title)} ({work.task.status})"
    if age <= rules.outcome_for and work.outcome.strip():
        line += f": {one_line(work.outcome.strip())}"
    if age <= rules.full_for and work.task.description.strip():
        line += f"\n  {one_line(work.task.description.strip())}"
    return line
