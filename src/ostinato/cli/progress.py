"""Live progress of the main job: lines from the event stream, and on a terminal what runs now and what is spent.

It reads the store like any other face, over a connection and a thread of its own; the job does not wait for it.
Everything goes to stderr, so that stdout holds the result alone.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from ostinato.base.text import clip
from ostinato.cli.event_lines import EventLines
from ostinato.cli.layout import Look
from ostinato.cli.output import clean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from ostinato.base.ids import ProjectId, SessionId
    from ostinato.base.spending import Spending
    from ostinato.cli.context import Invocation
    from ostinato.graph.events import Event
    from ostinato.store.store import Store

_EVERY = 0.1
_SPINNER = 3  # its sign, a blank, and the last column, which some terminals wrap at
_LEAST = 15


class Live:
    """The progress that is shown; here none is (--json)."""

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Leave the screen alone while the block runs: a person is asked something."""
        yield


class Watched(Protocol):
    """What is shown: a job of this process, or a session of another one."""

    running_now: str
    """What runs now, "" where only the events tell it."""
    spent_before: Spending | None
    """What was spent before the first event that is shown."""

    @property
    def project_id(self) -> ProjectId: ...
    def last_event(self) -> int:
        """Return the number of the event after which to begin."""
        ...

    def reader(self) -> Store:
        """Open a connection for reading."""
        ...


@contextmanager
def shown(invocation: Invocation, job: Watched, session: SessionId | None = None) -> Iterator[Live]:
    """Show the progress of `job` while the block runs, of one session where given; with --json nothing is shown."""
    if invocation.json:
        yield Live()
        return
    screen = _Terminal() if sys.stderr.isatty() else _Plain()
    follower = _Follower(job, screen, session)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()


class _Follower(threading.Thread, Live):
    """Reads events as they come, until told to stop and everything is read."""

    def __init__(self, job: Watched, screen: _Plain, session: SessionId | None) -> None:
        super().__init__(name="progress", daemon=True)
        self._job = job
        self._session = session
        self._screen = screen
        self._wake = threading.Event()
        self._ended = False
        self._rest = False
        self._rests = threading.Event()
        self._after = job.last_event()

    def stop(self) -> None:
        """Show what is left and end."""
        self._ended = True
        self._wake.set()
        self.join(timeout=5)

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Show what happened so far, then leave the screen alone while the block runs."""
        self._rest = True
        self._wake.set()
        # A thread that died of a full disk must not hold the question up.
        while self.is_alive() and not self._rests.wait(_EVERY):
            pass
        try:
            yield
        finally:
            self._rest = False
            self._rests.clear()
            self._wake.set()

    def run(self) -> None:
        """Poll the database's change counter; reading never waits for a writer."""
        store = self._job.reader()
        lines = EventLines(store, self._job.spent_before)
        version, last_round = -1, False
        self._screen.go_on()
        try:
            while not last_round:
                self._wake.wait(_EVERY)
                self._wake.clear()
                last_round = self._ended
                self._screen.running(self._job.running_now or lines.now)
                if (now := store.db.data_version()) != version or last_round:
                    version = now
                    self._show_new(store, lines)
                if self._rest:
                    self._show_new(store, lines)
                    self._have_rest()
        finally:
            self._screen.rest()
            store.db.close()

    def _have_rest(self) -> None:
        self._screen.rest()
        self._rests.set()
        while self._rest:
            self._wake.wait()
            self._wake.clear()
        self._screen.go_on()

    def _show_new(self, store: Store, lines: EventLines) -> None:
        for event in store.events.after(self._after, project_id=self._job.project_id):
            self._after = event.seq
            if not self._shows(event):
                continue
            for line in lines.of(event):
                self._screen.line(line)
            self._screen.spent(lines.spent)

    def _shows(self, event: Event) -> bool:
        # What a person does belongs to no session.
        return self._session is None or event.session_id in {None, self._session}


class _Plain:
    """Lines only: for logs and pipes."""

    def go_on(self) -> None:
        """Begin, or begin again after a rest."""

    def rest(self) -> None:
        """Take away what passes, and leave the screen alone."""
        sys.stderr.flush()

    def line(self, text: str) -> None:
        """Show one line that stays."""
        print(text, file=sys.stderr, flush=True)

    def running(self, what: str) -> None:
        """Not shown: a log is no place for what passes."""

    def spent(self, what: str) -> None:
        """Not shown: the lines say it."""


class _Terminal(_Plain):
    """Lines that stay above one that always tells what runs now and what has been spent."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console: Console = Console(stderr=True, highlight=False, markup=False)
        self._status: Status = self._console.status("starting", spinner="dots")
        self._what = ""
        self._spent = ""

    def go_on(self) -> None:
        """Show what runs now."""
        self._status.start()

    def rest(self) -> None:
        """Take that line away."""
        self._status.stop()

    def line(self, text: str) -> None:
        """Show one line above the status, wrapped below its own text."""
        lead = " " * (len(text) - len(text.lstrip()))
        for line in Look(self._console.width).lines(text.lstrip(), lead, f"{lead}    "):
            self._console.print(_styled(line, text), soft_wrap=True)

    def running(self, what: str) -> None:
        """Show what runs now."""
        if what != self._what:
            self._what = what
            self._redraw()

    def spent(self, what: str) -> None:
        """Show what has been spent."""
        if what != self._spent:
            self._spent = what
            self._redraw()

    def _redraw(self) -> None:
        from rich.text import Text

        self._status.update(Text(now_line(self._what, self._spent, self._console.width - _SPINNER)))


def now_line(what: str, spent: str, room: int) -> str:
    """Return what runs now and what has been spent in one line of `room` columns: a second line would stay behind.

    Where there is too little room for both, what runs now is told.
    """
    left = room - len(spent) - 2
    return f"{clip(clean(what), left)}  {spent}" if spent and left >= _LEAST else clip(clean(what), room)


_STYLES = {"✔": "green", "✗": "red", "▶": "bold", "●": "cyan", "!": "yellow"}


def _styled(line: str, whole: str) -> Any:
    from rich.text import Text

    return Text(line, style=_STYLES.get(whole.strip()[:1], ""))
