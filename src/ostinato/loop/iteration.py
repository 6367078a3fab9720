"""One attempt at one task. Read `run_iteration` first: it is the whole of Ostinato in one function.

Claim a task; check out its base; brief a fresh agent; let it work; verify; commit or keep as evidence; write down
what was learned; decide what is next. Each step commits before the next begins. After a crash nothing resumes here:
recovery re-queues the task, and the next iteration starts from the last commit and what was learned.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from ostinato.agent.converse import ConversationEnd, converse
from ostinato.agent.limits import ConversationLimits
from ostinato.agent.ports import ProviderError
from ostinato.agent.profiles import Output, Profile, limits_for
from ostinato.agent.steering import Steering
from ostinato.base.errors import ClaimLostError, MachineError, RuleError
from ostinato.base.ids import IterationId
from ostinato.base.spending import Spending
from ostinato.graph.evidence import CheckPhase, CheckRun, CheckStatus
from ostinato.graph.iterations import Claim, Ending, Iteration
from ostinato.graph.types import Node
from ostinato.loop.briefs import brief_coder
from ostinato.loop.commit import conclude
from ostinato.loop.course import course_after, model_for, with_question
from ostinato.loop.crew import Hand, hand_for
from ostinato.loop.decide import Action, Attempt, Decision, decide
from ostinato.loop.evidence import checks_in, standards_for
from ostinato.loop.finished import FinishedIteration
from ostinato.loop.gate import forbidden
from ostinato.loop.profiled import decided_by_record, harvest_scope, judged_by_record, out_of_reach
from ostinato.loop.steering import GoalInbox, notes_of
from ostinato.loop.transcript import StoredTranscript
from ostinato.loop.workbench import CoderTools, Run
from ostinato.verify.judge import judge, refused
from ostinato.verify.types import Change, Verdict
from ostinato.verify.verifier import verify

_UNJUDGED = {Ending.INTERRUPTED, Ending.CLAIM_LOST, Ending.PROVIDER}


@dataclass(frozen=True, slots=True)
class IterationReport:
    """What the session needs to know of an ended iteration. `error` is the provider's, where that ended it."""

    task: Node
    iteration: IterationId
    decision: Decision
    ending: Ending
    error: ProviderError | None = None


async def run_iteration(run: Run, claim: Claim, task: Node) -> IterationReport:
    """Attempt one task once, in a fresh conversation and its own checkout.

    Raises MachineError and OSError (the claim is given back first) and lets cancellation through.
    """
    bench = run.bench
    base = await bench.branch.tip(run.goal.id)
    iteration = await bench.store(lambda s: s.iterations.start(run.session.id, claim, base))
    try:
        async with _lease(run, claim) as lease:
            hand = hand_for(bench.crew, task)
            if hand.why_not:
                return await _finish_unworked(run, claim, task, iteration, hand.why_not)
            before = await _red_first(run, task, iteration, base)
            if await _satisfied_already(run, task, before):
                return await _finish_satisfied(run, claim, task, iteration, before, base)
            tools = bench.coder_tools(claim, hand.profile, iteration.id, run.session)
            end = await _let_work(run, task, iteration, tools, lease, before, hand)
            change, verdict = await _judged(run, task, iteration, tools, end, before, hand.profile)
            decision = await _decided(run, task, end, verdict, tools, change)
            decision = decided_by_record(hand.profile, tools, decision)
            finished = FinishedIteration(
                end.ending, end.message, decision, verdict, None, change.diff, end.steps, end.spending, task.title
            )
            decision = await conclude(run, claim, task, iteration, change, finished)
            return IterationReport(task, iteration.id, decision, end.ending, end.error)
    except (MachineError, OSError) as error:
        await _give_back(run, iteration, str(error))
        raise


class Lease:
    """Whether the claim still holds; renewed beside the work."""

    def __init__(self) -> None:
        self.lost = False


@asynccontextmanager
async def _lease(run: Run, claim: Claim) -> AsyncIterator[Lease]:
    """Renew the claim's lease while the block runs; a lost claim is seen before the next model call."""
    lease = Lease()
    seconds = run.bench.policy.lease

    async def renew() -> None:
        while not lease.lost:
            await asyncio.sleep(seconds / 4)
            try:
                await run.bench.store(lambda s: s.tasks.renew(claim, seconds))
            except ClaimLostError:
                lease.lost = True
            except MachineError:
                # A locked or full database may be well again before the lease runs out.
                continue

    renewing = asyncio.create_task(renew())
    try:
        yield lease
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


async def _red_first(run: Run, task: Node, iteration: Iteration, base: str) -> tuple[CheckRun, ...]:
    """Bring both checkouts to the base, run the task's checks there before any model call, and keep what they say."""
    bench = run.bench
    # Side by side: neither sees the other. Both are waited for, whatever becomes of one.
    resets = (bench.places.proof.reset(base), bench.places.work.reset(base))
    for error in await asyncio.gather(*resets, return_exceptions=True):
        if error is not None:
            raise error
    bench.progress("setting up", run.session.id)
    await bench.places.ensure_setup(bench.places.proof)
    checks = checks_in(run, iteration.id)
    runs = []
    for check in task.task.checks:
        bench.progress(f"on the base: {check.command}", run.session.id)
        runs.append(await checks.run(check, CheckPhase.BASE, task.id))
    return tuple(runs)


async def _satisfied_already(run: Run, task: Node, before: tuple[CheckRun, ...]) -> bool:
    """Tell whether every check is green now although one was red when it was planned: another task did the work."""
    if not before or any(r.status is not CheckStatus.PASSED for r in before):
        return False
    red = await run.bench.store(lambda s: s.iterations.red_commands(task.id))
    return any(r.command in red for r in before)


async def _finish_satisfied(
    run: Run, claim: Claim, task: Node, iteration: Iteration, before: tuple[CheckRun, ...], base: str
) -> IterationReport:
    change = Change(base, base, "")
    verdict = judge(change, before, {}, ever_red=True)
    decision = Decision(Action.DONE, "already satisfied: its checks were red when planned and are green now")
    if task.task.judge:
        decision = Decision(Action.REVIEW, "its checks are green already, and a person must judge the result")
    finished = FinishedIteration(Ending.NONE, decision.reason, decision, verdict, outcome_title=task.title)
    decision = await conclude(run, claim, task, iteration, change, finished)
    return IterationReport(task, iteration.id, decision, Ending.NONE)


async def _finish_unworked(run: Run, claim: Claim, task: Node, iteration: Iteration, why: str) -> IterationReport:
    """Block a task that nobody can work on, before anything was spent on it."""
    decision = Decision(Action.BLOCK, why)
    nothing = Change(iteration.base_commit, iteration.base_commit, "")
    finished = FinishedIteration(Ending.NONE, why, decision)
    decision = await conclude(run, claim, task, iteration, nothing, finished)
    return IterationReport(task, iteration.id, decision, Ending.NONE)


async def _let_work(
    run: Run,
    task: Node,
    iteration: Iteration,
    tools: CoderTools,
    lease: Lease,
    before: tuple[CheckRun, ...],
    hand: Hand,
) -> ConversationEnd:
    """Brief a fresh agent in its fresh checkout, and let it work until it ends or a limit ends it."""
    bench, policy = run.bench, run.bench.policy
    bench.progress("setting up", run.session.id)
    await bench.places.ensure_setup(bench.places.work)
    notes = await notes_of(run)
    briefing = await brief_coder(run, task, iteration, before, notes, hand.profile)

    def gate(spent: Spending, next_tokens: int) -> Ending | None:
        return Ending.CLAIM_LOST if lease.lost else forbidden(run, spent, next_tokens)

    transcript = StoredTranscript(
        bench, iteration.id, run.actor(iteration.id), task.id, quote=bench.crew.quote(hand.profile)
    )
    limits = ConversationLimits(policy.steps, policy.tokens, policy.seconds, policy.circles, policy.cost)
    limits = limits_for(hand.profile, limits)
    model = await model_for(run, task, iteration, hand.model or bench.model)
    steering = Steering(gate, GoalInbox(run, notes))
    try:
        end = await converse(briefing, model, tools.tools, transcript, limits, bench.clock, steering)
    finally:
        tools.close()
    run.spending = run.spending + end.spending
    if end.ending is Ending.SESSION_LIMIT:
        run.limit = run.limit or end.message
    run.answered = run.answered or end.error is None or end.steps > 1
    return end


async def _judged(
    run: Run,
    task: Node,
    iteration: Iteration,
    tools: CoderTools,
    end: ConversationEnd,
    before: tuple[CheckRun, ...],
    profile: Profile,
) -> tuple[Change, Verdict | None]:
    """Take the tree out of the agent's checkout and judge it in the harness's own; None where nothing is to judge."""
    bench = run.bench
    base = iteration.base_commit
    change = await bench.places.harvest(base, harvest_scope(task, profile), tools.written())
    if end.ending in _UNJUDGED or (change.empty and not end.tool_calls):
        return change, None
    standards = await standards_for(run, task)
    broken = out_of_reach(profile, change)
    if broken:
        return change, refused(change, broken, standards.ever_red)
    if profile.output is not Output.CHANGE:
        return change, judged_by_record(profile, change, end, tools, before)
    if change.empty:
        return change, judge(change, before, standards.baseline, standards.ever_red)
    bench.progress("verifying", run.session.id)
    await bench.places.proof.reset_to_tree(change.tree, base)
    await bench.places.ensure_setup(bench.places.proof)
    verdict = await verify(change, standards, bench.files, checks_in(run, iteration.id), bench.clock)
    return change, verdict


async def _decided(
    run: Run, task: Node, end: ConversationEnd, verdict: Verdict | None, tools: CoderTools, change: Change
) -> Decision:
    earlier = await run.bench.store(lambda s: s.iterations.of_task(task.id))
    failures = run.provider_failures.get(task.id, 0) + 1 if end.ending is Ending.PROVIDER else 0
    run.provider_failures[task.id] = failures
    fingerprint = verdict.fingerprint if verdict else ""
    seen_before = bool(fingerprint) and any(i.fingerprint == fingerprint for i in earlier)
    course = course_after(run, task, earlier, (change.diff, verdict, end.ending), again=seen_before)
    decision = decide(
        Attempt(
            ending=end.ending,
            message=end.message,
            verdict=verdict,
            attempts=task.task.attempts,
            max_attempts=task.task.max_attempts or run.bench.policy.attempts,
            tool_calls=end.tool_calls,
            changed=not change.empty,
            children=tools.children(),
            seen_before=seen_before,
            failures_in_a_row=failures,
            answered=run.answered,
            judged=task.task.judge,
            course=course,
        )
    )
    parked = decision.action is Action.PARK and decision.uses_attempt
    return with_question(decision, task, earlier, change.diff, verdict) if parked else decision


async def _give_back(run: Run, iteration: Iteration, why: str) -> None:
    """Put the task back as recovery would, using up no attempt; where even that fails, the next start does it.

    The failure may have come between the branch's move and the record: what is on the branch is completed.
    """
    store = run.bench.store
    with suppress(RuleError, MachineError, OSError):
        commit = (await run.bench.branch.iterations_on(run.goal.id)).get(iteration.id)
        if commit:
            await store(lambda s: s.iterations.complete_landed(iteration.id, commit))
        else:
            await store(lambda s: s.iterations.abandon(iteration.id, Ending.CRASHED, why))
