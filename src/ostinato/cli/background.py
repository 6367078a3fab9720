"""`ostinato ralph --detach`: a run that survives the terminal, with a log. What hinders it is said before it returns.

The run is a fork of this process in a session of its own: everything is parsed already, and the environment with its
keys is inherited and never written anywhere.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ostinato.app.goals import chosen_goal
from ostinato.app.logs import log_stream, new_log
from ostinato.base.clock import SystemClock
from ostinato.base.errors import OstinatoError
from ostinato.base.process import current_process
from ostinato.base.redaction import Redaction
from ostinato.cli.context import Invocation
from ostinato.cli.errors import at_border
from ostinato.cli.output import answer, clean
from ostinato.cli.ralph_run import ralph_document, ralph_lines, ralph_once
from ostinato.config.paths import state_directory

if TYPE_CHECKING:
    from ostinato.base.ids import NodeId
    from ostinato.graph.sessions import Session

_EVERY = 0.05


def detach(invocation: Invocation, named: str | None, chosen: dict[str, Any]) -> int:
    """Start a run in the background and return 0 once its session has begun; what ends at once is told as in front.

    Raises what the run raised before it began. A Ctrl-C while waiting ends the run too.
    """
    goal = _goal(invocation, named)
    if goal is None:
        # There is nothing to do, or to find out: that is said best by doing it.
        result = ralph_once(invocation, named, chosen)
        answer(invocation, ralph_document(result), ralph_lines(result))
        return result.exit_code
    log, path = new_log(state_directory(os.environ), goal, SystemClock())
    heard, told = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        _run_behind(invocation, goal, chosen, log, told)
    os.close(log)
    os.close(told)
    try:
        session = _begun(invocation, child, heard)
    except KeyboardInterrupt:
        os.kill(child, signal.SIGTERM)
        raise
    if session is None:
        return _ended_at_once(invocation, child, heard, path)
    document = {"goal_id": goal, "session_id": session.id, "pid": child, "log": str(path)}
    answer(invocation, document, _lines(document))
    return 0


def _lines(document: dict[str, Any]) -> list[str]:
    goal = document["goal_id"]
    return [
        f"{goal} is worked on in the background",
        f"  run   {document['session_id']}, process {document['pid']}",
        clean(f"  log   {document['log']}"),
        f"  look  ostinato ralph --attach {goal}",
        f"  stop  ostinato ralph --stop {goal}",
    ]


def _goal(invocation: Invocation, named: str | None) -> NodeId | None:
    """Return the goal to work on, None when there is nothing to do. No connection to the database is left open."""
    store = invocation.reading()
    try:
        project = invocation.project(store)
        if project is None:
            return None
        choice = chosen_goal(store, project.id, named)
        return None if choice.over is not None else choice.goal.id
    finally:
        # A connection must not be carried over a fork.
        invocation.close()


def _begun(invocation: Invocation, child: int, heard: int) -> Session | None:
    """Return the child's session as soon as there is one, None when the child reports or ends before."""
    while not select.select([heard], [], [], _EVERY)[0]:
        store = invocation.reading()
        project = invocation.required_project(store)
        for session, owner in store.sessions.open(project.id):
            if owner is not None and owner.pid == child and owner.boot == current_process().boot:
                return session
    return None


def _ended_at_once(invocation: Invocation, child: int, heard: int, path: Path) -> int:
    """Tell what the child reported, and return or raise what the run itself would have."""
    with os.fdopen(heard, encoding="utf-8") as pipe:
        text = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not text:
        raise _Failed("bug", f"the run ended with {code} before it began: {path} says more", 1)
    path.unlink(missing_ok=True)
    report = json.loads(text)
    if "error" in report:
        raise _Failed(**report["error"])
    answer(invocation, report["document"], report["lines"])
    return code


class _Failed(OstinatoError):
    """What the run in the background raised before it began."""

    def __init__(self, kind: str, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.kind = kind
        self.exit_code = exit_code


def _run_behind(invocation: Invocation, goal: str, chosen: dict[str, Any], log: int, told: int) -> NoReturn:
    """Be the run: nothing here returns to what the parent was doing."""
    code = 1
    try:
        _leave_terminal(log, told)
        invocation.json = False
        code = at_border(lambda: _run(invocation, goal, chosen, told), as_json=lambda: False, debug=True)
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.close()
            sys.stderr.close()
        os._exit(code)


def _run(invocation: Invocation, goal: str, chosen: dict[str, Any], told: int) -> int:
    try:
        result = ralph_once(invocation, goal, chosen)
    except OstinatoError as error:
        _report(told, {"error": {"kind": error.kind, "message": error.message, "exit_code": error.exit_code}})
        raise
    lines = list(ralph_lines(result))
    _report(told, {"document": ralph_document(result), "lines": lines})
    with suppress(OSError):  # the log's disk may be what is full
        click.echo("\n".join(lines))
    return result.exit_code


def _report(told: int, report: dict[str, Any]) -> None:
    # Most runs end long after anybody listened.
    with suppress(OSError):
        os.write(told, json.dumps(report).encode())


def _leave_terminal(log: int, told: int) -> None:
    """Start a session of our own without the terminal, keep no descriptor but ours, and write to the log alone."""
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    null = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in enumerate((null, log, log)):
        os.dup2(descriptor, number)
    for low, high in _gaps({told}):
        os.closerange(low, high)
    clock, redacted = SystemClock(), Redaction(os.environ)
    sys.stdin = os.fdopen(0, encoding="utf-8")
    for name, number in (("stdout", 1), ("stderr", 2)):
        setattr(sys, name, log_stream(number, clock, redacted))
    current_process.cache_clear()


def _gaps(kept: set[int]) -> list[tuple[int, int]]:
    """Return the ranges of descriptors above the standard streams without those that are kept."""
    edges = [2, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
    return [(low + 1, high) for low, high in pairwise(edges)]
