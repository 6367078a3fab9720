"""How `init` shows a proposal, its difference to what is there, and a trial. It decides and writes nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ostinato.cli.layout import look_of
from ostinato.cli.output import clean

if TYPE_CHECKING:
    from ostinato.app.proposing import Proposed
    from ostinato.app.trial import Trial
    from ostinato.config.proposal.found import Line
    from ostinato.graph.evidence import CheckRun

_SHOWN_FILES = 4
_OUTPUT_SHOWN = 6


def proposal_lines(proposed: Proposed) -> Iterator[str]:
    """Yield what was found, what is proposed and why, and what is left to the person."""
    proposal, look = proposed.proposal, look_of(sys.stdout)
    yield clean(f"{proposed.repository.top}, as it is at HEAD")
    for part in proposal.parts:
        files = ", ".join(part.files[:_SHOWN_FILES])
        more = f" and {len(part.files) - _SHOWN_FILES} more" if len(part.files) > _SHOWN_FILES else ""
        where = f" in {part.folder}" if part.folder else ""
        yield from look.lines(clean(f"{part.kind}{where}: {files}{more}"), "  ")
    if not proposal.parts:
        nothing = "nothing here says how it is built or tested: write your own commands under [setup] and [verify]"
        yield from look.lines(nothing, "  ")
    yield from _section("setup, once in each fresh checkout, with network", proposal.setup())
    yield from _section("checks, before each commit, without network", proposal.checks())
    if proposal.parts and not proposal.checks():
        yield ""
        yield from look.lines("no check was found: until you write some, only each task's own checks prove work")
    if proposal.undecided:
        yield ""
        yield "left to you"
        yield from (line for one in proposal.undecided for line in look.lines(clean(one), "  - "))
    yield ""


def _section(title: str, lines: list[Line]) -> Iterator[str]:
    if not lines:
        return
    yield ""
    yield title
    for line in lines:
        yield clean(f"  {line.command}")
        yield from look_of(sys.stdout).lines(clean(line.why), "      ")


def difference(proposed: Proposed, *, stays: bool) -> Iterator[str]:
    """Yield how the file that is there differs from the proposal, nothing where there is none."""
    if proposed.present is None:
        return
    # Late: only an existing configuration is compared.
    from difflib import unified_diff

    if proposed.fault:
        yield clean(f"the configuration that is there is broken: {proposed.fault}")
    elif proposed.says_the_same:
        same = f"{proposed.path} says the same already{'; it stays as it is' if stays else ''}"
        yield from look_of(sys.stdout).lines(clean(same))
        return
    present = proposed.present.splitlines()
    what = "stays as it is; --force takes the proposal instead" if stays else "is to be replaced, and a copy kept"
    yield clean(f"{proposed.path} {what}. The difference:")
    for line in unified_diff(present, proposed.text.splitlines(), "present", "proposed", lineterm=""):
        yield clean(f"  {line}")


def check_lines(trial: Trial) -> Iterator[str]:
    """Yield how setup and each check ended."""
    look = look_of(sys.stdout)
    if trial.problem:
        yield from look.lines(clean(trial.problem), f"cannot run  {trial.setup_seconds:6.1f} s  ")
        return
    yield f"set up      {trial.setup_seconds:6.1f} s"
    for run in trial.runs:
        yield from look.lines(clean(run.command), f"{_word(run):<11} {run.seconds:6.1f} s  ")
        if run.exit_code != 0:
            said = [line for line in run.output.splitlines() if line.strip()]
            yield from (clean(f"      {line}") for line in said[-_OUTPUT_SHOWN:])
    if any(_word(run) == "red" for run in trial.runs):
        yield from look.lines(
            "what is red now is known as red: it stops no task, and a task that breaks more is found out"
        )


def _word(run: CheckRun) -> str:
    return {"passed": "green", "failed": "red"}.get(run.status.value, "cannot run")


def document(proposed: Proposed, written: bool, backup: Path | None, trial: Trial | None) -> dict[str, Any]:
    """Return the JSON document."""
    proposal = proposed.proposal
    return {
        "path": str(proposed.path),
        "written": written,
        "found": [
            {
                "kind": part.kind,
                "folder": part.folder,
                "files": list(part.files),
                "setup": [_line(line) for line in part.setup],
                "checks": [_line(line) for line in part.checks],
            }
            for part in proposal.parts
        ],
        "settings": {
            "setup": {"commands": [line.command for line in proposal.setup()], "inputs": proposal.inputs()},
            "verify": {"commands": [line.command for line in proposal.checks()]},
        },
        "undecided": list(proposal.undecided),
        "toml": proposed.text,
        "present": proposed.present is not None,
        "fault": proposed.fault,
        "differs": proposed.present is not None and not proposed.says_the_same,
        "backup": None if backup is None else str(backup),
        "check": None if trial is None else _trial(trial),
    }


def _line(line: Line) -> dict[str, str]:
    return {"command": line.command, "why": line.why}


def _trial(trial: Trial) -> dict[str, Any]:
    return {
        "setup": {"seconds": round(trial.setup_seconds, 3), "problem": trial.problem},
        "checks": [
            {
                "command": run.command,
                "result": _word(run).replace(" ", "_"),
                "exit_code": run.exit_code,
                "seconds": round(run.seconds, 3),
                "output": run.output,
            }
            for run in trial.runs
        ],
    }
