"""What a plan must be before anyone sees it, checked without a model. Pure: it runs no check and reads no file.

`check_plan` judges the draft alone; `check_results` judges what its checks did on the base. Every finding says what
to do, since it goes back to the planner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import PurePosixPath

from ostinato.base.text import clip, one_line
from ostinato.graph.evidence import CheckRun, CheckStatus
from ostinato.graph.plan import DecisionDraft, Finding, PlanDraft, TaskDraft
from ostinato.graph.prohibitions import dependency_problem, path_problem
from ostinato.graph.types import MOST

_CANNOT_RUN = {126: "the file is not executable", 127: "the command was not found"}
_SHOWN = 200


def check_plan(
    draft: PlanDraft,
    *,
    known_ids: Collection[str] = (),
    open_titles: Collection[str] = (),
    without_change: Collection[str] = (),
) -> list[Finding]:
    """Return what is wrong with the draft, in the order of the plan; [] when nothing is.

    `known_ids` are the existing nodes that a task may depend on, `open_titles` the titles of the goal's open tasks
    that this plan does not replace, `without_change` the profiles whose work no check can show.
    """
    if not draft.tasks:
        return [Finding("no-tasks", "the plan has no task: propose at least one"), *_decisions(draft.decisions)]
    findings = [*_keys(draft.tasks), *_titles(draft.tasks, open_titles)]
    for task in draft.tasks:
        findings += [*_work(task, without_change), *_checks(task), *_scope(task)]
    findings += [*_dangling(draft.tasks, known_ids), *_cycles(draft.tasks), *_decisions(draft.decisions)]
    findings += [
        Finding("no-title", f"observation {place} has no title: say in one line what was learned")
        for place, observation in enumerate(draft.observations, start=1)
        if not observation.title.strip()
    ]
    return findings


def check_results(draft: PlanDraft, results: Mapping[tuple[str, str], CheckRun]) -> list[Finding]:
    """Return what the runs of the checks on the base, by (task key, command), say against the plan.

    A check without a run is not judged, and neither is one that a time limit or a signal ended.
    """
    findings = []
    for task in draft.tasks:
        for check in task.checks:
            run = results.get((task.key, check.command))
            if run is None:
                continue
            what = f"check {clip(one_line(check.command), _SHOWN)!r}"
            if run.exit_code in _CANNOT_RUN:
                findings.append(Finding("cannot-run", _cannot_run(what, run), task.key))
            elif run.status is CheckStatus.PASSED and not check.guard:
                findings.append(
                    Finding(
                        "green-on-base",
                        f"{what} passes already, before any work: write one that fails until the task is done, "
                        "or mark it as guard if it only protects what is there",
                        task.key,
                    )
                )
            elif run.status is CheckStatus.FAILED and check.guard:
                findings.append(
                    Finding(
                        "red-guard",
                        f"{what} is a guard but fails on the base{_first_line(run)}: leave out guard if the task "
                        "shall make it pass, else choose one that passes now",
                        task.key,
                    )
                )
    return findings


def _cannot_run(what: str, run: CheckRun) -> str:
    code = run.exit_code or 0
    return (
        f"{what} cannot run: exit {code}, {_CANNOT_RUN[code]}{_first_line(run)}: use a command that runs on the base "
        "and fails there; for a program that the task itself makes, test that it exists first"
    )


def _first_line(run: CheckRun) -> str:
    line = next((line.strip() for line in run.output.splitlines() if line.strip()), "")
    return f" ({clip(line, _SHOWN)})" if line else ""


def _keys(tasks: tuple[TaskDraft, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for place, task in enumerate(tasks, start=1):
        if not task.key.strip():
            yield Finding("no-key", f"task {place} has no key: give each task a short unique key")
        elif task.key in seen:
            yield Finding("same-key", f"two tasks have the key {task.key!r}: keys must be unique", task.key)
        seen.add(task.key)


def _titles(tasks: tuple[TaskDraft, ...], open_titles: Collection[str]) -> Iterator[Finding]:
    existing = {_folded(title) for title in open_titles}
    seen: dict[str, str] = {}
    for task in tasks:
        title = _folded(task.title)
        if not title:
            yield Finding("no-title", "the task has no title: say in one line what it does", task.key)
        elif title in seen:
            yield Finding(
                "same-title", f"tasks {seen[title]!r} and {task.key!r} have the same title: tell them apart", task.key
            )
        elif title in existing:
            yield Finding(
                "same-title",
                f"the goal has an open task {clip(one_line(task.title), _SHOWN)!r} already: depend on it, or say "
                "what is different",
                task.key,
            )
        seen.setdefault(title, task.key)


def _folded(title: str) -> str:
    return " ".join(title.split()).casefold()


def _work(task: TaskDraft, without_change: Collection[str]) -> Iterator[Finding]:
    if not any(criterion.strip() for criterion in task.acceptance_criteria):
        yield Finding("no-criteria", "the task has no acceptance criteria: say how one sees that it is done", task.key)
    if task.judge or task.profile in without_change:
        return
    if not task.checks:
        yield Finding(
            "no-check",
            "the task has no check: add a command that fails now and exits 0 when the task is done, or set judge "
            "if a person must judge it",
            task.key,
        )
    elif all(check.guard for check in task.checks):
        yield Finding(
            "only-guards",
            "all checks of the task are guards, so nothing would prove it: add a check that fails now, or set judge",
            task.key,
        )


def _checks(task: TaskDraft) -> Iterator[Finding]:
    for place, check in enumerate(task.checks, start=1):
        if not check.command.strip():
            yield Finding("empty-command", f"check {place} has an empty command: write one or leave it out", task.key)
        if check.timeout is not None and not 0 < check.timeout <= MOST:
            told = f"check {place} has a timeout of {check.timeout:g} s: it must be positive and at most {MOST:,}"
            yield Finding("timeout", told, task.key)
        if check.working_dir is not None and (why := _outside(check.working_dir)):
            yield Finding("working-dir", f"check {place}: working_dir {check.working_dir!r} {why}", task.key)


def _scope(task: TaskDraft) -> Iterator[Finding]:
    for pattern in task.file_scope:
        if why := _outside(pattern):
            yield Finding("scope", f"file_scope {pattern!r} {why}", task.key)


def _outside(path: str) -> str:
    """Return why a path or glob may leave the checkout, with what to do; "" when it stays inside."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    advice = "write paths relative to the project's root"
    if not path.strip() or any(ord(character) < 32 for character in path):
        return f"is empty or has control characters: {advice}"
    if parts and (parts[0].startswith("/") or parts[0].endswith(":")):
        return f"is absolute: {advice}"
    if parts and parts[0].startswith("~"):
        return f"names a home directory: {advice}"
    if ".." in parts:
        return f"leaves the project through '..': {advice}"
    if any(part.casefold() == ".git" for part in parts):
        return "is inside .git, which no task may change: leave it out"
    return ""


def _dangling(tasks: tuple[TaskDraft, ...], known_ids: Collection[str]) -> Iterator[Finding]:
    keys = {task.key for task in tasks}
    for task in tasks:
        for target in task.depends_on:
            if target not in keys and target not in known_ids:
                yield Finding(
                    "dangling",
                    f"depends_on names {clip(one_line(target), _SHOWN)!r}, which is no key of this plan and no "
                    "existing node: correct or remove it",
                    task.key,
                )


def _cycles(tasks: tuple[TaskDraft, ...]) -> Iterator[Finding]:
    """Walk depth first without recursion, since plans may be long chains; each edge back into the path is a cycle."""
    targets = {task.key: task.depends_on for task in tasks}
    done: set[str] = set()
    for root in targets:
        if root in done:
            continue
        path = {root: None}
        branches = [iter(targets[root])]
        while branches:
            target = next(branches[-1], None)
            if target is None:
                branches.pop()
                done.add(path.popitem()[0])
            elif target in path:
                yield _cycle([*path], target)
            elif target in targets and target not in done:
                path[target] = None
                branches.append(iter(targets[target]))


def _cycle(path: list[str], target: str) -> Finding:
    names = " → ".join([*path[path.index(target) :], target])
    return Finding("cycle", f"depends_on goes in a circle: {names}: remove one of these dependencies", path[-1])


def _decisions(decisions: tuple[DecisionDraft, ...]) -> Iterator[Finding]:
    for place, decision in enumerate(decisions, start=1):
        titles = [option.title for option in decision.options]
        named = f"decision {place}" + (f" ({clip(one_line(decision.title), 80)!r})" if decision.title.strip() else "")
        if not decision.title.strip():
            yield Finding("no-title", f"{named} has no title: say in one line what is decided")
        if len(titles) < 2:
            yield Finding("few-options", f"{named} needs two options at least: name what else was considered")
        if not all(title.strip() for title in titles):
            yield Finding("no-title", f"{named} has an option without a title: name it")
        if len({_folded(title) for title in titles}) < len(titles):
            yield Finding("same-title", f"{named} has two options with the same title: tell them apart")
        if decision.chosen is not None and decision.chosen not in titles:
            yield Finding(
                "no-such-option",
                f"{named} chose {clip(one_line(decision.chosen), 80)!r}, which is none of its options: use the "
                "exact title of one",
            )
        for problem in _prohibitions(decision):
            yield Finding("forbids", f"{named} {problem}")


def _prohibitions(decision: DecisionDraft) -> Iterator[str]:
    for pattern in decision.forbids_paths:
        if problem := path_problem(pattern):
            yield f"forbids the path {clip(one_line(pattern), 80)!r}: {problem}"
    for name in decision.forbids_dependencies:
        if problem := dependency_problem(name):
            yield f"forbids the dependency {clip(one_line(name), 80)!r}: {problem}"
