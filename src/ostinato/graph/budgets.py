"""What goals and tasks may use, have used and are about to use, and the rule that forbids a call. Pure; no I/O.

A budget covers a node and everything beneath it. A call is let in when what it is sure to need (its input) still fits;
what is then held for it is that and the longest answer. So a budget is overdrawn by one answer at most, and a process
that dies in a call leaves no less counted than the provider may bill.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from ostinato.base.ids import NodeId
from ostinato.base.spending import Spending
from ostinato.graph.types import NodeType

Quote = Callable[[int, int], float | None]
"""What so many tokens of input and output cost at most in US dollars; None where a price is not known."""

WARN_AT = 0.8
"""The share of a budget at which a person is told, once."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be used in all; None means no limit. `seconds` are those of conversations, waits left out."""

    tokens: int | None = None
    cost_usd: float | None = None
    seconds: float | None = None

    def over(self, default: Budget) -> Budget:
        """Return this budget, with the default's number where it has none."""
        return Budget(
            default.tokens if self.tokens is None else self.tokens,
            default.cost_usd if self.cost_usd is None else self.cost_usd,
            default.seconds if self.seconds is None else self.seconds,
        )

    @property
    def limits_anything(self) -> bool:
        """True where at least one number is set."""
        return self != Budget()


@dataclass(frozen=True, slots=True)
class Used:
    """A sum of calls. `unpriced` of them have an unknown cost: `cost_usd` is then the least that was spent."""

    calls: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    seconds: float = 0.0

    def __add__(self, other: Used) -> Used:
        """Sum two."""
        return Used(
            self.calls + other.calls,
            self.tokens + other.tokens,
            self.cost_usd + other.cost_usd,
            self.unpriced + other.unpriced,
            self.seconds + other.seconds,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """What a node and all beneath it have used, by the model that answered ("" where that is not known).

    `reserved` is held for calls that were begun and not settled: one is under way, or its process died in it.
    """

    by_model: dict[str, Used] = field(default_factory=dict)
    reserved: Used = field(default_factory=Used)

    @property
    def total(self) -> Used:
        """What counts against a budget."""
        return sum(self.by_model.values(), self.reserved)


@dataclass(frozen=True, slots=True)
class Call:
    """A model call about to be made for a node.

    `needs` tokens of input are sure to be used and cost `needs_usd`; `tokens` and `cost_usd` are the most that it may
    come to. A cost is None where the price is unknown. `goals` and `tasks` are the budgets of those that have no number
    of their own; that of tasks is for the task itself, not for those around it.
    """

    node_id: NodeId
    needs: int
    tokens: int
    needs_usd: float | None = None
    cost_usd: float | None = None
    goals: Budget = field(default_factory=Budget)
    tasks: Budget = field(default_factory=Budget)

    def default_for(self, node_id: NodeId, node_type: NodeType) -> Budget:
        """Return what holds for a node that has no budget of its own."""
        if node_type is NodeType.GOAL:
            return self.goals
        return self.tasks if node_id == self.node_id else Budget()


@dataclass(frozen=True, slots=True)
class Standing:
    """One node that a call counts for: the budget in force and what is used of it, reservations included."""

    node_id: NodeId
    node_type: NodeType
    budget: Budget
    used: Used


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call may not be made: whose budget, and one line that begins with its name and says how to raise it."""

    node_id: NodeId
    node_type: NodeType
    detail: str

    @property
    def name(self) -> str:
        """`tokens`, `cost` or `time`."""
        return self.detail.partition(":")[0]


def no_price(_input: int, _output: int) -> float | None:
    """Return that the price is not known: a `Quote`."""
    return None


def charge_of(spending: Spending, seconds: float = 0.0) -> Used:
    """Return what spending counts for in an account."""
    unknown = spending.cost_usd is None
    return Used(spending.calls, spending.tokens, spending.least_usd, max(1, spending.calls) * unknown, seconds)


def refused(chain: Iterable[Standing], call: Call) -> Refusal | None:
    """Return why the call may not be made, the nearest node's reason first; None when it may."""
    for one in chain:
        detail = _exceeded(one, call)
        if detail:
            return Refusal(one.node_id, one.node_type, detail)
    return None


def nearly_used(standing: Standing) -> Iterator[str]:
    """Yield the names of the numbers of a budget of which 80 % are used."""
    budget, used = standing.budget, standing.used
    shares = (("tokens", used.tokens, budget.tokens), ("cost", used.cost_usd, budget.cost_usd))
    for name, now, most in (*shares, ("time", used.seconds, budget.seconds)):
        if most is not None and now >= WARN_AT * most:
            yield name


def _exceeded(one: Standing, call: Call) -> str | None:
    budget, used, node = one.budget, one.used, one.node_id
    if budget.tokens is not None and used.tokens + max(call.needs, 1) > budget.tokens:
        so_far = f"tokens: {used.tokens:,} of the {budget.tokens:,} of {node} are used"
        return f"{so_far}, the next call needs about {call.needs:,}{_raised(node, '--tokens', budget.tokens * 2)}"
    if budget.cost_usd is not None and call.needs_usd is None:
        return (
            f"cost: the price of the model is not known, so the budget of {node} cannot hold: set models.prices, or "
            f"lift it with `ostinato budget {node} --cost none`"
        )
    cost = used.cost_usd + (call.needs_usd or 0.0)
    # Money is a sum of many small floats: a millionth of a cent more is none.
    if budget.cost_usd is not None and (cost > budget.cost_usd + 1e-8 or used.cost_usd >= budget.cost_usd > 0):
        so_far = f"cost: ${used.cost_usd:.4f} of the ${budget.cost_usd:.4f} of {node} are used"
        return f"{so_far}{_raised(node, '--cost', f'{budget.cost_usd * 2:g}')}"
    if budget.seconds is not None and used.seconds >= budget.seconds:
        so_far = f"time: {used.seconds:.0f} s of the {budget.seconds:.0f} s of {node} are used"
        return f"{so_far}{_raised(node, '--time', f'{budget.seconds * 2:g}s')}"
    return None


def _raised(node: NodeId, option: str, value: object) -> str:
    return f"; `ostinato budget {node} {option} {value}` raises it"
