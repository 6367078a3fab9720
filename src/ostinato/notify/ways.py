"""The ways in which a person is told: a command of theirs, the desktop, a webhook. What is told is decided elsewhere.

Each blocks for a bounded time and raises NotifyError, one line without addresses' secrets. Nothing here may fail a run.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ostinato.base.errors import system_reason
from ostinato.base.text import clip, one_line, printable

PATIENCE = 30.0
"""Seconds after which a command is killed and a webhook is given up."""
_ANSWER = 10.0
_RETRIES = 3
_TOLD = 2_000
_DESKTOP = 10.0

Document = Mapping[str, Any]


class NotifyError(Exception):
    """Somebody could not be told; the text says why, on one line."""


@dataclass(frozen=True, slots=True)
class Command:
    """Runs the person's command: the document on its standard input, the main facts in its environment.

    `command` is an argument list, or a text for the shell.
    """

    command: str | tuple[str, ...]
    environ: Mapping[str, str]
    name: str = "command"

    def send(self, document: Document, patience: float = PATIENCE) -> None:
        """Run it to its end; with all that it started it is killed when it takes too long."""
        facts = {
            "OSTINATO_EVENT": document["event"],
            "OSTINATO_EVENT_TITLE": document["title"],
            "OSTINATO_EVENT_MESSAGE": document["message"],
            "OSTINATO_EVENT_GOAL": document["goal_id"],
            "OSTINATO_EVENT_SESSION": document["session_id"],
        }
        environ = {**self.environ, **{name: str(value or "") for name, value in facts.items()}}
        argv = ("/bin/sh", "-c", self.command) if isinstance(self.command, str) else self.command
        _run(argv, environ, json.dumps(document, ensure_ascii=False).encode() + b"\n", patience)


@dataclass(frozen=True, slots=True)
class Desktop:
    """Shows a notice on the desktop, with notify-send or on macOS osascript."""

    environ: Mapping[str, str]
    name: str = "desktop"

    def send(self, document: Document, patience: float = PATIENCE) -> None:
        """Show title and message; the program gets them as arguments, never as code."""
        title, message = document["title"], document["message"]
        if sys.platform == "darwin":
            script = "on run argv\ndisplay notification (item 2 of argv) with title (item 1 of argv)\nend run"
            argv = ("osascript", "-e", script, title, message)
        else:
            argv = ("notify-send", "--app-name=Ostinato", "--", title, message)
        if shutil.which(argv[0], path=self.environ.get("PATH")) is None:
            raise NotifyError(f"{argv[0]} is not installed: install it, or set notify.desktop to false")
        _run(argv, self.environ, b"", min(_DESKTOP, patience))


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts the document as JSON. No redirects are followed; proxies and certificates come from the usual variables."""

    url: str
    wait: Callable[[float], None] = time.sleep
    name: str = "webhook"

    def send(self, document: Document, patience: float = PATIENCE) -> None:
        """Post; what may pass (no connection, 429, 5xx) is tried again thrice, within the patience."""
        import httpx2

        until = time.monotonic() + patience
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "ostinato"}
        problem = ""
        for attempt in range(_RETRIES + 1):
            left = until - time.monotonic()
            if attempt and left <= 2**attempt:
                break
            if attempt:
                self.wait(2.0 ** (attempt - 1))
            timeout = min(_ANSWER, max(until - time.monotonic(), 1.0))
            try:
                with httpx2.stream("POST", self.url, content=body, headers=headers, timeout=timeout) as answer:
                    status = answer.status_code
            except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, ImportError) as error:
                problem = system_reason(error) or type(error).__name__
                continue
            if 200 <= status < 300:
                return
            problem = f"answered {status}"
            if status != 429 and status < 500:
                break
        raise NotifyError(f"{urlsplit(self.url).hostname or 'the address'}: {problem}")


Way = Command | Desktop | Webhook


def _run(argv: Sequence[str], environ: Mapping[str, str], stdin: bytes, patience: float) -> None:
    # Files, not pipes: neither a command that reads nothing nor a child of its that stays can hold us up.
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said:
        given.write(stdin)
        given.seek(0)
        try:
            process = subprocess.Popen(
                argv, env=dict(environ), stdin=given, stdout=subprocess.DEVNULL, stderr=said, start_new_session=True
            )
        except (OSError, ValueError) as error:
            raise NotifyError(f"{argv[0]} cannot be run: {getattr(error, 'strerror', None) or error}") from error
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            # Before it is waited for, so that its number is still its own.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise NotifyError(f"{argv[0]} took longer than {patience:g} s and was killed") from None
        if code:
            said.seek(max(0, said.seek(0, os.SEEK_END) - _TOLD))
            lines = said.read().decode("utf-8", "replace").strip().splitlines()
            why = f": {clip(printable(one_line(lines[-1])), 200)}" if lines else ""
            raise NotifyError(f"{argv[0]} exited with {code}{why}")
