"""Each way of telling somebody, with a real command, a real desktop program and a real web server."""

from __future__ import annotations

import json
import os
import threading
import time
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from ostinato.graph.notices import Notice
from ostinato.notify.ways import Command, Desktop, NotifyError, Webhook
from tests.unit.sandbox.processes import gone

NOTICE = Notice("needed", "Ostinato needs you", "shop: Accept é?", "2026-01-01T00:00:00.000000Z", "shop", "os-1")


class Hook:
    """A web server that answers with the given statuses in turn, the last one ever after."""

    def __init__(self, *statuses: int, location: str = "") -> None:
        self.bodies: list[dict[str, object]] = []
        self.kinds: list[str] = []
        hook, left = self, list(statuses)

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                hook.kinds.append(self.headers["content-type"])
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                if location:
                    self.send_header("Location", location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook?secret=abc"

    def __enter__(self) -> Hook:
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def waits() -> Iterator[list[float]]:
    yield []


def test_a_command_gets_the_document_and_the_main_facts(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    script = f'cat > {seen}; printf "%s|%s|%s" "$OSTINATO_EVENT" "$OSTINATO_EVENT_GOAL" "$MINE" >> {seen}'
    Command(script, {**os.environ, "MINE": "kept"}).send(NOTICE.document())
    document, facts = seen.read_text().splitlines()
    assert json.loads(document) == NOTICE.document()
    assert facts == "needed|os-1|kept"


def test_a_command_as_a_list_is_no_shell_text(tmp_path: Path) -> None:
    Command(("touch", str(tmp_path / "a; touch b")), os.environ).send(NOTICE.document())
    assert [path.name for path in tmp_path.iterdir()] == ["a; touch b"]


def test_a_command_that_hangs_is_killed_with_what_it_started(tmp_path: Path) -> None:
    seconds, began = f"300.{uuid.uuid4().int % 10**12:012}", time.monotonic()
    with pytest.raises(NotifyError, match=r"took longer than 0\.3 s and was killed"):
        Command(f"(sleep {seconds}; true) & wait", os.environ).send(NOTICE.document(), 0.3)
    assert time.monotonic() - began < 10
    assert gone(seconds)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("echo it broke >&2; exit 3", "/bin/sh exited with 3: it broke"),
        (("false",), "false exited with 1"),
        (("/nowhere/at/all",), "/nowhere/at/all cannot be run: No such file or directory"),
    ],
)
def test_a_command_that_fails_says_how(command: str | tuple[str, ...], said: str) -> None:
    with pytest.raises(NotifyError) as caught:
        Command(command, os.environ).send(NOTICE.document())
    assert str(caught.value) == said


def test_a_command_that_reads_nothing_and_leaves_a_child_does_not_hold_us_up() -> None:
    began = time.monotonic()
    Command("sleep 20 & exit 0", os.environ).send({**NOTICE.document(), "more": "x" * 500_000})
    assert time.monotonic() - began < 10


def test_the_desktop_program_gets_texts_as_arguments(tmp_path: Path) -> None:
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/seen\n')
    program.chmod(0o755)
    hostile = Notice("needed", "-h", "$(touch x) --help", "now")
    Desktop({**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}).send(hostile.document())
    assert (tmp_path / "seen").read_text().splitlines() == ["--app-name=Ostinato", "--", "-h", "$(touch x) --help"]


def test_a_missing_desktop_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotifyError, match=r"notify-send is not installed.*notify\.desktop"):
        Desktop({"PATH": str(tmp_path)}).send(NOTICE.document())


def test_a_webhook_gets_json_with_a_text_for_chat_services() -> None:
    with Hook(204) as hook:
        Webhook(hook.url).send(NOTICE.document())
    assert hook.bodies == [{**NOTICE.document(), "text": "Ostinato needs you: shop: Accept é?"}]
    assert hook.kinds == ["application/json"]


@pytest.mark.parametrize("passing", [500, 503, 429])
def test_what_may_pass_is_tried_again(waits: list[float], passing: int) -> None:
    with Hook(passing, passing, passing, 200) as hook:
        Webhook(hook.url, waits.append).send(NOTICE.document())
    assert (len(hook.bodies), waits) == (4, [1.0, 2.0, 4.0])


@pytest.mark.parametrize(("status", "tries"), [(503, 4), (404, 1), (302, 1)])
def test_a_webhook_that_refuses_is_given_up_without_its_address(waits: list[float], status: int, tries: int) -> None:
    with Hook(status, location="http://127.0.0.1:9/elsewhere") as hook, pytest.raises(NotifyError) as caught:
        Webhook(hook.url, waits.append).send(NOTICE.document())
    assert str(caught.value) == f"127.0.0.1: answered {status}"
    assert len(hook.bodies) == tries


def test_a_webhook_out_of_reach_says_so(waits: list[float]) -> None:
    with pytest.raises(NotifyError, match=r"^127\.0\.0\.1: Connection refused$"):
        Webhook("http://127.0.0.1:9/", waits.append).send(NOTICE.document())
    assert len(waits) == 3
