"""Records docs/transcripts/plan.txt: a plan conversation in a real terminal, played on the demo's repository.

    .venv/bin/python scripts/record_plan_talk.py            writes the file
    .venv/bin/python scripts/record_plan_talk.py --check    fails where the file is not what a run prints now

The planner is `plan_talk.json`, a script for the scripted model; the person's keys stand below. All else is real. Ids
and times differ from run to run, so they are replaced by fixed ones.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from ostinato.cli.demo import demo_environment, make_repository
from ostinato.testing.typist import Typist

HERE = Path(__file__).parent
TRANSCRIPT = HERE.parent / "docs" / "transcripts" / "plan.txt"
COLUMNS = 88
GOAL = "Print the records of a year at the weather station"
CHANGE = "a broken file should get a task of its own"
# Changes the text, and shows what a person would see in their editor.
EDIT = """sed -i 's/^complexity = .*/complexity = "large"/' "$1" && cat"""
_STEADY = (
    (r"\bos-[0-9a-f]{8}", "os-1f0c9a2e"),
    (r"\bsess-[0-9a-f]{8}", "sess-5b21d6f0"),
    (r"in \d+\.\d s:", "in 0.1 s:"),
)


def ask_and_leave(typist: Typist) -> None:
    """Say the goal, and leave at the planner's question."""
    typist.sees("> ")
    typist.presses(f"{GOAL}\n")
    typist.sees("> ")
    typist.presses("\x03")


def come_back(typist: Typist) -> None:
    """Answer the question, look at a task, edit it, want a change, accept."""
    for keys in ("1", "s 2", "e 2", CHANGE, "a"):
        typist.sees("\n> ")
        typist.presses(f"{keys}\n")


def record() -> str:
    """Play the conversation and return what stood on the terminal."""
    with tempfile.TemporaryDirectory(prefix="ostinato-record-") as folder:
        root = Path(folder)
        environment = {
            **demo_environment(os.environ),
            "XDG_DATA_HOME": str(root / "data"),
            "XDG_STATE_HOME": str(root / "state"),
            "XDG_CONFIG_HOME": str(root / "config"),
            "OSTINATO_MODEL": f"scripted:{HERE / 'plan_talk.json'}",
            "EDITOR": EDIT,
            "VISUAL": "",
            # What a terminal shows that only prints lines is text as it stands.
            "TERM": "dumb",
            "LC_ALL": "C.UTF-8",
        }
        repository = root / "almanac"
        make_repository(repository, environment)
        first = _played(repository, environment, ask_and_leave)
        goal = re.findall(r"os-[0-9a-f]{8}", first)[-1]
        second = _played(repository, environment, come_back, "--goal", goal)
        tree = _played(repository, environment, lambda typist: None, command=("tasks", "tree"))
    text = f"{first}\n{second}\n{tree}"
    for pattern, steady in _STEADY:
        text = re.sub(pattern, steady, text)
    return text


def _played(
    repository: Path,
    environment: Mapping[str, str],
    play: Callable[[Typist], None],
    *arguments: str,
    command: tuple[str, ...] = ("plan",),
) -> str:
    said = " ".join(("ostinato", *command, *arguments))
    program = [sys.executable, "-m", "ostinato", *command, *arguments]
    with Typist(program, cwd=repository, environment=environment, columns=COLUMNS) as typist:
        play(typist)
        typist.ends()
        lines = typist.said.replace("\r\n", "\n").splitlines()
    return "\n".join((f"$ {said}", *(line.rstrip() for line in lines), ""))


def main() -> int:
    """Write the transcript, or check it."""
    now = record()
    if "--check" not in sys.argv:
        TRANSCRIPT.write_text(now, "utf-8")
        return 0
    if now == TRANSCRIPT.read_text("utf-8"):
        return 0
    import difflib

    print(*difflib.unified_diff(TRANSCRIPT.read_text("utf-8").splitlines(), now.splitlines(), lineterm=""), sep="\n")
    print("the transcript is not what a run prints now: scripts/record_plan_talk.py writes it anew", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
