"""What forbids a session's next model call, whichever of its conversations is about to make it. It ends nothing."""

from __future__ import annotations

from ostinato.base.spending import Spending
from ostinato.graph.iterations import Ending
from ostinato.loop.limits import reached
from ostinato.loop.workbench import Run


def forbidden(run: Run, spent: Spending, next_tokens: int) -> Ending | None:
    """Return why no further call may be made, None when it may: an `agent.limits.Gate` once `run` is bound.

    `spent` is the present conversation's. A limit that is reached is named in `run.limit`.
    """
    if run.bench.interruption.asked:
        return Ending.INTERRUPTED
    limits = run.bench.policy.limits
    price = run.bench.quote(next_tokens, 0) if limits.cost is not None and next_tokens else 0.0
    run.limit = reached(limits, run.used(spent), next_tokens, price)
    return Ending.SESSION_LIMIT if run.limit else None
