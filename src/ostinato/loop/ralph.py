"""Ralph mode: iterations until one of the stop reasons. Which task and what becomes of it is decided elsewhere."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ostinato.agent.ports import ContextTooLong, ProviderError, ProviderUnsteady
from ostinato.base.errors import MachineError, machine_error
from ostinato.base.ids import NodeId
from ostinato.base.text import many
from ostinato.graph.events import EventKind
from ostinato.graph.iterations import Ending
from ostinato.graph.sessions import Session, SessionKind, StopReason
from ostinato.graph.types import Node, Status
from ostinato.loop.base_check import check_base
from ostinato.loop.budgets import goal_used_up
from ostinato.loop.decide import PARK_AFTER, Action
from ostinato.loop.iteration import IterationReport, run_iteration
from ostinato.loop.limits import iterations_reached, nearly, reached
from ostinato.loop.recover import recover
from ostinato.loop.review import integrate_answers
from ostinato.loop.steering import unless_paused
from ostinato.loop.workbench import Run, Workbench

NO_WORK_MOST = 5
WITHOUT_PROGRESS_MOST = 20
_SUMMARY = re.compile(r"([\d,]+) iterations?, [\d,]+ tasks? completed: (.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a session ended, with one line of detail."""

    reason: StopReason
    detail: str


@dataclass(frozen=True, slots=True)
class RalphEnd:
    """An ended ralph session: where it stopped and what it did."""

    session: Session
    stop: Stop
    iterations: int


async def ralph(bench: Workbench, goal: Node) -> RalphEnd:
    """Work on `goal` until a stop reason holds; the session is ended with its notes whatever happened.

    Recovers first. Raises RuleError when another live process works on the goal, DatabaseError when nothing can be
    recorded any more; cancellation passes through and leaves the rest to recovery.
    """
    await recover(bench)
    session = await bench.store(
        lambda s: s.sessions.start(bench.project.id, goal.id, SessionKind.RALPH, process=bench.process)
    )
    run = Run(bench, goal, session, bench.clock.monotonic())
    await bench.store(lambda s: s.sessions.add_agent(session.id, bench.agent))
    stop = await _until_stopped(run)
    summary = f"{many(run.iterations, 'iteration')}, {many(run.completed, 'task')} completed"
    ended = await bench.store(
        lambda s: s.sessions.end(session.id, stop_reason=stop.reason.value, summary=f"{summary}: {stop.detail}")
    )
    return RalphEnd(ended, stop, run.iterations)


def told_in(summary: str) -> tuple[int, str]:
    """Return the iterations and the detail of the stop that a session's summary, as written above, tells of."""
    found = _SUMMARY.fullmatch(summary)
    return (int(found[1].replace(",", "")), found[2]) if found else (0, summary)


async def _until_stopped(run: Run) -> Stop:
    try:
        return await _iterate(run)
    except ProviderError as error:
        return Stop(StopReason.PROVIDER_FAILED, error.message)
    except MachineError as error:
        return Stop(StopReason.ENVIRONMENT, error.message)
    except OSError as error:
        return Stop(StopReason.ENVIRONMENT, machine_error(error).message)


async def _iterate(run: Run) -> Stop:
    """The loop itself: one task at a time, a stop reason checked before each."""
    bench = run.bench
    while True:
        await unless_paused(run)
        await integrate_answers(run)
        stop = await _stop_before_claim(run)
        if stop:
            return stop
        if not run.base_checked:
            await check_base(run, await bench.branch.tip(run.goal.id))
        claimed = await bench.store(
            lambda s: s.tasks.claim_next(
                run.goal.id,
                bench.agent,
                session_id=run.session.id,
                lease_seconds=bench.policy.lease,
                process=bench.process,
            )
        )
        if claimed is None:
            if await bench.store(lambda s: s.steering.paused(run.goal.id)):
                continue  # paused since the look above
            return await _nothing_to_claim(run)
        report = await run_iteration(run, *claimed)
        _count(run, report)
        await bench.share()
        await _warn(run)
        _stop_for_provider(run, report)
        if report.ending is Ending.SESSION_LIMIT and run.limit:
            return await _limit_stop(run, run.limit)


async def _stop_before_claim(run: Run) -> Stop | None:
    """Return why no further iteration may begin; a completed goal goes before every limit."""
    goal = await run.bench.store(lambda s: s.graph.get(run.goal.id))
    if goal.status is Status.COMPLETED:
        return Stop(StopReason.GOAL_COMPLETED, "every task is completed or cancelled")
    if run.bench.interruption.asked:
        return Stop(StopReason.INTERRUPTED, "stopped by the person after the present step")
    if run.no_work >= NO_WORK_MOST:
        return Stop(StopReason.STUCK, f"{run.no_work} iterations in a row without any work")
    if run.since_completed >= WITHOUT_PROGRESS_MOST:
        return Stop(StopReason.STUCK, f"{run.since_completed} iterations without a completed task")
    if not await run.bench.store(lambda s: s.tasks.ready(goal_id=run.goal.id, limit=1)):
        return await _nothing_to_claim(run)
    limits, used = run.bench.policy.limits, run.used()
    limit = iterations_reached(limits, used) or reached(limits, used) or await goal_used_up(run)
    return await _limit_stop(run, limit) if limit else None


async def _limit_stop(run: Run, limit: str) -> Stop:
    name = limit.partition(":")[0]
    await run.bench.store(
        lambda s: s.events.add(
            EventKind.LIMIT_REACHED,
            project_id=run.bench.project.id,
            node_id=run.goal.id,
            actor=run.actor(),
            payload={"limit": name, "detail": limit},
        )
    )
    return Stop(StopReason.LIMIT_REACHED, limit)


async def _nothing_to_claim(run: Run) -> Stop:
    """Say why there is no task to claim: all done, a person is asked, or what is left cannot go on."""
    goal_id = run.goal.id
    goal = await run.bench.store(lambda s: s.graph.get(goal_id))
    if goal.status is Status.COMPLETED:
        return Stop(StopReason.GOAL_COMPLETED, "every task is completed or cancelled")
    counts = await run.bench.store(lambda s: s.graph.counts(goal_id))
    if not counts:
        return Stop(StopReason.NOTHING_READY, f"{goal_id} has no tasks: plan it, or add one with `ostinato node add`")
    left = ", ".join(f"{n} {status}" for status, n in counts.items() if n and status is not Status.COMPLETED)
    if await run.bench.store(lambda s: s.approvals.open(goal_id=goal_id)):
        return Stop(StopReason.WAITING_FOR_APPROVAL, f"a person is asked (see `ostinato approvals`): {left}")
    return Stop(StopReason.NOTHING_READY, f"no task can go on: {left}")


def _count(run: Run, report: IterationReport) -> None:
    done = report.decision.action is Action.DONE
    run.iterations += 1
    run.completed += done
    run.no_work = run.no_work + 1 if report.decision.no_work else 0
    run.since_completed = 0 if done else run.since_completed + 1


async def _warn(run: Run) -> None:
    """Say once per limit that 80 % of it is used."""
    for name in nearly(run.bench.policy.limits, run.used()):
        if name not in run.warned:
            run.warned.add(name)
            await _event_warned(run, name)


async def _event_warned(run: Run, name: str) -> None:
    node: NodeId = run.goal.id
    await run.bench.store(
        lambda s: s.events.add(
            EventKind.LIMIT_WARNED,
            project_id=run.bench.project.id,
            node_id=node,
            actor=run.actor(),
            payload={"limit": name, "share": 0.8},
        )
    )


def _stop_for_provider(run: Run, report: IterationReport) -> None:
    """Stop the session for failures that no other task can escape; others only count against their task."""
    if report.error is None:
        return
    silent = not run.answered and run.provider_failures[report.task.id] >= PARK_AFTER
    if silent or not isinstance(report.error, (ProviderUnsteady, ContextTooLong)):
        raise report.error
