"""The text forms of a plan: the arguments of `propose_plan` and the JSON a draft is kept as. It judges no plan.

Reading is tolerant where nothing can be misread (null means absent, one item stands for a list of one, text is
stripped, a task without a key gets one) and strict elsewhere: a wrong type, an unknown word or a misspelt field is a
problem, and all problems are named at once. What a plan must contain is the business of `graph.plan_rules`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from ostinato.graph.fields import Fields
from ostinato.graph.plan import DecisionDraft, ObservationDraft, OptionDraft, PlanDraft, TaskDraft
from ostinato.graph.types import Check, Complexity, Priority

_PLAN_FIELDS = ("summary", "tasks", "decisions", "observations")
_TASK_FIELDS = (
    *("key", "title", "description", "acceptance_criteria", "checks", "depends_on", "file_scope"),
    *("complexity", "priority", "profile", "judge", "replaces"),
)
_CHECK_FIELDS = ("command", "timeout", "working_dir", "guard")
_DECISION_FIELDS = (
    *("title", "context", "options", "chosen", "rationale"),
    *("forbids_paths", "forbids_dependencies", "supersedes"),
)
_OPTION_FIELDS = ("title", "description", "pros", "cons")
_OBSERVATION_FIELDS = ("title", "description")


class PlanFormatError(ValueError):
    """The arguments are not a plan. `problems` holds one line for each thing wrong, in the order of the text."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


def parse_plan(arguments: Mapping[str, Any]) -> PlanDraft:
    """Return the draft that the arguments of `propose_plan` describe. Raises PlanFormatError naming every problem."""
    fields = Fields(arguments, "the plan", _PLAN_FIELDS)
    draft = PlanDraft(
        summary=fields.text("summary"),
        tasks=_with_keys(fields.items("tasks", _TASK_FIELDS, _task)),
        decisions=fields.items("decisions", _DECISION_FIELDS, _decision),
        observations=fields.items("observations", _OBSERVATION_FIELDS, _observation, from_text=ObservationDraft),
    )
    _refuse(fields)
    return draft


def parse_task(arguments: Mapping[str, Any]) -> TaskDraft:
    """Return one task of the same form (`create_task`); its key may be empty. Raises PlanFormatError."""
    fields = Fields(arguments, "the task", _TASK_FIELDS)
    task = _task(fields)
    _refuse(fields)
    return task


def parse_decision(arguments: Mapping[str, Any]) -> DecisionDraft:
    """Return one decision of the same form (`log_decision`). Raises PlanFormatError."""
    fields = Fields(arguments, "the decision", _DECISION_FIELDS)
    decision = _decision(fields)
    _refuse(fields)
    return decision


def to_arguments(draft: PlanDraft) -> dict[str, Any]:
    """Return the arguments of `propose_plan` that give this draft, empty fields left out; `red` is not part of them."""
    return _present(
        summary=draft.summary,
        tasks=[_task_arguments(task) for task in draft.tasks],
        decisions=[
            _present(
                title=decision.title,
                context=decision.context,
                options=[
                    _present(title=o.title, description=o.description, pros=list(o.pros), cons=list(o.cons))
                    for o in decision.options
                ],
                chosen=decision.chosen,
                rationale=decision.rationale,
                forbids_paths=list(decision.forbids_paths),
                forbids_dependencies=list(decision.forbids_dependencies),
                supersedes=list(decision.supersedes),
            )
            for decision in draft.decisions
        ],
        observations=[_present(title=o.title, description=o.description) for o in draft.observations],
    )


def to_json(draft: PlanDraft) -> str:
    """Return the draft as one JSON object: the arguments that describe it, and `red`. Same draft, same bytes."""
    return json.dumps({**to_arguments(draft), "red": [list(pair) for pair in draft.red]}, ensure_ascii=False)


def from_json(text: str) -> PlanDraft:
    """Return the draft that `to_json` wrote. Raises PlanFormatError for anything else.

    Equal to the draft that was written when that came from `parse_plan`: text is stripped and blank items drop out.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise PlanFormatError([f"the plan is not JSON: {error}"]) from error
    if not isinstance(data, dict):
        raise PlanFormatError(["the plan must be a JSON object"])
    red = data.pop("red", [])
    draft = parse_plan(data)
    pairs = [tuple(pair) for pair in red if isinstance(pair, list)] if isinstance(red, list) else None
    if pairs is None or len(pairs) != len(red) or not all(len(p) == 2 and _all_text(p) for p in pairs):
        raise PlanFormatError(["red must be a list of [task key, command]"])
    return PlanDraft(draft.summary, draft.tasks, draft.decisions, draft.observations, tuple((k, c) for k, c in pairs))


def _refuse(fields: Fields) -> None:
    if fields.problems:
        raise PlanFormatError(fields.problems)


def _all_text(values: Iterable[Any]) -> bool:
    return all(isinstance(value, str) for value in values)


def _task_arguments(task: TaskDraft) -> dict[str, Any]:
    return _present(
        key=task.key,
        title=task.title,
        description=task.description,
        acceptance_criteria=list(task.acceptance_criteria),
        checks=[
            {"command": c.command} | _present(timeout=c.timeout, working_dir=c.working_dir, guard=c.guard)
            for c in task.checks
        ],
        depends_on=list(task.depends_on),
        file_scope=list(task.file_scope),
        complexity=task.complexity and str(task.complexity),
        priority=task.priority and str(task.priority),
        profile=task.profile,
        judge=task.judge,
        replaces=list(task.replaces),
    )


def _present(**fields: Any) -> dict[str, Any]:
    # A time limit of 0 is wrong but present: the rules shall find it after a round trip too.
    return {k: v for k, v in fields.items() if not (v is None or v is False or v == "" or v == [])}


def _with_keys(tasks: tuple[TaskDraft, ...]) -> tuple[TaskDraft, ...]:
    """Give each task without a key the name of its place, `t1`, `t2` …, or the next one that is free."""
    taken = {task.key for task in tasks}
    named = []
    for place, task in enumerate(tasks, start=1):
        if not task.key:
            while f"t{place}" in taken:
                place += 1
            task = replace(task, key=f"t{place}")
            taken.add(task.key)
        named.append(task)
    return tuple(named)


def _task(fields: Fields) -> TaskDraft:
    return TaskDraft(
        key=fields.text("key"),
        title=fields.text("title"),
        description=fields.text("description"),
        acceptance_criteria=fields.texts("acceptance_criteria"),
        checks=fields.items("checks", _CHECK_FIELDS, _check, from_text=Check),
        depends_on=fields.texts("depends_on"),
        file_scope=fields.texts("file_scope"),
        complexity=fields.word("complexity", Complexity),
        priority=fields.word("priority", Priority),
        profile=fields.text("profile") or None,
        judge=fields.flag("judge"),
        replaces=fields.texts("replaces"),
    )


def _check(fields: Fields) -> Check:
    return Check(
        command=fields.text("command"),
        timeout=fields.number("timeout"),
        working_dir=fields.text("working_dir") or None,
        guard=fields.flag("guard"),
    )


def _decision(fields: Fields) -> DecisionDraft:
    return DecisionDraft(
        title=fields.text("title"),
        context=fields.text("context"),
        options=fields.items("options", _OPTION_FIELDS, _option, from_text=OptionDraft),
        chosen=fields.text("chosen") or None,
        rationale=fields.text("rationale"),
        forbids_paths=fields.texts("forbids_paths"),
        forbids_dependencies=fields.texts("forbids_dependencies"),
        supersedes=fields.texts("supersedes"),
    )


def _option(fields: Fields) -> OptionDraft:
    return OptionDraft(fields.text("title"), fields.text("description"), fields.texts("pros"), fields.texts("cons"))


def _observation(fields: Fields) -> ObservationDraft:
    return ObservationDraft(fields.text("title"), fields.text("description"))
