"""Plan mode: from a goal in words to a draft that passed the model-free checks. Accepting it is a person's."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ostinato.agent.converse import ConversationEnd, converse
from ostinato.agent.limits import ConversationLimits
from ostinato.agent.ports import ProviderError
from ostinato.base.errors import MachineError, machine_error
from ostinato.base.spending import Spending
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.iterations import Ending
from ostinato.graph.plan import Finding, PlanDraft
from ostinato.graph.plan_rules import check_plan, check_results
from ostinato.graph.sessions import Session
from ostinato.graph.types import Node
from ostinato.loop.base_check import check_base
from ostinato.loop.briefs import brief_planner
from ostinato.loop.evidence import checks_in
from ostinato.loop.limits import reached
from ostinato.loop.recover import recover
from ostinato.loop.transcript import StoredTranscript
from ostinato.loop.workbench import Run, Workbench


@dataclass(frozen=True, slots=True)
class Proposal:
    """How the planner's conversation ended. `draft` is None where no clean draft came out; it is saved otherwise."""

    goal: Node
    session: Session
    draft: PlanDraft | None
    end: ConversationEnd
    limit: str | None = None


async def propose(bench: Workbench, title: str, description: str, base: str) -> Proposal:
    """Let the planner explore `base` (a commit) and propose; nothing becomes part of the graph but a pending goal.

    When it fails, the goal is cancelled, the session ended, and the ProviderError or MachineError raised again.
    """
    await recover(bench)
    goal, session = await bench.store(lambda s: s.plans.start(bench.project.id, title, description, bench.process))
    run = Run(bench, goal, session, bench.clock.monotonic())
    await bench.store(lambda s: s.sessions.add_agent(session.id, bench.agent))
    try:
        await check_base(run, base)
        return await _converse(run, base)
    except (ProviderError, MachineError) as error:
        await give_up(bench, goal, session, error.kind, error.message)
        raise
    except OSError as error:
        known = machine_error(error)
        await give_up(bench, goal, session, known.kind, known.message)
        raise known from error


async def accept(bench: Workbench, proposal: Proposal) -> list[Node]:
    """Make the draft part of the graph in one transaction, and end the session; returns the tasks in plan order."""
    actor = Run(bench, proposal.goal, proposal.session, 0.0).actor()
    tasks = await bench.store(lambda s: s.plans.accept(proposal.goal.id, actor._replace(by="person")))
    await bench.store(
        lambda s: s.sessions.end(
            proposal.session.id, stop_reason="accepted", summary=f"plan accepted with {len(tasks)} tasks"
        )
    )
    return tasks


async def give_up(bench: Workbench, goal: Node, session: Session, stop_reason: str, why: str) -> None:
    """Cancel the goal of a plan that is not to be, and end its session."""
    actor = Run(bench, goal, session, 0.0).actor()._replace(by="person" if stop_reason == "rejected" else "loop")
    await bench.store(lambda s: s.plans.reject(goal.id, why, actor))
    await bench.store(lambda s: s.sessions.end(session.id, stop_reason=stop_reason, summary=why))


async def _converse(run: Run, base: str) -> Proposal:
    bench, policy = run.bench, run.bench.policy
    await bench.places.work.reset(base)
    checker = DraftChecker(run)
    tools = bench.planner_tools(checker.check, run.session)
    transcript = StoredTranscript(bench, run.session.id, run.actor(), run.goal.id)

    def gate(spent: Spending, next_tokens: int) -> Ending | None:
        if bench.interruption.asked:
            return Ending.INTERRUPTED
        run.limit = reached(policy.limits, run.used(spent), next_tokens)
        return Ending.SESSION_LIMIT if run.limit else None

    briefing = await brief_planner(run)
    limits = ConversationLimits(policy.steps, policy.tokens, policy.seconds)
    end = await converse(briefing, bench.model, tools.tools, transcript, limits, bench.clock, gate)
    await bench.store(lambda s: s.sessions.add_spending(run.session.id, end.spending))
    draft = tools.draft()
    if draft is not None:
        red = replace(draft, red=checker.red_of(draft))
        await bench.store(lambda s: s.plans.save_draft(run.goal.id, red))
        return Proposal(run.goal, run.session, red, end, run.limit)
    if end.error is not None:
        raise end.error
    return Proposal(run.goal, run.session, None, end, run.limit)


class DraftChecker:
    """Checks drafts without a model: the rules first, then every check on the base. A command runs once per session."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._results: dict[tuple[str, float | None, str | None], CheckRun] = {}

    async def check(self, draft: PlanDraft) -> list[Finding]:
        """Return what is wrong with the draft; an empty list means that a person may see it."""
        findings = check_plan(draft)
        if findings:
            return findings
        checks = checks_in(self._run, None)
        for task in draft.tasks:
            for check in task.checks:
                key = (check.command, check.timeout, check.working_dir)
                if key not in self._results:
                    self._run.bench.progress(f"on the base: {check.command}", self._run.session.id)
                    self._results[key] = await checks.run(check, CheckPhase.PLAN)
        return check_results(draft, self._by_task(draft))

    def red_of(self, draft: PlanDraft) -> tuple[tuple[str, str], ...]:
        """Return (task key, command) for each check that was red on the base."""
        results = self._by_task(draft)
        return tuple(key for key, run in results.items() if run.status is CheckStatus.FAILED)

    def _by_task(self, draft: PlanDraft) -> dict[tuple[str, str], CheckRun]:
        return {
            (task.key, check.command): self._results[check.command, check.timeout, check.working_dir]
            for task in draft.tasks
            for check in task.checks
        }
