"""Projects of the double, with the signatures of `store.projects`."""

from __future__ import annotations

import os
from pathlib import Path

from ostinato.base.errors import NotFoundError, RuleError
from ostinato.base.ids import ProjectId
from ostinato.base.text import whole
from ostinato.graph.projects import Project
from ostinato.graph.texts import require_text
from ostinato.testing.memory.state import Memory


class MemoryProjects:
    """See `store.projects.ProjectStore`."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def add(self, path: str, name: str | None = None) -> Project:
        """Register the repository at `path`, or return it when it is known. Raises RuleError for a name that is not
        free."""
        if whole(path) != path:
            raise RuleError(f"the path {path!r} is not valid UTF-8: rename the directory")
        require_text("a path", path)
        present = self.find_by_path(path)
        if present is not None:
            return present
        made = self._memory.fresh("proj-", self._memory.state.projects, ProjectId)
        resolved = os.path.realpath(path)
        self._memory.state.projects[made] = Project(made, self._name(resolved, name), resolved, self._memory.now())
        return self._memory.state.projects[made]

    def get(self, name_or_id: str) -> Project:
        """Return the project of this id or name. Raises NotFoundError."""
        for project in self._memory.state.projects.values():
            if name_or_id in {project.id, project.name}:
                return project
        raise NotFoundError(f"no project {name_or_id}: `ostinato project list` shows them")

    def find_by_path(self, path: str) -> Project | None:
        """Return the project whose repository stands at exactly this path, symbolic links followed."""
        resolved = os.path.realpath(path)
        return next((p for p in self._memory.state.projects.values() if p.path == resolved), None)

    def list(self) -> list[Project]:
        """Return all projects by name."""
        return sorted(self._memory.state.projects.values(), key=lambda project: project.name)

    def remove(self, name_or_id: str) -> None:
        """Forget a project with all it has. Raises NotFoundError."""
        project, state = self.get(name_or_id), self._memory.state
        nodes = {node.id for node in state.nodes.values() if node.project_id == project.id}
        sessions = {session.id for session in state.sessions.values() if session.project_id == project.id}
        state.nodes = {one: node for one, node in state.nodes.items() if one not in nodes}
        state.edges = {one: edge for one, edge in state.edges.items() if edge.from_id not in nodes}
        state.claims = {one: held for one, held in state.claims.items() if one not in nodes}
        state.sessions = {one: session for one, session in state.sessions.items() if one not in sessions}
        state.iterations = {one: it for one, it in state.iterations.items() if it.session_id not in sessions}
        state.approvals = {one: asked for one, asked in state.approvals.items() if asked.node_id not in nodes}
        state.events = [event for event in state.events if event.project_id != project.id]
        del state.projects[project.id]

    def _name(self, path: str, name: str | None) -> str:
        taken = {project.name: project for project in self._memory.state.projects.values()}
        if name is not None:
            require_text("a project's name", name)
            if not name.strip():
                raise RuleError("a project's name must not be blank")
            if name in taken:
                raise RuleError(f"the project at {taken[name].path} is called {name} already: choose another name")
            return name
        base = Path(path).name or "project"
        names = (base, *(f"{base}-{number}" for number in range(2, len(taken) + 3)))
        return next(one for one in names if one not in taken)
