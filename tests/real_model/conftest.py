"""A real model behind a real server: llama.cpp on the loopback. Built by `make local-model`, asked for by a variable.

A model of 135 million parameters cannot code. What these tests hold is that our client and the loop survive what a
server says that nobody wrote for us.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from ostinato.agent.ports import Model
from ostinato.base.clock import SystemClock
from ostinato.models.factory import open_model
from ostinato.models.limits import TransportLimits

VARIABLE = "OSTINATO_REAL_MODEL"
WIRES = ("openai-chat", "openai", "anthropic", "ollama")
NAME = "smollm2"
WINDOW = 8192
_SCRIPT = Path(__file__).parents[2] / "scripts" / "local_model.py"


@dataclass(frozen=True, slots=True)
class Server:
    """The running server."""

    address: str

    @property
    def env(self) -> dict[str, str]:
        """The variables that send each wire to it."""
        return {
            "OPENAI_BASE_URL": f"{self.address}/v1",
            "ANTHROPIC_BASE_URL": self.address,
            "OLLAMA_HOST": self.address,
        }

    def slot(self) -> dict[str, Any]:
        """Return what the server does at the moment; it serves one request at a time."""
        with urlopen(f"{self.address}/slots", timeout=30) as answer:
            return dict(json.load(answer)[0])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start the server, or skip loudly."""
    if os.environ.get(VARIABLE) != "1":
        pytest.skip(f"NO REAL MODEL, as in CI: `make local-model` builds one, {VARIABLE}=1 runs these tests")
    port = _free_port()
    sys.path.insert(0, str(_SCRIPT.parent))
    import local_model  # type: ignore[import-not-found,unused-ignore]

    directory = local_model.place()
    if not local_model.is_built(directory):
        pytest.fail(f"{VARIABLE}=1, but there is no model in {directory}: run `make local-model` first")
    log = tmp_path_factory.mktemp("llama") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(local_model.command(directory, port), stdout=output, stderr=output)
    try:
        running = Server(f"http://127.0.0.1:{port}")
        _await(running, process, log)
        yield running
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(params=WIRES)
def wire(request: pytest.FixtureRequest) -> str:
    """Run the test once for each protocol."""
    return str(request.param)


@pytest.fixture
async def model(server: Server, wire: str) -> AsyncIterator[Model]:
    """The server's model over one of our wires, as the command line opens it."""
    opened = open_model(f"{wire}:{NAME}", env=server.env, limits=limits(), clock=SystemClock())
    yield opened
    await opened.close()


def limits(**more: Any) -> TransportLimits:
    """Return limits that fit this model and a busy machine."""
    return TransportLimits(context_window=WINDOW, patience=60, **more)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _await(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{server.address}/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"llama-server did not come up:\n{log.read_text('utf-8', 'replace')[-2000:]}")
