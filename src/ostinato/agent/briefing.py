"""What an agent is told before it begins: system prompt and first message, within a token budget. Pure.

The order keeps the prefix the same from iteration to iteration: rules and conventions are the system prompt; then goal,
decisions, observations and completed work; then what changes. Role, rules, task, criteria and checks are never cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ostinato.agent.conventions import NearConventions, told
from ostinato.agent.facts import BriefingFacts, CriticFacts, OpenTask, PlannerFacts, StandingDecision
from ostinato.agent.fence import escaped, fenced
from ostinato.agent.packing import Section, pack
from ostinato.agent.past import attempt_items, completed_items
from ostinato.agent.profile_words import others_told, scope_line, without_checks
from ostinato.agent.profiles import Profile, prompt_of, who_plans
from ostinato.agent.sizes import tokens_of
from ostinato.base.text import head_and_tail, one_line
from ostinato.chat.messages import Message
from ostinato.graph.evidence import CheckRun
from ostinato.graph.types import Check, Node

_HINTS = 3
_LONGEST_HINT = 1_200
_CODER_ORDER = ("goal", "decisions", "observations", "completed", "task", "attempts", "handoff", "notes")
_CRITIC_ORDER = ("goal", "completed", "left", "task", "before", "plan")
_PLANNER_ORDER = ("goal", "decisions", "observations", "completed", "left", "handoff", "notes", "wish", "task")


@dataclass(frozen=True, slots=True)
class Briefing:
    """The system prompt, the first user message, and the estimated tokens of their sections.

    `earlier` are the messages of a conversation that goes on, the first user message among them: they are kept already.
    """

    system: str
    user: str
    sections: dict[str, int]
    earlier: tuple[Message, ...] = ()


def coder_briefing(facts: BriefingFacts) -> Briefing:
    """Return the briefing of one attempt at one task. The same facts give the same bytes.

    The user message has exactly one line `## Task: {id} {title}` and one `Attempt: n of m` outside of data.
    """
    rules, conventions = _system(facts.profile, facts.conventions, facts.near)
    task = _task(facts)
    left = facts.budget - tokens_of(rules) - tokens_of(conventions) - tokens_of(task)
    goal = facts.goal
    about = (f"{goal.id} {one_line(goal.title)}", *filter(None, [goal.description.strip()]))
    sections = (
        Section("goal", "## Goal", about, f'get_node {{"id": "{goal.id}"}}', 700),
        Section("notes", "## Notes from the person", facts.notes, _notes_of(goal), 400),
        Section("attempts", "## Earlier attempts", attempt_items(facts.earlier), _outcomes_of(facts.task), 1_100),
        _decisions(facts.decisions),
        _observations(facts.observations),
        Section("handoff", "## Handoff notes of the last session", _lines(facts.handoff), _ALL_TASKS, 350),
        _completed(facts),
    )
    return _assembled(rules, conventions, {**pack(sections, left), "task": task}, _CODER_ORDER)


def planner_briefing(facts: PlannerFacts) -> Briefing:
    """Return the briefing of a planning conversation. The goal is the planner's task, and is never cut."""
    rules, conventions = _system(who_plans(facts.profile, asks=facts.asks), facts.conventions)
    goal = _goal(facts.goal)
    checks = _project_checks(facts.project_checks, facts.check_timeout)
    task = "\n\n".join(filter(None, (checks, others_told(facts.others))))
    wish = f"## What the person wants now\n\n{facts.wish.strip()}" if facts.wish.strip() else ""
    left = facts.budget - sum(map(tokens_of, (rules, conventions, goal, wish, task)))
    completed = completed_items(facts.completed, facts.now, facts.rules) if facts.now else ()
    sections = (
        Section("left", "## Open tasks", tuple(map(_open_task, facts.left)), _ALL_TASKS, 1_200),
        Section("notes", "## Notes from the person", facts.notes, _notes_of(facts.goal), 600),
        _decisions(facts.decisions),
        _observations(facts.observations),
        Section("completed", "## Completed work", completed, _COMPLETED, 500),
        Section("handoff", "## Handoff notes of the last session", _lines(facts.handoff), _ALL_TASKS, 350),
    )
    parts = {**pack(sections, left), "goal": goal, "wish": wish, "task": task}
    return _assembled(rules, conventions, parts, _PLANNER_ORDER)


def critic_briefing(facts: CriticFacts) -> Briefing:
    """Return the briefing of a critic. Goal and plan are what it compares, and are never cut."""
    rules, conventions = _system(facts.profile, facts.conventions)
    goal, task = _goal(facts.goal), _project_checks(facts.project_checks, facts.check_timeout)
    plan = f"## The plan\n\n{fenced(facts.plan)}"
    before = f"## What was said of an earlier version\n\n{fenced(facts.before)}" if facts.before else ""
    completed = completed_items(facts.completed, facts.now, facts.rules) if facts.now else ()
    sections = (
        Section("left", "## Open tasks", tuple(map(_open_task, facts.left)), _ALL_TASKS, 800),
        Section("completed", "## Completed work", completed, _COMPLETED, 500),
    )
    left = facts.budget - sum(map(tokens_of, (rules, conventions, goal, task)))
    parts = {**pack(sections, left), "goal": goal, "plan": plan, "before": before, "task": task}
    return _assembled(rules, conventions, parts, _CRITIC_ORDER)


_ALL_TASKS = 'query_nodes {"type": "task"}'
_COMPLETED = 'query_nodes {"type": "task", "status": "completed"}'


def _notes_of(goal: Node) -> str:
    return f'get_node {{"id": "{goal.id}"}}'


def _outcomes_of(task: Node) -> str:
    return f'query_nodes {{"type": "outcome", "parent": "{task.id}"}}'


def _assembled(rules: str, conventions: str, parts: dict[str, str], order: tuple[str, ...]) -> Briefing:
    present = {name: parts[name] for name in order if parts.get(name)}
    system = "\n\n".join(filter(None, (rules, conventions)))
    sizes = {"rules": tokens_of(rules), "conventions": tokens_of(conventions)}
    sizes |= {name: tokens_of(text) for name, text in present.items()}
    return Briefing(system, "\n\n".join(present.values()), sizes)


def _system(profile: Profile, conventions: str, near: tuple[NearConventions, ...] = ()) -> tuple[str, str]:
    """Return rules and conventions."""
    return prompt_of(profile), told(conventions, near)


def _task(facts: BriefingFacts) -> str:
    task, details = facts.task, facts.task.task
    parts = []
    if task.description.strip():
        parts.append(task.description.strip())
    if details.acceptance_criteria:
        parts.append(_listed("Acceptance criteria:", details.acceptance_criteria))
    parts.append(_task_checks(facts))
    if facts.project_checks:
        lines = [_check_line(check, facts.check_timeout) for check in facts.project_checks]
        parts.append(_listed("The project's checks, which must not break:", lines))
    parts.append(scope_line(facts.profile, details.file_scope))
    if facts.dependencies:
        lines = [f"{node.id} {one_line(node.title)} ({node.status})" for node in facts.dependencies]
        parts.append(_listed("Depends on:", lines))
    body = "\n\n".join(parts)
    attempt = f"Attempt: {facts.attempt} of {facts.max_attempts}"
    told = f"## Task: {task.id} {one_line(task.title)}\n\n<data>\n{escaped(body)}\n</data>\n\n{attempt}"
    return "\n\n".join((told, *_hints(facts.hints), *filter(None, (facts.direction,))))


def _hints(hints: tuple[Node, ...]) -> Iterator[str]:
    """Yield what the person said about this very task; a hint is never left out, a very long one is cut."""
    for hint in hints[:_HINTS]:
        text = hint.description.strip() or hint.title
        more = f' (get_node {{"id": "{hint.id}"}} gives all of it)' if len(text) > _LONGEST_HINT else ""
        yield f"Hint from the person{more}:\n{fenced(head_and_tail(text, _LONGEST_HINT))}"


def _task_checks(facts: BriefingFacts) -> str:
    checks = facts.task.task.checks
    if not checks:
        return without_checks(facts.profile)
    runs = {run.command: run for run in facts.base_runs}
    lines = [_check_line(check, facts.check_timeout, runs.get(check.command)) for check in checks]
    return _listed("Checks, each must exit 0:", lines)


def _project_checks(checks: tuple[Check, ...], timeout: float) -> str:
    if not checks:
        return ""
    lines = [_check_line(check, timeout) for check in checks]
    return f"The project's own checks run after every task anyway:\n{fenced(_listed('', lines))}"


def _check_line(check: Check, timeout: float, run: CheckRun | None = None) -> str:
    facts = [f"limit {check.timeout or timeout:g} s"]
    if check.working_dir:
        facts.append(f"in {check.working_dir}")
    if check.guard:
        facts.append("guard")
    if run is not None:
        exit_code = "timed out" if run.exit_code is None else f"exit {run.exit_code}"
        facts.append(f"before the work: {exit_code}")
    return f"`{check.command.strip()}` ({', '.join(facts)})"


def _goal(goal: Node) -> str:
    heading = f"## Goal: {goal.id} {one_line(goal.title)}"
    return f"{heading}\n\n{fenced(goal.description)}" if goal.description.strip() else heading


def _open_task(left: OpenTask) -> str:
    task = left.task
    line = f"- {task.id}: {one_line(task.title)} [{task.status}]"
    if left.depends_on:
        line += f" after {', '.join(left.depends_on)}"
    line += f": {one_line(task.blocked_reason)}" if task.blocked_reason else ""
    return "\n".join((line, *(f"  tried {tried}" for tried in left.tried)))


def _completed(facts: BriefingFacts) -> Section:
    items = completed_items(facts.completed, facts.now, facts.rules)
    return Section("completed", "## Completed work", items, _COMPLETED, 350, facts.completed_unread)


def _decisions(decisions: tuple[StandingDecision, ...]) -> Section:
    # What fails the verdict comes first: it is what must not be cut.
    ordered = sorted(decisions, key=lambda standing: not standing.forbids)
    items = tuple(_decision(standing) for standing in ordered)
    return Section("decisions", "## Standing decisions", items, 'query_nodes {"type": "decision"}', 500)


def _decision(standing: StandingDecision) -> str:
    line = f"- {standing.decision.id}: {one_line(standing.decision.title)}"
    if standing.option:
        line += f" → {one_line(standing.option)}"
    if standing.reason.strip():
        line += f" ({one_line(standing.reason)})"
    # The harness checks it; what a decision says in words is for the reader.
    return f"{line}. Forbidden, and checked: {standing.forbids}" if standing.forbids else line


def _observations(nodes: tuple[Node, ...]) -> Section:
    items = []
    for node in nodes:
        text = one_line(node.description.strip())
        items.append(f"- {node.id}: {one_line(node.title)}" + (f": {text}" if text else ""))
    return Section("observations", "## Observations", tuple(items), 'query_nodes {"type": "observation"}', 500)


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line for line in text.splitlines() if line.strip())


def _listed(heading: str, lines: tuple[str, ...] | list[str]) -> str:
    items = "\n".join(f"- {line.strip()}" for line in lines)
    return f"{heading}\n{items}" if heading else items
