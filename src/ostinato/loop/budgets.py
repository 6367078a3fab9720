"""Which budgets a session's calls count for, and what happens when one is used up. The store keeps the sums."""

from __future__ import annotations

from ostinato.agent.ports import NoRoom
from ostinato.base.ids import NodeId
from ostinato.graph.budgets import Call, Quote, Refusal
from ostinato.graph.iterations import Ending
from ostinato.graph.types import NodeType
from ostinato.loop.workbench import Run, Workbench


def call_for(bench: Workbench, node_id: NodeId, tokens: int, quote: Quote) -> Call:
    """Return the call whose request has about so many tokens, with all that its answer may come to."""
    policy = bench.policy
    return Call(
        node_id,
        needs=tokens,
        tokens=tokens + policy.most_output,
        needs_usd=quote(tokens, 0),
        cost_usd=quote(tokens, policy.most_output),
        goals=policy.goal_budget,
        tasks=policy.task_budget,
    )


def no_room(refusal: Refusal) -> NoRoom:
    """Return how a refused call ends its conversation: a task's budget parks the task, a goal's ends the session."""
    ending = Ending.TASK_BUDGET if refusal.node_type is NodeType.TASK else Ending.SESSION_LIMIT
    return NoRoom(ending, refusal.detail)


async def goal_used_up(run: Run) -> str | None:
    """Return which budget of the run's goal, or of a goal around it, forbids any further call; None when none does."""
    call = call_for(run.bench, run.goal.id, 0, run.bench.quote)
    refusal = await run.bench.store(lambda s: s.budgets.refusal(call))
    return refusal.detail if refusal else None
