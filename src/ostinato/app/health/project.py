"""Looks at the project's settings: can they be read, would setup and checks start. It runs none of them."""

from __future__ import annotations

import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ostinato.app import open_store_for
from ostinato.app.health.finding import Finding, Situation, State
from ostinato.base.errors import OstinatoError
from ostinato.base.globs import matches
from ostinato.base.text import many
from ostinato.config.paths import project_config_file, state_directory

_BUILTIN = {
    ".", ":", "[", "alias", "break", "case", "cd", "command", "continue", "do", "done", "echo", "elif", "else", "eval",
    "exec", "exit", "export", "false", "fi", "for", "if", "printf", "pwd", "read", "return", "set", "shift", "source",
    "test", "then", "time", "times", "trap", "true", "type", "ulimit", "umask", "unset", "until", "wait", "while",
}  # fmt: skip
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*=")
_THEN = re.compile(r"&&|\|\||[;|&\n]")


def configuration(situation: Situation) -> Iterator[Finding]:
    """Return what is wrong with the settings, or which of them are not defaults."""
    if situation.loaded is None:
        yield Finding("configuration", State.FAIL, situation.fault, "correct that setting")
        return
    places = Counter(situation.loaded.sources.values())
    said = ", ".join(f"{many(count, 'setting')} from {place}" for place, count in places.items())
    yield Finding(
        "configuration", State.OK, f"{said}: `ostinato config explain` lists them" if said else "all defaults"
    )


def setup_and_checks(situation: Situation) -> Iterator[Finding]:
    """Return whether setup and checks are there and name programs that are."""
    if situation.loaded is None or situation.top is None:
        return
    settings = situation.loaded.settings
    setup, checks = settings.setup.commands, settings.verify.commands
    missing = [(where, *one) for where, listed in (("setup", setup), ("verify", checks)) for one in _missing(listed)]
    for where, command, program in missing:
        said = f"[{where}] `{command}` cannot run: {program} is not on PATH"
        yield Finding(where, State.FAIL, said, f"install {program}, or mend that command")
    if not any(where == "setup" for where, _, _ in missing):
        yield from _setup(situation, setup)
    if checks and not any(where == "verify" for where, _, _ in missing):
        fix = "" if setup else "`ostinato init --check` tries them out"
        yield Finding("verify", State.OK, f"{many(len(checks), 'check')} of the project", fix)
    if not checks:
        said = "no checks of the project: only each task's own checks prove work"
        yield Finding("verify", State.WARN, said, "`ostinato init` proposes some from what the repository says")


def _setup(situation: Situation, commands: tuple[str, ...]) -> Iterator[Finding]:
    assert situation.loaded is not None
    assert situation.top is not None
    if not commands:
        there = project_config_file(situation.top).exists()
        yield Finding("setup", State.OK, "none" if there else "none; `ostinato init` proposes what is needed")
        return
    idle = _idle_inputs(situation.top, situation.loaded.settings.setup.inputs)
    for pattern in idle:
        said = f"setup.inputs names {pattern}, and no file at HEAD is called so"
        yield Finding("setup", State.WARN, said, "correct it: setup would not run again when it must")
    if not idle:
        yield Finding("setup", State.OK, f"{many(len(commands), 'command')}{_ran(situation)}")


def _ran(situation: Situation) -> str:
    """Say in how many checkouts setup ran, and in how many it will run again because something changed."""
    from ostinato.git.checkouts import SetupPlan, setup_states

    assert situation.loaded is not None
    known = _project_id(situation)
    if known is None:
        return ", not run yet"
    setup = situation.loaded.settings.setup
    plan = SetupPlan(setup.commands, setup.inputs, setup.timeout)
    states = setup_states(state_directory(situation.environ) / "checkouts" / known, plan)
    if not states:
        return ", not run yet"
    old = states.count(False)
    return f", ran in {many(len(states), 'checkout')}{f'; due again in {old}, something has changed' if old else ''}"


def _project_id(situation: Situation) -> str | None:
    if not situation.database.exists():
        return None
    try:
        store = open_store_for(situation.database, create=False)
        try:
            found = store.projects.find_by_path(str(situation.top))
        finally:
            store.close()
    except OstinatoError:
        return None  # the database has its own finding
    return found.id if found else None


def _idle_inputs(top: Path, patterns: tuple[str, ...]) -> list[str]:
    from ostinato.git.repository import Objects
    from ostinato.git.run import Git

    try:
        files = Objects(Git(top)).files("HEAD")
    except OstinatoError:
        return []
    return [one for one in patterns if not any(matches(name, (one,)) for name in files)]


def _missing(commands: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return (command, program) for programs that are looked for on PATH and are not there."""
    found = []
    for command in commands:
        program = next((one for one in _programs(command) if shutil.which(one) is None), None)
        if program is not None:
            found.append((command, program))
    return found


def _programs(command: str) -> Iterator[str]:
    """Yield the programs that a simple command line starts; what a shell does more cleverly is not followed."""
    try:
        shlex.split(command)
    except ValueError:
        return
    for part in _THEN.split(command):
        words = [word for word in part.split() if not _ASSIGNMENT.match(word)]
        first = words[0] if words else ""
        if first in _BUILTIN:
            # After these anything may follow: a function's name, a word of a loop.
            if first not in {"cd", "echo", "export", "set", "test", "true"}:
                return
        elif re.fullmatch(r"[A-Za-z0-9._+-]+", first):
            yield first
