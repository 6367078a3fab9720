"""Live progress of the main job: lines from the event stream, and on a terminal what runs now and what is spent.

It reads the store like any other face, over a connection and a thread of its own; the job does not wait for it.
Everything goes to stderr, so that stdout holds the result alone.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ostinato.base.text import clip
from ostinato.cli.event_lines import EventLines
from ostinato.cli.output import clean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

    from ostinato.app.job import Job
    from ostinato.cli.context import Invocation

_EVERY = 0.1


@contextmanager
def shown(invocation: Invocation, job: Job) -> Iterator[None]:
    """Show the progress of `job` while the block runs; with --json nothing is shown."""
    if invocation.json:
        yield
        return
    screen = _Terminal() if sys.stderr.isatty() else _Plain()
    follower = _Follower(job, screen)
    follower.start()
    try:
        yield
    finally:
        follower.stop()


class _Follower(threading.Thread):
    """Reads events as they come, until told to stop and everything is read."""

    def __init__(self, job: Job, screen: _Plain) -> None:
        super().__init__(name="progress", daemon=True)
        self._job = job
        self._screen = screen
        self._ended = threading.Event()
        self._after = job.last_event()

    def stop(self) -> None:
        """Show what is left and end."""
        self._ended.set()
        self.join(timeout=5)

    def run(self) -> None:
        """Poll the database's change counter; reading never waits for a writer."""
        store = self._job.reader()
        lines = EventLines(store)
        version = -1
        with self._screen:
            while True:
                last_round = self._ended.wait(_EVERY)
                self._screen.running(self._job.running_now)
                if (now := store.db.data_version()) != version or last_round:
                    version = now
                    for event in store.events.after(self._after, project_id=self._job.project_id):
                        self._after = event.seq
                        for line in lines.of(event):
                            self._screen.line(line)
                        self._screen.spent(lines.spent)
                if last_round:
                    break
        store.db.close()


class _Plain:
    """Lines only: for logs and pipes."""

    def __enter__(self) -> _Plain:
        return self

    def __exit__(self, *error: object) -> None:
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

    def __enter__(self) -> _Plain:
        self._status.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._status.stop()

    def line(self, text: str) -> None:
        """Show one line above the status."""
        self._console.print(_styled(text), soft_wrap=True)

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

        room = max(20, self._console.width - len(self._spent) - 8)
        self._status.update(Text(f"{clip(clean(self._what), room)}  {self._spent}"))


_STYLES = {"✔": "green", "✗": "red", "▶": "bold", "●": "cyan", "!": "yellow"}


def _styled(text: str) -> Any:
    from rich.text import Text

    return Text(text, style=_STYLES.get(text.strip()[:1], ""))
