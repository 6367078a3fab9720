"""A conversation of 50 commands against a local server, whole processes: ours, others' harnesses, and a floor.

`make bench` runs it. Peers come from npm and PyPI, into the person's cache directory, where those are there; what
cannot be installed is skipped and said. Per harness: the seconds from its start to its first request; the median gap
from an answer's last byte to the next request, in which the command runs too; CPU per step; bytes sent; peak memory.
Ours is run with the sandbox, without it, and for 1,000 steps, whose last gaps must be like the first.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.measuring import Cost, load, run
from tests.bench.talk_server import Talk, TalkServer

STEPS, LONG = 50, 1_000
OSTINATO = str(Path(sys.executable).parent / "ostinato")
PI = "@mariozechner/pi-coding-agent@0.73.1"
MINI = "mini-swe-agent==2.4.6"
FIRST, GAP, GAP_WALLED, MEGABYTES_SENT, MEMORY, GROWTH = 0.5, 0.015, 0.030, 0.70, 80, 1.2
INSTALL_SECONDS = 600
NEAR = 20
"""Gaps around a step whose median stands for it: one alone is chance."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One whole run: the seconds to its first request, its talk, what the process cost."""

    first: float
    talk: Talk
    cost: Cost

    @property
    def gap(self) -> float:
        """The median gap in seconds."""
        return statistics.median(self.talk.gaps())

    def near(self, step: int) -> float:
        """Return the median of the gaps around a step."""
        return statistics.median(self.talk.gaps()[max(0, step - NEAR // 2) : step + NEAR // 2])


def main() -> int:
    """Print the table; return 1 when one of our figures is over its limit."""
    print(f"{STEPS} commands in one conversation, whole processes; {load()}")
    print(f"  {'':<26} {'first s':>8} {'gap ms':>8} {'p90 ms':>8} {'CPU ms/step':>12} {'sent MB':>8} {'peak MB':>8}")
    peers = (("pi-coding-agent", _pi), ("mini-swe-agent", _mini)) if "--alone" not in sys.argv else ()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        _row("plain Python (floor)", _floor(place / "floor"))
        bare = _row("ostinato, no sandbox", _ours(place / "bare", STEPS, sandbox=False))
        walled = _row("ostinato, bubblewrap", _ours(place / "walled", STEPS, sandbox=True))
        long = _row(f"ostinato, {LONG:,} steps", _ours(place / "long", LONG, sandbox=False))
        for name, peer in peers:
            try:
                _row(name, peer(place / name))
            except (OSError, subprocess.SubprocessError, ValueError) as error:
                print(f"  {name:<26} SKIPPED: {str(error)[:90]}")
    return _judged(bare, walled, long)


def _row(name: str, heard: Heard) -> Heard:
    gaps, steps = sorted(heard.talk.gaps()), len(heard.talk.asked)
    p90, sent = gaps[int(len(gaps) * 0.9)] * 1000, sum(heard.talk.sizes) / 1e6
    print(
        f"  {name:<26} {heard.first:8.2f} {heard.gap * 1000:8.1f} {p90:8.1f} {heard.cost.cpu / steps * 1000:12.1f}"
        f" {sent:8.2f} {heard.cost.megabytes:8.0f}",
        flush=True,
    )
    return heard


def _judged(bare: Heard, walled: Heard, long: Heard) -> int:
    growth = long.near(LONG - NEAR) / long.near(NEAR // 2)
    figures = (
        ("first request, s", bare.first, FIRST),
        ("gap without the sandbox, ms", bare.gap * 1000, GAP * 1000),
        ("gap with the sandbox, ms", walled.gap * 1000, GAP_WALLED * 1000),
        ("sent, MB", sum(walled.talk.sizes) / 1e6, MEGABYTES_SENT),
        ("peak memory, MB", walled.cost.megabytes, MEMORY),
        (f"gap at step {LONG:,} / at step 10", growth, GROWTH),
    )
    for name, found, limit in figures:
        print(f"  {name:<34} {found:8.2f}  limit {limit:g}: {'kept' if found <= limit else 'NOT kept'}")
    return 0 if all(found <= limit for _, found, limit in figures) else 1


def _commands(steps: int) -> list[str]:
    return [*(f"echo {number}" for number in range(1, steps)), "echo made > made.txt"]


def _heard(place: Path, command: Sequence[str], server: TalkServer, environ: Mapping[str, str], expected: int) -> Heard:
    begun = time.perf_counter()
    cost = run(command, place, environ, timeout=900)
    if cost is None or len(server.talk.asked) < expected:
        raise ValueError(f"it asked {len(server.talk.asked)} times of {expected}: {' '.join(command)[:60]}")
    return Heard(server.talk.asked[0] - begun, server.talk, cost)


@contextlib.contextmanager
def _server(place: Path, steps: int) -> Iterator[tuple[TalkServer, Path, dict[str, str]]]:
    """Yield a server, a repository with a commit in it, and the environment of somebody with no settings at all."""
    repository = place / "repo"
    repository.mkdir(parents=True)
    (place / ".gitconfig").write_text("[user]\n\tname = Bench\n\temail = bench@example.org\n")
    with TalkServer(_commands(steps)) as server:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(place),
            "OPENAI_BASE_URL": server.url,
            "OPENAI_API_KEY": "sk-bench-not-a-key",
        }
        for arguments in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "first"]):
            subprocess.run(["git", *arguments], cwd=repository, env=environ, check=True)
        yield server, repository, environ


def _floor(place: Path) -> Heard:
    with _server(place, STEPS) as (server, repository, environ):
        script = str(Path(__file__).with_name("talk_floor.py"))
        return _heard(repository, [sys.executable, script], server, environ, STEPS + 1)


def _ours(place: Path, steps: int, *, sandbox: bool) -> Heard:
    with _server(place, steps) as (server, repository, environ):
        settings = place / ".config" / "ostinato"
        settings.mkdir(parents=True)
        mode = "bubblewrap" if sandbox else "none"
        limits = "steps = 2000\ntokens = 1_000_000_000\nminutes = 60"
        (settings / "config.toml").write_text(f'[sandbox]\nmode = "{mode}"\n\n[limits]\n{limits}\n')

        def ostinato(*words: str) -> str:
            ran = subprocess.run(
                [OSTINATO, *words], cwd=repository, env=environ, check=True, capture_output=True, text=True
            )
            return ran.stdout.strip()

        goal = ostinato("node", "add", "goal", "Commands")
        check = "grep -q made made.txt"
        ostinato("node", "add", "task", "Run the commands", "--parent", goal, "--check", check)
        return _heard(repository, [OSTINATO, "ralph", goal, "--model", "openai-chat:m"], server, environ, steps + 1)


def _pi(place: Path) -> Heard:
    cache = _cache("pi")
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("there is no npm")
    if not (cache / PI.replace("/", "_")).exists():
        _install([npm, "install", "--no-audit", "--no-fund", "--prefix", str(cache), PI], cache)
        (cache / PI.replace("/", "_")).touch()
    with _server(place, STEPS) as (server, repository, environ):
        folder = place / ".pi" / "agent"
        folder.mkdir(parents=True)
        model = {"id": "m", "name": "m", "contextWindow": 200_000, "maxTokens": 8_000, "input": ["text"]}
        provider = {"baseUrl": server.url, "apiKey": "sk-bench", "api": "openai-completions", "models": [model]}
        (folder / "models.json").write_text(json.dumps({"providers": {"bench": provider}}))
        words = ["-p", "--provider", "bench", "--model", "m", "Run the commands."]
        program = str(cache / "node_modules" / ".bin" / "pi")
        return _heard(repository, [program, *words], server, {**environ, "PI_OFFLINE": "1"}, STEPS + 1)


def _mini(place: Path) -> Heard:
    cache = _cache("mini")
    python = cache / "venv" / "bin" / "python"
    if not (cache / MINI).exists():
        _install([sys.executable, "-m", "venv", str(cache / "venv")], cache)
        _install([str(python), "-m", "pip", "install", "-q", MINI], cache)
        (cache / MINI).touch()
    with _server(place, STEPS) as (server, repository, environ):
        quiet = {
            "MSWEA_CONFIGURED": "true",
            "MSWEA_COST_TRACKING": "ignore_errors",
            "OPENAI_API_BASE": server.url,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        words = ["-t", "Run the commands.", "-m", "openai/m", "-y", "--exit-immediately", "-o", str(place / "out.json")]
        program = str(cache / "venv" / "bin" / "mini")
        return _heard(repository, [program, *words], server, {**environ, **quiet}, STEPS)


def _cache(name: str) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = base / "ostinato-bench" / name
    place.mkdir(parents=True, exist_ok=True)
    return place


def _install(command: list[str], place: Path) -> None:
    print(f"  (installing: {' '.join(command[-3:])})", file=sys.stderr)
    subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=INSTALL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
