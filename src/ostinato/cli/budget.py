"""`ostinato budget`: what a goal or a task may use, what it has used, and changing it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from ostinato.base.errors import UsageError
from ostinato.cli.budget_view import budget_document, budget_lines
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation
from ostinato.cli.main_job import Duration
from ostinato.cli.output import answer, clean

if TYPE_CHECKING:
    from ostinato.graph.budgets import Account, Budget
    from ostinato.graph.types import Node
    from ostinato.store.store import Store

_NONE = "none"


class _OrNone(click.ParamType[Any]):
    """A number of another type, or the word `none`."""

    def __init__(self, inner: click.ParamType[Any]) -> None:
        self.name = inner.name
        self._inner = inner

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or `none`."""
        return _NONE if value == _NONE else self._inner.convert(value, param, ctx)


@click.command(
    cls=Command,
    examples=(
        "ostinato budget os-1f0c9a2e",
        "ostinato budget os-1f0c9a2e --cost 20 --time 8h",
        "ostinato budget os-1f0c9a2e.3 --tokens 2000000",
        "ostinato budget os-1f0c9a2e --cost none",
    ),
)
@click.argument("node")
@click.option("--tokens", type=_OrNone(click.IntRange(min=1)), metavar="N", help="Tokens, input and output together.")
@click.option("--cost", type=_OrNone(click.FloatRange(min=0, min_open=True)), metavar="USD", help="US dollars.")
@click.option("--time", type=_OrNone(Duration()), help="Time of conversations, waits left out: 90s, 30m, 2h.")
@pass_invocation
def budget(invocation: Invocation, node: str, **numbers: Any) -> None:
    """Show or set what the goal or task NODE may use in all, over all sessions and attempts.

    It covers everything beneath NODE, planning and failed attempts included; `none` takes a number away, and what is
    not named stays. A task whose budget is used up is parked, and a goal's stops its run; both say how to go on. Where
    NODE has no number of its own, [limits] task_… and goal_… in the configuration hold.
    """
    chosen = {name: number for name, number in numbers.items() if number is not None}
    if chosen:
        with invocation.writing() as store:
            found = _node(store, node)
            store.budgets.set(found.id, _changed(store.budgets.get(found.id), chosen))
            _show(invocation, store, found)
    else:
        store = invocation.reading()
        with store.db.reading():
            _show(invocation, store, _node(store, node))


def _node(store: Store, named: str) -> Node:
    from ostinato.base.ids import NodeId
    from ostinato.graph.types import NodeType

    found = store.graph.get(NodeId(named))
    if found.node_type not in {NodeType.GOAL, NodeType.TASK}:
        raise UsageError(f"{found.id} is a {found.node_type}: goals and tasks have budgets")
    return found


def _changed(before: Budget, chosen: dict[str, Any]) -> Budget:
    from dataclasses import replace

    fields = {"tokens": "tokens", "cost": "cost_usd", "time": "seconds"}
    return replace(before, **{fields[name]: None if one == _NONE else one for name, one in chosen.items()})


def _show(invocation: Invocation, store: Store, node: Node) -> None:
    own, account = store.budgets.get(node.id), store.budgets.account(node.id)
    default = _default(node, store)
    document = None
    if invocation.json:
        document = {"id": node.id, "title": node.title, **budget_document(own, account, default)}
    answer(invocation, document, _lines(node, own, default, account))


def _default(node: Node, store: Store) -> Budget:
    """Return what the configuration of the node's project says; nothing where its repository is gone."""
    from ostinato.app.budgets import default_budget

    return default_budget(store, node)


def _lines(node: Node, own: Budget, default: Budget, account: Account) -> Iterator[str]:
    from ostinato.cli.screen import painted

    yield painted(clean(f"{node.id}: {node.title}"), bold=True)
    yield from budget_lines(own, default, account)
