"""Checks drafts without a model: the rules first, then every check on the base. A command runs once per session."""

from __future__ import annotations

from collections.abc import Iterator

from ostinato.base.errors import NotFoundError
from ostinato.base.ids import NodeId, ProjectId
from ostinato.base.text import clip, one_line
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.plan import Finding, PlanDraft
from ostinato.graph.plan_rules import check_plan, check_results
from ostinato.graph.replacing import Standing, check_replacing, kept_titles
from ostinato.graph.tried_before import check_tried
from ostinato.graph.types import NodeType, Status
from ostinato.loop.draft_profiles import check_profiles, without_change
from ostinato.loop.evidence import checks_in
from ostinato.loop.store_ports import OPEN_TASKS, StorePort, tasks_of
from ostinato.loop.workbench import Run


class DraftChecker:
    """The model-free checks of one plan session, in the proof checkout, which stands at the base by then."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._results: dict[tuple[str, float | None, str | None], CheckRun] = {}

    async def check(self, draft: PlanDraft) -> list[Finding]:
        """Return what is wrong with the draft; an empty list means that a person may see it."""
        standing = await self._run.bench.store(lambda s: _standing(s, self._run.goal.id))
        known = {node.id for node in standing.nodes}
        crew = self._run.bench.crew
        unchanging = without_change(crew)
        findings = check_plan(
            draft, known_ids=known, open_titles=kept_titles(draft, standing), without_change=unchanging
        )
        findings += check_profiles(draft, crew)
        findings += [*check_replacing(draft, standing), *check_tried(draft, standing)]
        findings += await self._run.bench.store(lambda s: list(_superseding(s, draft, self._run.goal.project_id)))
        if findings:
            return findings
        checks = checks_in(self._run, None)
        for task in draft.tasks:
            for check in task.checks:
                if check.as_run not in self._results:
                    self._run.bench.progress(f"on the base: {check.command}", self._run.session.id)
                    self._results[check.as_run] = await checks.run(check, CheckPhase.PLAN)
        return check_results(draft, self._by_task(draft))

    def red_of(self, draft: PlanDraft) -> tuple[tuple[str, str], ...]:
        """Return (task key, command) for each check that was red on the base."""
        results = self._by_task(draft)
        return tuple(key for key, run in results.items() if run.status is CheckStatus.FAILED)

    def _by_task(self, draft: PlanDraft) -> dict[tuple[str, str], CheckRun]:
        return {
            (task.key, check.command): self._results[check.as_run]
            for task in draft.tasks
            for check in task.checks
            if check.as_run in self._results
        }


def _superseding(store: StorePort, draft: PlanDraft, project: ProjectId) -> Iterator[Finding]:
    """Yield a finding for each thing that a decision of the draft cannot supersede: acceptance must not fail later."""
    taken: set[str] = set()
    for decision in draft.decisions:
        for old in decision.supersedes:
            try:
                found = store.graph.get(NodeId(old))
                known = found.project_id == project and found.node_type is NodeType.DECISION
            except NotFoundError:
                known = False
            said = f"the decision {clip(one_line(decision.title), 80)!r} supersedes {clip(one_line(old), 80)!r}"
            if not known:
                yield Finding("supersedes", f"{said}, which is no decision of this project: correct or remove it")
            elif found.status is Status.SUPERSEDED or old in taken:
                yield Finding("supersedes", f"{said}, which is superseded already: name the decision that holds")
            taken.add(old)


def _standing(store: StorePort, goal: NodeId) -> Standing:
    nodes = store.graph.descendants(goal)
    waiting = [task for task in tasks_of(nodes) if task.status in OPEN_TASKS]
    depends = {task.id: tuple(one.id for one in store.graph.prerequisites(task.id)) for task in waiting}
    return Standing(tuple(nodes), depends)
