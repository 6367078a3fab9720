"""What the database remembers of the graph's files: which contents it has seen, and how far the files have come.

It neither reads nor compares files.
"""

from __future__ import annotations

from ostinato.base.ids import NodeId, ProjectId
from ostinato.graph.types import NodeType
from ostinato.store.database import Database, queries
from ostinato.store.filing import goal_ids
from ostinato.store.rows import encode_json


class FileMarks:
    """Goals are named as files call them; None is the file of what lies in no goal."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = queries("interchange")

    def seen(self, project_id: ProjectId, goal_id: NodeId | None, digest: str) -> bool:
        """Tell whether a file with this content came from the database or went into it: replacing it loses nothing."""
        return bool(self._db.execute(self._sql["seen"], _key(project_id, goal_id) | {"digest": digest}))

    def remember(self, project_id: ProjectId, goal_id: NodeId | None, digest: str) -> None:
        """Note that the database has what a file with this content says; the newest thousand are kept."""
        with self._db.transaction():
            key = _key(project_id, goal_id)
            self._db.execute(self._sql["remember"], key | {"digest": digest, "at": self._db.now()})
            self._db.execute(self._sql["forget_old"], key)

    def behind(self, project_id: ProjectId) -> list[NodeId | None]:
        """Return the goals in whose files something may have changed since `caught_up`, in natural order; None last."""
        with self._db.reading():
            goals = goal_ids(self._db, project_id)
            row = self._db.one(self._sql["mark"], {"project_id": project_id})
            if row is None:
                return [*goals, None]
            named = self._db.tuples(self._sql["changed_since"], {"project_id": project_id, "seq": row["seq"]})
            ids = encode_json([node_id for (node_id,) in named])
            tops = self._db.execute(self._sql["goal_above"], {"ids": ids})
        changed = {row["id"] for row in tops if row["node_type"] == NodeType.GOAL}
        loose = any(row["node_type"] != NodeType.GOAL for row in tops)
        # What was outside may have been linked into a goal, and a file of what lies outside is small.
        return [*(goal for goal in goals if goal in changed), *([None] if loose or changed else [])]

    def caught_up(self, project_id: ProjectId, seq: int) -> None:
        """Note that the files say all that happened until event `seq`. Only once they are written: what a crash leaves
        unwritten is written the next time."""
        with self._db.transaction():
            self._db.execute(self._sql["set_mark"], {"project_id": project_id, "seq": seq})

    def last_seen(self, project_id: ProjectId, goal_id: NodeId | None) -> str | None:
        """Return when a file of this goal last came from the database or went into it, as a stored time."""
        row = self._db.one(self._sql["last_seen"], _key(project_id, goal_id))
        return row["at"] if row else None


def _key(project_id: ProjectId, goal_id: NodeId | None) -> dict[str, str]:
    return {"project_id": project_id, "goal_id": goal_id or ""}
