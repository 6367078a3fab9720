"""Projects: the repositories that Ostinato knows. It reads no repository."""

from __future__ import annotations

import os

from ostinato.base.clock import parse_time
from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import ProjectId, random_hex
from ostinato.base.text import whole
from ostinato.graph.projects import Project
from ostinato.graph.texts import require_text
from ostinato.store.database import Database, Row, queries
from ostinato.store.new_ids import NewId, insert_with_new_id


class ProjectStore:
    """Registers, finds and removes projects. `new_id` gives the random part of an id."""

    def __init__(self, db: Database, new_id: NewId = random_hex) -> None:
        self._db = db
        self._new_id = new_id
        self._sql = queries("projects")

    def add(self, path: str, name: str | None = None) -> Project:
        """Register the repository at `path`, or return it when it is known (a name is ignored then).

        Without a name it is called like its directory, with `-2`, `-3` … where that is taken. Raises RuleError for an
        explicit name that another path has, and for a blank one.
        """
        resolved = _resolved(path)
        with self._db.transaction():
            present = self.find_by_path(path)
            if present is not None:
                return present
            columns = {"name": self._free_name(resolved, name), "path": resolved, "created_at": self._db.now()}
            made = insert_with_new_id(self._db, self._sql["insert"], "proj-", columns, self._new_id)
            return self.get(made)

    def get(self, name_or_id: str) -> Project:
        """Return the project of this id or name. Raises NotFoundError."""
        row = self._db.one(self._sql["get"], {"wanted": name_or_id})
        if row is None:
            raise NotFoundError(f"no project {name_or_id}: `ostinato project list` shows them")
        return _decode(row)

    def find_by_path(self, path: str) -> Project | None:
        """Return the project whose repository stands at exactly this path, symbolic links followed."""
        row = self._db.one(self._sql["by_path"], {"path": _resolved(path)})
        return _decode(row) if row else None

    def list(self) -> list[Project]:
        """Return all projects by name."""
        return [_decode(row) for row in self._db.execute(self._sql["list"])]

    def remove(self, name_or_id: str) -> None:
        """Forget a project with its nodes, sessions, transcripts and events. Raises NotFoundError."""
        with self._db.transaction():
            project = self.get(name_or_id)
            for query in ("delete_steps", "delete_messages", "delete_events", "delete"):
                self._db.execute(self._sql[query], {"id": project.id})

    def _free_name(self, path: str, name: str | None) -> str:
        if name is not None:
            require_text("a project's name", name)
            if not name.strip():
                raise RuleError("a project's name must not be blank")
            other = self._db.one(self._sql["by_name"], {"name": name})
            if other is not None:
                raise RuleError(f"the project at {other['path']} is called {name} already: choose another name")
            return name
        base = os.path.basename(path) or "project"
        candidate, count = base, 1
        while self._db.one(self._sql["by_name"], {"name": candidate}) is not None:
            count += 1
            candidate = f"{base}-{count}"
        return candidate


def _resolved(path: str) -> str:
    if whole(path) != path:
        raise RuleError(f"the path {path!r} is not valid UTF-8, which the database cannot keep: rename the directory")
    require_text("a path", path)
    return os.path.realpath(path)


def _decode(row: Row) -> Project:
    return Project(ProjectId(row["id"]), row["name"], row["path"], parse_time(row["created_at"]))
