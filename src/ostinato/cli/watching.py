"""`ostinato ralph --attach` and `--stop`: the view of a run in another process, and asking it to end.

The view is read from the events like any other; leaving it changes nothing.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ostinato.app.running import ask_to_stop, ended, result_of, running
from ostinato.cli.context import Invocation, goal_node
from ostinato.cli.output import answer, remark
from ostinato.cli.progress import shown
from ostinato.cli.ralph_run import ralph_document, ralph_lines

if TYPE_CHECKING:
    from ostinato.app.running import LiveRun
    from ostinato.base.ids import ProjectId
    from ostinato.base.spending import Spending
    from ostinato.graph.sessions import Session
    from ostinato.store.store import Store

_EVERY = 0.2
_LEFT = 130


def attach(invocation: Invocation, goal: str | None) -> int:
    """Show the run under way on the goal until it ends; return its exit code, or 130 when the person leaves."""
    store = invocation.reading()
    session, owner = _running(invocation, store, goal)
    remark(invocation, f"session {session.id} on {session.goal_id} (process {owner.pid}); Ctrl-C leaves it running")
    try:
        view = _Session(invocation, session)
        with shown(invocation, view, session.id):
            over = _watched(store, (session, owner), view)
    except KeyboardInterrupt:
        remark(invocation, f"left running: ostinato ralph --attach {session.goal_id} shows it again, --stop ends it")
        return _LEFT
    result = result_of(store, over)
    answer(invocation, ralph_document(result), ralph_lines(result))
    return result.exit_code


def stop(invocation: Invocation, goal: str | None) -> int:
    """Ask the run under way on the goal to end cleanly; returns at once."""
    session, owner = _running(invocation, invocation.reading(), goal)
    ask_to_stop(owner)
    document = {"goal_id": session.goal_id, "session_id": session.id, "pid": owner.pid, "stopping": True}
    answer(invocation, document, [f"{session.id} on {session.goal_id} ends after its present step."])
    return 0


def _running(invocation: Invocation, store: Store, goal: str | None) -> LiveRun:
    project = invocation.required_project(store)
    return running(store, project.id, None if goal is None else goal_node(store, goal).id)


def _watched(store: Store, run: LiveRun, view: _Session) -> Session:
    """Return the session once it has ended. Raises RunDied."""
    while (over := ended(store, *run)) is None:
        view.running_now = "paused" if store.steering.paused(run[0].goal_id) else ""
        time.sleep(_EVERY)
    return over


class _Session:
    """A session of another process, shown from the beginning of its present iteration on."""

    def __init__(self, invocation: Invocation, session: Session) -> None:
        self.running_now = ""
        # Of the iterations that have ended; the present one is shown from its beginning.
        self.spent_before: Spending | None = session.spending
        self._invocation = invocation
        self._session = session

    @property
    def project_id(self) -> ProjectId:
        """The project's id."""
        return self._session.project_id

    def last_event(self) -> int:
        """Return the number before the session's newest iteration, or before its start."""
        store = self.reader()
        try:
            return store.events.before_latest(self._session.id)
        finally:
            store.db.close()

    def reader(self) -> Store:
        """Open a connection for reading, for the thread that calls."""
        from ostinato.app import open_store_for

        return open_store_for(self._invocation.database_file, create=False)
