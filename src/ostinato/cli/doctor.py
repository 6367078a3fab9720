"""`ostinato doctor`: looks at what the machine must have and says how to mend what it lacks. It mends nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import click

from ostinato.base.errors import OstinatoError
from ostinato.cli.command import Command
from ostinato.cli.context import Invocation, pass_invocation, repository_top
from ostinato.cli.output import answer, clean
from ostinato.config.load import Loaded, load_settings
from ostinato.config.paths import database_path, state_directory, user_config_file

_OLDEST_GIT = (2, 38)
"""`merge-tree --write-tree`, with which a verified attempt is brought onto a branch that moved."""
_LITTLE_ROOM, _NO_ROOM = 1_000_000_000, 100_000_000
_LACKING = 8
_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL")


class State(StrEnum):
    """How a thing is: good, good enough, or lacking so that the main job cannot run."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at, what was found, and what to do where it is not `ok`."""

    name: str
    state: State
    message: str
    fix: str = ""


@click.command(cls=Command, examples=("ostinato doctor", "ostinato doctor --json"))
@pass_invocation
def doctor(invocation: Invocation) -> int:
    """Check git, sandbox, database, disk, configuration and keys. Exit code 8 when something needed is missing."""
    looks: tuple[Callable[[Invocation], Iterator[Finding]], ...] = (
        _git,
        _configuration,
        _sandbox,
        _database,
        _disk,
        _model,
    )
    findings = [finding for look in looks for finding in look(invocation)]
    answer(invocation, [asdict(finding) for finding in findings], _lines(findings))
    return _LACKING if any(finding.state is State.FAIL for finding in findings) else 0


def _lines(findings: list[Finding]) -> Iterator[str]:
    for finding in findings:
        yield clean(f"{finding.state:<5} {finding.name}: {finding.message}")
        if finding.fix:
            yield clean(f"      {finding.fix}")


def _git(_invocation: Invocation) -> Iterator[Finding]:
    from ostinato.git.run import Git

    try:
        said = Git(Path("/")).run("--version")
    except OstinatoError as error:
        yield Finding("git", State.FAIL, error.message, "install git with the system's package manager")
        return
    found = re.search(r"(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) < _OLDEST_GIT:
        oldest = ".".join(map(str, _OLDEST_GIT))
        yield Finding("git", State.FAIL, f"{said} is too old", f"install git {oldest} or later")
    else:
        yield Finding("git", State.OK, said)


def _configuration(_invocation: Invocation) -> Iterator[Finding]:
    try:
        loaded = _settings()
    except OstinatoError as error:
        yield Finding("configuration", State.FAIL, error.message, "correct that setting")
        return
    said = ", ".join(f"{key} from {place}" for key, place in sorted(loaded.sources.items()))
    yield Finding("configuration", State.OK, said or "all defaults")


def _sandbox(_invocation: Invocation) -> Iterator[Finding]:
    from ostinato.sandbox.probe import probe

    try:
        mode = _settings().settings.sandbox.mode
    except OstinatoError:
        mode = "bubblewrap"  # the configuration has its own finding
    report = probe()
    if report.works:
        yield Finding("sandbox", State.OK, f"bubblewrap: {', '.join(report.layers)}")
    elif mode != "none":
        yield Finding("sandbox", State.FAIL, report.problem, report.fix)
    if mode == "none":
        off = "commands run without a sandbox, with all your rights, because sandbox.mode is none"
        yield Finding("sandbox", State.WARN, off, "remove that setting to have the sandbox back")


def _database(invocation: Invocation) -> Iterator[Finding]:
    path = invocation.database or database_path(os.environ)
    if not path.exists():
        place = _existing(path)
        if os.access(place, os.W_OK):
            yield Finding("database", State.OK, f"{path} is not there yet; the first command that writes makes it")
        else:
            yield Finding("database", State.FAIL, f"{place} cannot be written", "name another file with --db")
        return
    try:
        db = invocation.reading().db
        faults = [str(row["quick_check"]) for row in db.execute("PRAGMA quick_check")]
        dangling = db.execute("PRAGMA foreign_key_check")
        version = db.schema_version()
    except OstinatoError as error:
        yield Finding("database", State.FAIL, error.message, "name another file with --db, or mend this one")
        return
    if faults != ["ok"] or dangling:
        said = "; ".join(faults[:3]) if faults != ["ok"] else f"{len(dangling)} rows refer to rows that are gone"
        yield Finding("database", State.FAIL, f"{path} is damaged: {said}", "restore a backup")
    elif not os.access(path, os.W_OK):
        yield Finding("database", State.FAIL, f"{path} cannot be written", "give yourself the right to write it")
    else:
        yield Finding("database", State.OK, f"{path}, schema {version}, sound")


def _disk(invocation: Invocation) -> Iterator[Finding]:
    places = {
        "database": invocation.database or database_path(os.environ),
        "checkouts": state_directory(os.environ),
    }
    for name, path in places.items():
        room = os.statvfs(_existing(path))
        free = room.f_bavail * room.f_frsize
        said = f"{free / 1e9:.1f} GB free for the {name} ({path})"
        fix = "free some space, or move it: XDG_STATE_HOME is for checkouts, --db for the database"
        if free < _NO_ROOM:
            yield Finding("disk", State.FAIL, said, fix)
        elif free < _LITTLE_ROOM:
            yield Finding("disk", State.WARN, said, fix)
        else:
            yield Finding("disk", State.OK, said)


def _model(_invocation: Invocation) -> Iterator[Finding]:
    try:
        models = _settings().settings.models
    except OstinatoError:
        return
    named = sorted({name for name in (models.default, models.planner, models.coder) if name})
    fix = "" if named else "name one with --model, OSTINATO_MODEL or [models] default in the configuration"
    yield Finding("model", State.OK if named else State.WARN, ", ".join(named) or "no model is set", fix)
    # Their names only: the values are secrets.
    keys = [name for name in _KEYS if os.environ.get(name)]
    yield Finding("keys", State.OK, f"set: {', '.join(keys)}" if keys else "none set (a local server needs none)")


def _settings() -> Loaded:
    top = repository_top(Path.cwd())
    return load_settings(Path(top) if top else None, user_config_file(os.environ), os.environ)


def _existing(path: Path) -> Path:
    """Return `path` or the nearest directory above it that exists."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if place.exists())
