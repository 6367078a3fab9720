"""The JSON documents of `show` and `report`: transcripts, model calls, check runs, reports. More keys may be added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ostinato.base.clock import format_time
from ostinato.chat.messages import AssistantMessage, ToolMessage
from ostinato.cli.documents import (
    approval_document,
    iteration_document,
    node_document,
    project_document,
    session_document,
    spending_document,
)
from ostinato.cli.ledger_view import cached_share

if TYPE_CHECKING:
    from ostinato.app.report_values import DecisionReport, OptionReport, Report, Spent, TaskReport
    from ostinato.base.diffstat import FileChange
    from ostinato.graph.evidence import CheckRun
    from ostinato.store.conversations import StoredMessage, StoredStep


def message_document(stored: StoredMessage) -> dict[str, Any]:
    """Return one message; `role` is system, user, assistant or tool."""
    common = {"position": stored.position, "step": stored.step, "at": format_time(stored.at)}
    message = stored.message
    if isinstance(message, str):
        return {**common, "role": "system", "text": message}
    if isinstance(message, AssistantMessage):
        calls = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.tool_calls]
        said = {"text": message.text, "reasoning": message.reasoning, "tool_calls": calls}
        return {**common, "role": "assistant", **said}
    if isinstance(message, ToolMessage):
        answer = {"call_id": message.call_id, "name": message.name, "is_error": message.is_error}
        return {**common, "role": "tool", "text": message.text, **answer}
    return {**common, "role": "user", "text": message.text}


def step_document(step: StoredStep) -> dict[str, Any]:
    """Return one model call; `sections` are the estimated tokens of its request, `model` is "" where not kept."""
    share = cached_share(step.spending)
    return {
        "step": step.step,
        "model": step.model,
        "started_at": format_time(step.started_at),
        "ended_at": None if step.ended_at is None else format_time(step.ended_at),
        **spending_document(step.spending),
        "sections": dict(step.sections),
        "estimated_input": sum(step.sections.values()),
        "cached_share": None if share is None else round(share, 4),
    }


def check_run_document(run: CheckRun) -> dict[str, Any]:
    """Return one run of one check; `owner` is the task whose check it is, null for the project's."""
    return {
        "phase": run.phase,
        "command": run.command,
        "owner": run.owner,
        "status": run.status,
        "exit_code": run.exit_code,
        "seconds": run.seconds,
        "flaky": run.flaky,
        "failing_tests": list(run.failing_tests),
        "output": run.output,
    }


def report_document(report: Report) -> dict[str, Any]:
    """Return everything that a report tells."""
    return {
        **node_document(report.goal),
        "at": format_time(report.at),
        "project": project_document(report.project),
        "session": None if report.session is None else session_document(report.session),
        "branch": report.branch,
        "landed_commit": report.landed,
        "counts": {status.value: count for status, count in report.counts.items()},
        "sessions": [session_document(session) for session in report.sessions],
        "tasks": [_task_document(task) for task in report.tasks],
        "decisions": [decision_document(decision) for decision in report.decisions],
        "learned": [{**node_document(one.node), "about": list(one.about)} for one in report.learned],
        "waiting": [approval_document(approval) for approval in report.waiting],
        "changed": _changes(report.changed),
        "by_model": spent_documents(report.by_model),
        "by_day": spent_documents(report.by_day),
        **spending_document(report.spending),
        "timeline": [{"at": format_time(m.at), "kind": m.mark, "text": m.text} for m in report.timeline],
    }


def decision_document(decision: DecisionReport) -> dict[str, Any]:
    """Return a decision with its options; `chosen` is the id of the one taken, each option has its `reason`."""
    options = [*([decision.chosen] if decision.chosen else []), *decision.others]
    return {
        **node_document(decision.node),
        "chosen": decision.chosen.node.id if decision.chosen else None,
        "options": [_option_document(option) for option in options],
    }


def spent_documents(spent: tuple[Spent, ...]) -> list[dict[str, Any]]:
    """Return what was spent by heading."""
    return [{"name": one.name, **spending_document(one.spending)} for one in spent]


def _changes(files: tuple[FileChange, ...]) -> list[dict[str, Any]]:
    return [{"path": one.path, "added": one.added, "removed": one.removed} for one in files]


def _option_document(option: OptionReport) -> dict[str, Any]:
    return {**node_document(option.node), "reason": option.reason}


def _task_document(task: TaskReport) -> dict[str, Any]:
    return {
        **node_document(task.node),
        "commit": task.commit,
        "changed": _changes(task.files),
        "judged_by": task.judged_by or None,
        "attempts": [
            {**iteration_document(one.iteration), "check_runs": [check_run_document(run) for run in one.runs]}
            for one in task.attempts
        ],
        **spending_document(task.spending),
    }
