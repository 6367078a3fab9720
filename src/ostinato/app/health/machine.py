"""Looks at the machine: git and who commits, the sandbox, the disk, the terminal, proxies."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ostinato.app.health.finding import Finding, Situation, State, size_text
from ostinato.base.errors import OstinatoError
from ostinato.config.paths import state_directory

_OLDEST_GIT = (2, 38)
"""`merge-tree --write-tree`, with which a verified attempt is brought onto a branch that moved."""
_LITTLE_ROOM, _NO_ROOM = 1_000_000_000, 100_000_000
_PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy")


def git(situation: Situation) -> Iterator[Finding]:
    """Git's version, and whose name commits carry."""
    from ostinato.git.run import Git

    try:
        said = Git(Path("/")).run("--version")
    except OstinatoError as error:
        from ostinato.sandbox.probe import install_command

        yield Finding("git", State.FAIL, error.message.partition(":")[0], f"install it: {install_command('git')}")
        return
    found = re.search(r"(\d+)\.(\d+)", said)
    if found and (int(found[1]), int(found[2])) < _OLDEST_GIT:
        oldest = ".".join(map(str, _OLDEST_GIT))
        yield Finding("git", State.FAIL, f"{said} is too old", f"install git {oldest} or later")
        return
    yield Finding("git", State.OK, said)
    git = Git(situation.top or Path("/"), own_config=True)
    name, mail = (git.code("config", key)[1] for key in ("user.name", "user.email"))
    if name and mail:
        yield Finding("identity", State.OK, f"commits carry the name {name} <{mail}>")
    else:
        fix = 'git config --global user.name "NAME" and git config --global user.email ADDRESS'
        yield Finding("identity", State.FAIL, "git does not know who you are, and commits carry your name", fix)


def sandbox(situation: Situation) -> Iterator[Finding]:
    """Whether commands can be walled in here, and whether they shall be."""
    from ostinato.sandbox.probe import probe

    # A configuration that cannot be read has its own finding.
    mode = situation.loaded.settings.sandbox.mode if situation.loaded else "bubblewrap"
    report = probe()
    if report.works:
        yield Finding("sandbox", State.OK, f"bubblewrap: {', '.join(report.layers)}")
    elif mode != "none":
        yield Finding("sandbox", State.FAIL, report.problem, report.fix)
    if mode == "none":
        place = situation.loaded.sources.get("sandbox.mode", "") if situation.loaded else ""
        off = f"commands run without a sandbox, with all your rights, because sandbox.mode is none ({place})"
        yield Finding("sandbox", State.WARN, off, "remove that setting to have the sandbox back")


def disk(situation: Situation) -> Iterator[Finding]:
    """Room for the database and for checkouts."""
    for name, path in {"database": situation.database, "checkouts": state_directory(situation.environ)}.items():
        room = os.statvfs(existing(path))
        free = room.f_bavail * room.f_frsize
        said = f"{size_text(free)} free for the {name} ({path})"
        fix = "free some space, or move it: XDG_STATE_HOME is for checkouts, --db for the database"
        if not os.access(existing(path), os.W_OK):
            yield Finding("disk", State.FAIL, f"{existing(path)} cannot be written, and {name} go there", fix)
        elif free < _NO_ROOM:
            yield Finding("disk", State.FAIL, said, fix)
        elif free < _LITTLE_ROOM:
            yield Finding("disk", State.WARN, said, fix)
        else:
            yield Finding("disk", State.OK, said)


def terminal(_situation: Situation) -> Iterator[Finding]:
    """Whether the terminal shows every character."""
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    if encoding.replace("-", "").replace("_", "") == "utf8":
        yield Finding("terminal", State.OK, "shows UTF-8")
    else:
        fix = "set LANG to a UTF-8 locale (C.UTF-8 is everywhere), or PYTHONUTF8=1"
        yield Finding("terminal", State.WARN, f"shows {encoding} only: other characters come as numbers", fix)


def network(situation: Situation) -> Iterator[Finding]:
    """Which proxy variables are set: their names only, the values may hold a password."""
    found = [name for name in _PROXIES if situation.environ.get(name)]
    if not found:
        yield Finding("network", State.OK, "no proxy is set")
        return
    yield Finding("network", State.OK, f"through a proxy, for models and setup: {', '.join(found)} set")


def existing(path: Path) -> Path:
    """Return `path` or the nearest directory above it that exists."""
    return next(place for place in (path.absolute(), *path.absolute().parents) if os.path.lexists(place))
