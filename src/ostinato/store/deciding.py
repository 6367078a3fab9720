"""Who stands behind a decision, and which decision stands in the place of another. Called inside a transaction.

The column `decided_by` keeps what statuses alone cannot tell: whether a person has ever said yes. A model may decide,
open again and supersede, and none of that takes a prohibition away (decision record 0019).
"""

from __future__ import annotations

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.cycles import show_path
from ostinato.graph.types import Status
from ostinato.store.database import Database, queries

_OPEN = frozenset({Status.PENDING, Status.ACTIVE})


def note_who_decides(db: Database, decision_id: NodeId, became: Status, actor: Actor) -> None:
    """Keep who stands behind a decision that gets this status. What a person has agreed to, only a person opens."""
    sql = queries("decisions")
    if became is Status.DECIDED:
        db.execute(sql["decided"], {"id": decision_id, "who": "person" if actor.is_person else "agent"})
    elif became in _OPEN and actor.is_person:
        db.execute(sql["opened"], {"id": decision_id})


def accepted_by_person(db: Database, decision_id: NodeId) -> bool:
    """Tell whether a person stands behind a decision."""
    row = db.one(queries("decisions")["decided_by"], {"id": decision_id})
    return row is not None and row["decided_by"] == PERSON.by


def successor_of(db: Database, decision_id: NodeId) -> NodeId | None:
    """Return the decision that supersedes this one directly, the oldest where there are several, or None."""
    row = db.one(queries("decisions")["successor"], {"id": decision_id})
    return NodeId(row["id"]) if row else None


def present_of(db: Database, decision_id: NodeId) -> NodeId:
    """Return the decision at the end of the chain of those that supersede this one; itself where none does."""
    seen = {decision_id}
    while (newer := successor_of(db, decision_id)) is not None and newer not in seen:
        seen.add(newer)
        decision_id = newer
    return decision_id


def require_no_circle(db: Database, newer: NodeId, older: NodeId) -> None:
    """Raise RuleError, naming the way round, if `older` supersedes `newer` already, over whatever nodes between."""
    came_from: dict[NodeId, NodeId] = {}
    waiting = [older]
    while waiting:
        here = waiting.pop()
        for row in db.execute(queries("decisions")["superseded_by"], {"id": here}):
            below = NodeId(row["id"])
            if below not in came_from:
                came_from[below] = here
                waiting.append(below)
    if newer not in came_from:
        return
    way = [newer]
    while way[-1] != older:
        way.append(came_from[way[-1]])
    raise RuleError(f"{newer} supersedes {older} would close a cycle: {show_path([newer, *reversed(way)])}")
