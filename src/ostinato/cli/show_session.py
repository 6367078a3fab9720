"""One session whole: what it was about, why it stopped, its attempts, its spending by model, its notes. And one
question to a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ostinato.base.ids import ApprovalId, SessionId
from ostinato.base.spending import Spending
from ostinato.base.text import clip, many
from ostinato.cli.answering import how_to_answer
from ostinato.cli.documents import approval_document, iteration_document, session_document, spending_document
from ostinato.cli.looking_documents import message_document, step_document
from ostinato.cli.output import answer, clean, clean_block, columns, short_time
from ostinato.cli.report_words import stopped_words
from ostinato.cli.screen import heading, length, painted, spent, spent_by_kind, width, wrapped
from ostinato.graph.iterations import Iteration
from ostinato.graph.sessions import Session
from ostinato.graph.types import Node

if TYPE_CHECKING:
    from ostinato.cli.context import Invocation
    from ostinato.cli.show import Parts
    from ostinato.store.conversations import StoredMessage, StoredStep
    from ostinato.store.store import Store


@dataclass(frozen=True, slots=True)
class _Found:
    session: Session
    goal: Node | None
    iterations: list[Iteration]
    tasks: dict[str, Node]
    by_model: dict[str, Spending]
    messages: list[StoredMessage]
    steps: list[StoredStep]
    talks: dict[str, tuple[list[StoredMessage], list[StoredStep]]]


def show_session(invocation: Invocation, store: Store, session_id: SessionId, parts: Parts) -> None:
    """Print a session; with --json its document with `iterations`, `by_model` and, for a plan, its conversation."""
    found = _found(store, session_id)
    answer(invocation, _document(found) if invocation.json else None, _lines(found, parts))


def session_lines(store: Store, session_id: SessionId, parts: Parts) -> Iterator[str]:
    """Yield what a person is shown of a session; it is read when the first line is asked for."""
    yield from _lines(_found(store, session_id), parts)


def _found(store: Store, session_id: SessionId) -> _Found:
    with store.db.reading():
        return _read(store, session_id)


def _read(store: Store, session_id: SessionId) -> _Found:
    session = store.sessions.get(session_id)
    iterations = store.iterations.of_session(session_id)
    by_model: dict[str, Spending] = {}
    talks = store.looking.talks_of([session_id])
    for one in store.looking.steps_of([session_id, *talks, *(iteration.id for iteration in iterations)]):
        by_model[one.model] = by_model.get(one.model, Spending()) + one.spending
    tasks = store.looking.nodes(dict.fromkeys(iteration.task_id for iteration in iterations))
    return _Found(
        session=session,
        goal=store.graph.find(session.goal_id),
        iterations=iterations,
        tasks={task.id: task for task in tasks},
        by_model=by_model,
        messages=store.iterations.transcript(session_id),
        steps=store.iterations.steps(session_id),
        talks={talk: (store.iterations.transcript(talk), store.iterations.steps(talk)) for talk in talks},
    )


def _document(found: _Found) -> dict[str, Any]:
    return {
        **session_document(found.session),
        "iterations": [iteration_document(iteration) for iteration in found.iterations],
        "by_model": [{"name": name, **spending_document(spending)} for name, spending in found.by_model.items()],
        "transcript": [message_document(stored) for stored in found.messages],
        "model_calls": [step_document(step) for step in found.steps],
        "conversations": {
            talk: [message_document(stored) for stored in messages] for talk, (messages, _) in found.talks.items()
        },
    }


def _lines(found: _Found, parts: Parts) -> Iterator[str]:
    # Late: a session that is only listed needs no conversation.
    from ostinato.cli.ledger_view import ledger_lines
    from ostinato.cli.transcript_view import transcript_lines

    if parts.named:
        if parts.transcript:
            yield from transcript_lines(found.messages, found.steps, full=parts.full)
            yield from _talks(found, full=parts.full)
        if parts.tokens:
            yield from ledger_lines(found.steps)
        if parts.diff or parts.evidence:
            yield "  a session has neither diff nor evidence of its own: show one of its attempts"
        return
    yield from _head(found)
    yield from _iterations(found)
    if found.messages:
        yield ""
        yield heading("conversation")
        if parts.full:
            yield from transcript_lines(found.messages, found.steps, full=True)
            yield from _talks(found, full=True)
        else:
            yield f"  {many(len(found.steps), 'step')} (--transcript shows them)"
    if found.session.handoff_notes:
        yield ""
        yield heading("handoff notes")
        for line in clean_block(found.session.handoff_notes.rstrip()):
            yield from wrapped(line.strip(), "  ", "    ") if line else ("",)


def _talks(found: _Found, *, full: bool) -> Iterator[str]:
    """Yield the conversations beside the main one, each under its name."""
    from ostinato.cli.transcript_view import transcript_lines

    for talk, (messages, steps) in found.talks.items():
        yield ""
        yield heading(clean(talk.partition("/")[2] or talk))
        yield from transcript_lines(messages, steps, full=full)


def _head(found: _Found) -> Iterator[str]:
    session = found.session
    title = clean(found.goal.title) if found.goal else ""
    yield painted(clip(f"{session.id}: {session.kind} session on {session.goal_id} {title}", _room()), bold=True)
    rows: list[tuple[object, ...]] = [
        ("  started", f"{short_time(session.started_at)} UTC"),
        ("  ended", f"{short_time(session.ended_at)} UTC" if session.ended_at else "it is open"),
        ("  took", length((session.ended_at - session.started_at).total_seconds()) if session.ended_at else ""),
        ("  agents", ", ".join(session.agent_ids)),
        ("  spent", spent_by_kind(session.spending) if session.spending.calls else ""),
    ]
    yield from columns([row for row in rows if row[1]])
    if session.stop_reason:
        yield from wrapped(f"{clean(stopped_words(session.stop_reason))} ({clean(session.stop_reason)})", "  stopped  ")
    if session.summary:
        yield from wrapped(clean(session.summary), "  summary  ")
    if len(found.by_model) > 1 or any(found.by_model):
        rows = [(f"    {name or 'not recorded'}", spent(spending)) for name, spending in found.by_model.items()]
        yield "  by model"
        yield from columns(rows)


def _iterations(found: _Found) -> Iterator[str]:
    if not found.iterations:
        return
    yield ""
    yield heading(f"attempts ({len(found.iterations)})")
    for one in found.iterations:
        task = found.tasks.get(one.task_id)
        colour = {"done": "green", "retry": "red", "fail": "red", "block": "red"}.get(one.decision or "")
        what = one.decision or "is running"
        commit = f" {one.commit[:10]}" if one.commit else ""
        took = length((one.ended_at - one.started_at).total_seconds()) if one.ended_at else ""
        line = f"  {one.id}  {what + commit:<16} {took:>8}  {one.task_id} {clean(task.title) if task else ''}"
        yield painted(clip(line.rstrip(), _room()), colour)


def _room() -> int:
    return max(width(), 60)


def show_question(invocation: Invocation, store: Store, identifier: str) -> None:
    """Print a question to a person, with its answer or the command that gives one."""
    asked = store.approvals.get(ApprovalId(identifier))
    rows: list[tuple[object, ...]] = [
        ("  about", asked.node_id),
        ("  kind", asked.kind),
        ("  asked", f"{short_time(asked.asked_at)} UTC"),
        ("  answered", f"{short_time(asked.answered_at)} UTC" if asked.answered_at else ""),
        ("  answer", asked.answer),
        ("  reason", asked.reason),
    ]
    waits = [] if asked.answered_at else [f"  {command}" for command in how_to_answer(asked)]
    facts = columns([row for row in rows if row[1]])
    answer(invocation, approval_document(asked), [clean(f"{asked.id}: {asked.question}"), *facts, *waits])
