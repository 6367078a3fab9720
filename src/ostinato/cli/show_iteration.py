"""One attempt at a task, whole: why it ended as it did, its conversation, diff, evidence, and where the tokens went."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ostinato.base.clock import format_time
from ostinato.base.ids import IterationId
from ostinato.base.text import clip, many
from ostinato.cli.documents import iteration_document, node_document
from ostinato.cli.ledger_view import ledger_lines
from ostinato.cli.looking_documents import check_run_document, message_document, step_document
from ostinato.cli.output import answer, clean, clean_block, columns, short_time
from ostinato.cli.report_words import run_words
from ostinato.cli.screen import diff_lines, heading, length, painted, spent_by_kind, width, wrapped
from ostinato.cli.transcript_view import transcript_lines
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.iterations import Iteration
from ostinato.graph.types import Node

if TYPE_CHECKING:
    from ostinato.cli.context import Invocation
    from ostinato.cli.show import Parts
    from ostinato.store.conversations import StoredMessage, StoredStep
    from ostinato.store.store import Store

PHASES = {
    CheckPhase.PLAN: "while planning",
    CheckPhase.BASE: "on the base, before the work",
    CheckPhase.ATTEMPT: "on the attempt",
    CheckPhase.PROOF: "of work done before, proven again",
}
_DIFF_LINES = 60
_OUTPUT_LINES = 12


@dataclass(frozen=True, slots=True)
class _Found:
    iteration: Iteration
    task: Node | None
    messages: list[StoredMessage]
    steps: list[StoredStep]
    runs: list[CheckRun]


def show_iteration(invocation: Invocation, store: Store, iteration_id: IterationId, parts: Parts) -> None:
    """Print an iteration; with --json everything about it in one document, whatever parts are named."""
    iteration = store.iterations.get(iteration_id)
    found = _Found(
        iteration=iteration,
        task=store.graph.find(iteration.task_id),
        messages=store.iterations.transcript(iteration_id),
        steps=store.iterations.steps(iteration_id),
        runs=store.iterations.check_runs(iteration_id=iteration_id),
    )
    answer(invocation, _document(found) if invocation.json else None, _lines(found, parts))


def _document(found: _Found) -> dict[str, Any]:
    sections: dict[str, int] = {}
    for step in found.steps:
        for name, size in step.sections.items():
            sections[name] = sections.get(name, 0) + size
    return {
        **iteration_document(found.iteration),
        "task": None if found.task is None else node_document(found.task),
        "transcript": [message_document(stored) for stored in found.messages],
        "model_calls": [step_document(step) for step in found.steps],
        "sections": sections,
        "check_runs": [check_run_document(run) for run in found.runs],
        "diff": found.iteration.diff,
        "transcript_gone_at": _time(found.iteration.transcript_gone_at),
        "evidence_gone_at": _time(found.iteration.evidence_gone_at),
    }


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)


def _lines(found: _Found, parts: Parts) -> Iterator[str]:
    wanted: list[tuple[bool, str, Callable[[], Iterable[str]]]] = [
        (parts.transcript, "conversation", lambda: transcript_lines(found.messages, found.steps, full=parts.full)),
        (parts.diff, "diff", lambda: _diff(found.iteration, full=parts.full or parts.diff)),
        (parts.evidence, "evidence", lambda: _evidence(found, full=parts.full)),
        (parts.tokens, "tokens of each request by section, estimated", lambda: ledger_lines(found.steps)),
    ]
    if not parts.named:
        yield from _head(found)
    for named, title, lines in wanted:
        if parts.named and not named:
            continue
        # Sizes are for who asks where the tokens went.
        if not parts.named and title.startswith("tokens") and not parts.full:
            if found.steps:
                yield f"\nwhere the tokens went: ostinato show {found.iteration.id} --tokens"
            continue
        if not parts.named:
            yield ""
            yield heading(title)
        yield from lines()


def _head(found: _Found) -> Iterator[str]:
    one = found.iteration
    title = clean(found.task.title) if found.task else ""
    yield painted(clip(f"{one.id}: attempt {one.attempt} at {one.task_id} {title}", max(width(), 80)), bold=True)
    models = dict.fromkeys(clean(step.model) for step in found.steps if step.model)
    rows: list[tuple[object, ...]] = [
        ("  session", one.session_id),
        ("  started", f"{short_time(one.started_at)} UTC"),
        ("  took", length((one.ended_at - one.started_at).total_seconds()) if one.ended_at else "it has not ended"),
        ("  model", ", ".join(models)),
        ("  spent", f"{many(one.steps, 'step')}, {spent_by_kind(one.spending)}" if one.ended_at else ""),
        ("  base", one.base_commit[:12]),
        ("  commit", (one.commit or "")[:12]),
    ]
    yield from columns([row for row in rows if row[1]])
    yield from outcome_lines(one)


def outcome_lines(one: Iteration) -> Iterator[str]:
    """Yield how an attempt ended, what the checks said and what was decided, each with its reasons."""
    if one.ended_at is None:
        return
    said = f": {clean(one.ending_message)}" if one.ending_message else ""
    yield from wrapped(f"{ENDINGS.get(one.ending or '', one.ending or 'ended')}{said}", "  ended    ")
    verdict = f"{one.verdict}, " if one.verdict else ""
    words = f"{verdict}{DECISIONS.get(one.decision or '', one.decision or 'nothing was decided')}"
    colour = {"done": "green", "review": "yellow"}.get(one.decision or "", "red" if one.verdict == "failed" else None)
    yield painted(f"  verdict  {clean(words)}", colour)
    for reason in one.reasons:
        yield from wrapped(clean(reason), "           · ", "             ")


def _diff(one: Iteration, *, full: bool) -> Iterator[str]:
    if not one.diff.strip():
        yield "  nothing was changed" if one.ended_at else "  not known before it has ended"
        return
    if one.evidence_gone_at is not None:
        whole = f": `git show {one.commit[:12]}` shows it" if one.commit else ""
        yield f"  what the lines say was kept for its time and is gone since {short_time(one.evidence_gone_at)}{whole}"
    lines = list(diff_lines(one.diff))
    yield from lines if full else lines[:_DIFF_LINES]
    if not full and len(lines) > _DIFF_LINES:
        yield f"… {many(len(lines) - _DIFF_LINES, 'more line')} (--diff shows all)"


def _evidence(found: _Found, *, full: bool) -> Iterator[str]:
    gone = found.iteration.evidence_gone_at
    if gone is not None and found.runs:
        yield f"  what the checks printed was kept for its time and is gone since {short_time(gone)}"
    yield from evidence_lines(found.runs, full=full)


def evidence_lines(runs: Sequence[CheckRun], *, full: bool) -> Iterator[str]:
    """Yield the runs of checks by phase; the output of what did not pass, and with `full` of everything."""
    if not runs:
        yield "  no check was run"
    for phase, words in PHASES.items():
        those = [run for run in runs if run.phase is phase]
        if those:
            yield f"  {words}"
        for run in those:
            yield from _run(run, full=full)


def _run(run: CheckRun, *, full: bool) -> Iterator[str]:
    wanted_red = run.phase in {CheckPhase.BASE, CheckPhase.PLAN}
    mark, colour = {
        CheckStatus.PASSED: ("✔", "green"),
        CheckStatus.FAILED: ("○", None) if wanted_red else ("✗", "red"),
        CheckStatus.INCONCLUSIVE: ("?", "yellow"),
    }[run.status]
    whose = f"{run.owner}: " if run.owner and run.phase is CheckPhase.PROOF else ""
    facts = f"({run_words(run)})"
    yield from (painted(line, colour) for line in wrapped(f"{whose}{clean(run.command)}  {facts}", f"    {mark} "))
    lines = clean_block(run.output, "      │ ")
    if full:
        yield from lines
    elif run.status is not CheckStatus.PASSED and not wanted_red:
        if len(lines) > _OUTPUT_LINES:
            yield f"      … {many(len(lines) - _OUTPUT_LINES, 'line')} before (--full shows all)"
        yield from lines[-_OUTPUT_LINES:]


ENDINGS = {
    "complete": "the agent said that it is done",
    "blocked": "the agent said that it cannot go on",
    "text": "the agent stopped calling tools",
    "empty": "the agent answered nothing",
    "step_limit": "the limit of steps",
    "token_limit": "the limit of tokens",
    "time_limit": "the limit of time",
    "circling": "it went in circles",
    "session_limit": "a limit of the session",
    "interrupted": "interrupted",
    "provider": "the model's provider failed",
    "crashed": "the process died",
    "claim_lost": "the claim was lost",
    "none": "no model was called",
}
DECISIONS = {
    "done": "the task is completed",
    "review": "a person must judge it",
    "retry": "the task is tried again",
    "fail": "the task has failed",
    "block": "the task is blocked",
    "park": "the task is parked",
    "split": "the task was split",
    "release": "the task was given back, no attempt used up",
}
