"""Which events of a real database the notifier tells, and what becomes of it when it cannot."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ostinato.app import open_store_for
from ostinato.app.notify import Notifier, send_test
from ostinato.base.errors import UsageError
from ostinato.base.process import current_process
from ostinato.config.settings import NotifySettings
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Node, NodeType
from ostinato.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store_for(tmp_path / "graph.db", create=True)
    yield opened
    opened.close()


@pytest.fixture
def project(store: Store) -> Project:
    return store.projects.add("/shop")


@pytest.fixture
def goal(store: Store, project: Project) -> Node:
    return store.graph.add_node(project.id, NewNode(NodeType.GOAL, "a\ngoal"))


def settings(tmp_path: Path, **more: Any) -> NotifySettings:
    return NotifySettings(command=f"cat >> {tmp_path}/seen", **more)


def told(tmp_path: Path) -> list[dict[str, Any]]:
    seen = tmp_path / "seen"
    return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []


def notifier(tmp_path: Path, project: Project, chosen: NotifySettings, warnings: list[str]) -> Notifier:
    made = Notifier(chosen, project, lambda: open_store_for(tmp_path / "graph.db", create=False), warnings.append)
    made.start()
    return made


def test_only_sessions_of_this_process_are_told(tmp_path: Path, store: Store, project: Project, goal: Node) -> None:
    me = current_process()
    before = store.sessions.start(project.id, goal.id, SessionKind.RALPH, process=me)
    store.sessions.end(before.id, stop_reason="stuck", summary="before anybody listened")
    warnings: list[str] = []
    listening = notifier(tmp_path, project, settings(tmp_path), warnings)
    other = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "other"))
    theirs = store.sessions.start(project.id, other.id, SessionKind.RALPH, process=replace(me, pid=me.pid + 1))
    store.sessions.end(theirs.id, stop_reason="stuck")
    mine = store.sessions.start(project.id, goal.id, SessionKind.RALPH, process=me)
    store.sessions.end(mine.id, stop_reason="stuck", summary="5 iterations, 0 tasks completed: no work")
    listening.stop()
    (notice,) = told(tmp_path)
    assert notice["session_id"] == mine.id
    assert notice["message"] == f"shop: a goal ({goal.id}): 5 iterations, 0 tasks completed: no work"
    assert warnings == []


def test_a_way_that_fails_is_warned_of_once(tmp_path: Path, store: Store, project: Project, goal: Node) -> None:
    warnings: list[str] = []
    chosen = NotifySettings(command="echo the key is sk-0123456789abcdefghij >&2; exit 1")
    listening = notifier(tmp_path, project, chosen, warnings)
    for question in ("one?", "two?"):
        store.approvals.ask(project.id, goal.id, "plan", question)
    listening.stop()
    assert warnings == ["nobody was told by notify.command: /bin/sh exited with 1: the key is [secret]"]


def test_the_end_waits_for_a_hanging_command_so_long_and_no_longer(
    tmp_path: Path, store: Store, project: Project, goal: Node
) -> None:
    warnings: list[str] = []
    chosen = NotifySettings(command="exec sleep 60")
    reader = partial(open_store_for, tmp_path / "graph.db", create=False)
    listening = Notifier(chosen, project, reader, warnings.append, patience=1.5)
    listening.start()
    for question in ("one?", "two?", "three?"):
        store.approvals.ask(project.id, goal.id, "plan", question)
    began = time.monotonic()
    listening.stop()
    assert time.monotonic() - began < 10
    assert not listening.is_alive()
    (warning,) = warnings
    assert warning.startswith("nobody was told by notify.command: /bin/sh took longer than 1")


def test_a_webhook_that_answers_without_end_holds_nobody_up_and_is_warned_of(
    tmp_path: Path, store: Store, project: Project, goal: Node
) -> None:
    warnings: list[str] = []
    enough = threading.Event()

    def trickle(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while not enough.wait(0.1):
                connection.sendall(b"X: y\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=trickle, args=(server,))
        answering.start()
        chosen = NotifySettings(webhook=f"http://127.0.0.1:{server.getsockname()[1]}/")
        reader = partial(open_store_for, tmp_path / "graph.db", create=False)
        listening = Notifier(chosen, project, reader, warnings.append, patience=1.2)
        listening.start()
        store.approvals.ask(project.id, goal.id, "plan", "one?")
        try:
            listening.stop()
        finally:
            told_by_then = list(warnings)
            enough.set()
            answering.join()
            listening.join()
    (warning,) = told_by_then
    assert "no end came within 1 s" in warning


def test_a_test_goes_by_each_way_and_says_what_failed(tmp_path: Path) -> None:
    environ = {"PATH": "/usr/bin:/bin"}
    assert send_test(NotifySettings(), environ) == []
    assert send_test(settings(tmp_path), environ) == [("command", "")]
    assert told(tmp_path)[0]["event"] == "test"
    sent = send_test(NotifySettings(command=("false",), desktop=True), {"PATH": str(tmp_path)})
    assert [way for way, problem in sent if problem] == ["command", "desktop"]
    with pytest.raises(UsageError, match=r"notify\.webhook"):
        send_test(NotifySettings(webhook="nowhere"), environ)
