"""Tells a person what a run needs or came to. A reader of the event stream like any other face, on a thread of its own.

It waits for nobody and fails nothing: what cannot be told becomes one warning per way.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ostinato.base.clock import format_time
from ostinato.base.errors import OstinatoError
from ostinato.base.process import current_process
from ostinato.base.redaction import Redaction
from ostinato.base.text import clip, one_line, printable
from ostinato.config.settings import NotifySettings
from ostinato.graph.events import Event, EventKind
from ostinato.graph.notices import NEEDS_A_PERSON, Notice, occasions
from ostinato.graph.projects import Project
from ostinato.models.endpoint import checked_address
from ostinato.notify.ways import PATIENCE, Command, Desktop, NotifyError, Way, Webhook

if TYPE_CHECKING:
    from ostinato.store.store import Store

_EVERY = 0.5
_LONGEST = 500
_LEAST = 1.0


def ways_of(settings: NotifySettings, environ: Mapping[str, str]) -> tuple[Way, ...]:
    """Return the ways that are set. Raises UsageError for a webhook that is no address."""
    found: list[Way] = []
    if settings.command:
        found.append(Command(settings.command, environ))
    if settings.desktop:
        found.append(Desktop(environ))
    if settings.webhook:
        checked_address(settings.webhook, "notify.webhook")
        found.append(Webhook(settings.webhook.strip()))
    return tuple(found)


def send_test(settings: NotifySettings, environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Send a test by each way that is set; return (way, problem) for each, the problem "" where it was sent.

    Blocks for at most 30 seconds a way. Raises UsageError for a webhook that is no address.
    """
    notice = Notice("test", "Ostinato", "this is a test: notifications arrive", format_time(datetime.now(UTC)))
    return [(way.name, _sent(way, notice, PATIENCE)) for way in ways_of(settings, environ)]


class Notifier(threading.Thread):
    """Follows the events of this process's sessions from now on, until stopped."""

    def __init__(
        self,
        settings: NotifySettings,
        project: Project,
        reader: Callable[[], Store],
        warn: Callable[[str], None],
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(name="notifier", daemon=True)
        self._ways = ways_of(settings, os.environ)
        self._on = frozenset(settings.on)
        self._project = project
        self._reader = reader
        self._warn = warn
        self._patience = patience
        self._failed: set[str] = set()
        self._redacted = Redaction(os.environ)
        self._ended = threading.Event()
        self._until = float("inf")
        store = reader()
        self._after = store.events.last_seq()
        store.db.close()

    def stop(self) -> None:
        """Tell what is left and end; takes at most as long as the slowest way may."""
        self._until = time.monotonic() + self._patience
        self._ended.set()
        self.join(timeout=self._patience + _LEAST)
        if self.is_alive():
            # A server that answers a byte now and then lets no time-out pass.
            self._warn_once("end", f"perhaps nobody was told: no end came within {self._patience:.0f} s")

    def run(self) -> None:
        """Poll the database's change counter; reading never waits for a writer."""
        store = self._reader()
        try:
            version = -1
            while True:
                last_round = self._ended.wait(_EVERY)
                if (now := store.db.data_version()) != version or last_round:
                    version = now
                    for event in self._new(store):
                        self._tell(store, event)
                if last_round:
                    return
        except OstinatoError as error:
            self._warn_once("events", f"notifications end here: {error.message}")
        finally:
            store.db.close()

    def _new(self, store: Store) -> Iterator[Event]:
        while page := store.events.after(self._after, project_id=self._project.id):
            for event in page:
                self._after = event.seq
                yield event

    def _tell(self, store: Store, event: Event) -> None:
        if not occasions(event) & self._on or not _ours(store, event):
            return
        notice = self._notice(store, event)
        for way in self._ways:
            left = self._until - time.monotonic()
            patience = min(self._patience, left)
            problem = "there was no time left for it" if patience < _LEAST else _sent(way, notice, patience)
            if problem:
                self._warn_once(way.name, f"nobody was told by notify.{way.name}: {self._redacted(problem)}")

    def _notice(self, store: Store, event: Event) -> Notice:
        title, message, stopped = "Ostinato needs you", str(event.payload.get("question", "")), None
        session = store.sessions.find(event.session_id) if event.session_id else None
        goal = session.goal_id if session else None
        if event.kind is EventKind.SESSION_ENDED:
            stopped = str(event.payload.get("stop_reason"))
            title = f"Ostinato: {stopped.replace('_', ' ')}"
            node = store.graph.find(goal) if goal else None
            message = f"{node.title if node else ''} ({goal}): {(session and session.summary) or stopped}"
        return Notice(
            event="ended" if event.kind is EventKind.SESSION_ENDED else "needed",
            title=self._shown(title),
            message=self._shown(f"{self._project.name}: {message}"),
            at=format_time(event.at),
            project=self._project.name,
            goal_id=goal,
            session_id=event.session_id,
            node_id=event.node_id,
            stopped=stopped,
            needs_person=stopped is None or stopped in NEEDS_A_PERSON,
        )

    def _shown(self, text: str) -> str:
        return clip(printable(one_line(self._redacted(text))), _LONGEST)

    def _warn_once(self, name: str, text: str) -> None:
        if name not in self._failed:
            self._failed.add(name)
            self._warn(text)


def _ours(store: Store, event: Event) -> bool:
    """Tell whether a session of this process wrote the event; two runs in one project do not tell for each other."""
    return event.session_id is None or store.sessions.owner(event.session_id) == current_process()


def _sent(way: Way, notice: Notice, patience: float) -> str:
    try:
        way.send(notice.document(), patience)
    except NotifyError as error:
        return str(error)
    return ""
