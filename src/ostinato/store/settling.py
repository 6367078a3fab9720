"""Keeps `standings` true: which tasks are ready, and what holds the others up, worked out again where facts changed.

Triggers name in `unsettled` the nodes whose own facts or neighbours changed (migrations/003_standings.sql). From there
the consequences are followed as far as they go, a set of nodes at a time: the cost is that of what really changes.
`graph.rules` is the definition; `store.derive` works everything out anew for whoever wants to compare.
"""

from __future__ import annotations

from typing import Any

from ostinato.base.ids import sort_text
from ostinato.graph.status import HINDERS
from ostinato.store.database import Database, key_list, queries

ALL = 0
"""In the place of a key in `unsettled`: everything."""


def settle(db: Database) -> None:
    """Bring `standings` up to date with the facts. Call it inside a transaction; nothing to do costs one read."""
    sql = queries("standings")
    keys = [key for (key,) in db.tuples(sql["unsettled"])]
    if not keys:
        return
    if ALL in keys:
        _settle_all(db)
    else:
        _place(db, keys)
        if db.tuples(sql["hindered"], {"keys": key_list(keys)})[0][0]:
            # Late: most changes are made where nothing is blocked.
            from ostinato.store.blockers import relabel

            relabel(db, keys)
    db.execute(sql["settled"])


def unsettle_all(db: Database) -> None:
    """Have everything worked out anew at the end of this transaction, and none of its changes followed one by one."""
    db.execute(queries("standings")["unsettle_all"], {"key": ALL})


def _settle_all(db: Database) -> None:
    sql = queries("standings")
    db.execute(sql["index_rest"])
    db.execute(sql["forget"])
    db.execute(sql["count"])
    places = db.tuples(sql["all_places"])
    db.many(sql["place"], ((key, root, held, ready, sort_text(node_id)) for key, root, held, ready, node_id in places))
    stopped = [key for (key,) in db.tuples(sql["stopped"])]
    if stopped:
        from ostinato.store.blockers import spread_from

        spread_from(db, stopped)


def _place(db: Database, keys: list[int]) -> None:
    """Say again of these nodes, and of what lies below them as far as it matters, whether they are held and ready."""
    sql = queries("standings")
    while keys:
        changed: list[tuple[Any, ...]] = []
        passed_on: list[int] = []
        for row in db.tuples(sql["places"], {"keys": key_list(keys)}):
            key, node_id, node_type, status, prerequisites, children, root, held, ready, sort_id = row[:10]
            root_now, held_above, parent_status = row[10:]
            held_now = bool(prerequisites or held_above or parent_status in HINDERS)
            ready_now = node_type == "task" and status == "pending" and not held_now and not children
            place = (root_now or key, held_now, ready_now, sort_id or sort_text(node_id))
            if place != (root, held, ready, sort_id):
                changed.append((key, *place))
            if place[:2] != (root, held):
                passed_on.append(key)
        db.many(sql["place"], changed)
        keys = (
            [child for _, child, *_ in db.tuples(sql["children"], {"keys": key_list(passed_on)})] if passed_on else []
        )
