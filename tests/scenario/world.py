"""A person's world for scenario tests: a real repository, the real command line, a server that plays the model."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ostinato.testing.chat_server import Answer, Call
from tests.published import hold

_TASK = re.compile(r"^## Task: (\S+) (.*)$", re.MULTILINE)
_ATTEMPT = re.compile(r"^Attempt: (\d+) of", re.MULTILINE)
Body = dict[str, Any]
WIRES = ("openai-chat", "anthropic", "openai", "ollama")
"""The providers whose protocols the server speaks."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a coder as the pretended model sees it. `number` counts the model's earlier replies."""

    task: str
    title: str
    attempt: int
    number: int
    briefing: str
    body: Body


Coder = Callable[[Turn], Answer]


def tools_of(body: Body) -> set[str]:
    """Return the names of the offered tools."""
    return {tool["function"]["name"] for tool in body.get("tools", [])}


def brain(plan: Mapping[str, Any], coder: Coder) -> Callable[[Body], Answer]:
    """Return a model that proposes `plan` and then lets `coder` answer for each task."""

    def handle(body: Body) -> Answer:
        replies = sum(m["role"] == "assistant" for m in body["messages"])
        if "propose_plan" in tools_of(body):
            return Answer(tool_calls=(Call("propose_plan", plan),)) if not replies else done("planned")
        briefing = "\n".join(str(m["content"]) for m in body["messages"] if m["role"] == "user")
        task = _TASK.search(briefing)
        attempt = _ATTEMPT.search(briefing)
        assert task, "the briefing names no task"
        return coder(Turn(task[1], task[2], int(attempt[1]) if attempt else 1, replies, briefing, body))

    return handle


def done(message: str = "done") -> Answer:
    """Signal complete."""
    return Answer(tool_calls=(Call("signal", {"outcome": "complete", "message": message}),))


def blocked(message: str) -> Answer:
    """Signal blocked."""
    return Answer(tool_calls=(Call("signal", {"outcome": "blocked", "message": message}),))


def write(path: str, content: str) -> Answer:
    """Write a file."""
    return Answer(tool_calls=(Call("write_file", {"path": path, "content": content}),))


def shell(command: str) -> Answer:
    """Run a command."""
    return Answer(tool_calls=(Call("run_command", {"command": command}),))


def task(key: str, *, check: str, scope: Sequence[str] = (), after: Sequence[str] = (), **more: Any) -> dict[str, Any]:
    """Return one task of a plan."""
    return {
        "key": key,
        "title": f"Make {key}",
        "description": f"Make {key} as the check wants it.",
        "acceptance_criteria": [f"{key} is there"],
        "checks": [{"command": check}],
        "file_scope": list(scope),
        "depends_on": list(after),
        **more,
    }


def plan_of(*tasks: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return the arguments of propose_plan."""
    return {"summary": "A small plan.", "tasks": list(tasks), "decisions": [], **more}


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(slots=True)
class World:
    """One person with one repository. Everything lies below `root`; `wire` is how they speak to their model."""

    root: Path
    model_url: str = "http://127.0.0.1:9/v1"
    env: dict[str, str] = field(default_factory=dict)
    wire: str = "openai-chat"

    @property
    def repo(self) -> Path:
        """The person's checkout."""
        return self.root / "repo"

    def environment(self) -> dict[str, str]:
        """Return the environment of the command line: the machine's, with our own places."""
        ours = ("OSTINATO_", "OPENAI_", "ANTHROPIC_", "OLLAMA_", "GROQ_", "XDG_", "GIT_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return {
            **kept,
            "XDG_DATA_HOME": str(self.root / "data"),
            "XDG_STATE_HOME": str(self.root / "state"),
            "XDG_CONFIG_HOME": str(self.root / "config"),
            "OPENAI_BASE_URL": self.model_url,
            "OPENAI_API_KEY": "sk-test-0000",
            "ANTHROPIC_BASE_URL": self.model_url.removesuffix("/v1"),
            "ANTHROPIC_API_KEY": "sk-test-0000",
            "GROQ_BASE_URL": self.model_url.removesuffix("/v1"),
            "GROQ_API_KEY": "sk-test-0000",
            "OLLAMA_HOST": self.model_url,
            "OSTINATO_MODEL": f"{self.wire}:test",
            **self.env,
        }

    def make_repository(self, files: Mapping[str, str]) -> World:
        """Make the repository with one commit."""
        self.repo.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.name", "Pat Person")
        self.git("config", "user.email", "pat@example.org")
        for name, text in files.items():
            path = self.repo / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-qm", "first", "--allow-empty")
        return self

    def git(self, *arguments: str) -> str:
        """Run git in the person's checkout."""
        ran = subprocess.run(["git", *arguments], cwd=self.repo, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def start(self, *arguments: str, cwd: Path | None = None) -> subprocess.Popen[str]:
        """Start the command line."""
        return subprocess.Popen(
            [sys.executable, "-m", "ostinato", *arguments],
            cwd=cwd or self.repo,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None, timeout: float = 120) -> Ran:
        """Run the command line to its end; what --json prints must be as published."""
        process = self.start(*arguments, cwd=cwd)
        out, err = process.communicate(timeout=timeout)
        hold(arguments, out, err)
        return Ran(process.returncode, out, err)

    def json(self, *arguments: str) -> Any:
        """Run a command with --json that must succeed, and return its document."""
        ran = self.run("--json", *arguments)
        assert ran.code == 0, ran.err
        return ran.json

    def commits(self, ref: str) -> list[str]:
        """Return the subjects of the commits on `ref` that are not on the first commit, newest first."""
        first = self.git("rev-list", "--max-parents=0", "HEAD")
        return self.git("log", "--format=%s", f"{first}..{ref}").splitlines()
