"""Moves the person's branch and checkout to a commit, so that a death at any moment leaves nothing half-done.

A note beside the person's index says what is under way, and a lock on it is held by us and by every git of ours. The
branch moves first, by compare-and-swap, then the checkout. Where a move was cut off after the branch had moved, the
next start finishes the checkout; what the person has changed there meanwhile is left as it is.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ostinato.base.errors import MachineError, UsageError
from ostinato.git.commits import DURABLE
from ostinato.git.locks import removed_when_old
from ostinato.git.repository import Repository, readable
from ostinato.git.run import Git, GitError, Setting, neutral_drivers

_NOTE = "ostinato-landing"
_LINK = "120000"
_SUBMODULE = "160000"
_NONE = "000000"


@dataclass(frozen=True, slots=True)
class Move:
    """A branch (its full name), where it stands and where it shall stand."""

    ref: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class _Entry:
    """One path that differs: modes and objects before and after."""

    path: str
    modes: tuple[str, str]
    objects: tuple[str, str]


def move_person(repository: Repository, move: Move, reason: str) -> None:
    """Move the branch that is checked out, and the checkout with it; no hook and no driver of the repository runs.

    The checkout must be clean. Raises UsageError, with nothing changed, when something that git ignores would be
    overwritten, the branch stands elsewhere by now, or another landing is under way.
    """
    note = _note_of(repository)
    with _held(note, create=True) as held:
        if held is None:
            raise UsageError("another landing is under way in this checkout: wait until it has ended")
        try:
            git = Git(repository.top, own_config=True, inherits=(held,))
            drivers = neutral_drivers(git)
            _refuse_overwriting(repository, _entries(git, move))
            _try_checkout(git, move, drivers)
            _write(held, move)
            _move_branch(Git(repository.top, inherits=(held,)), move, reason)
        except BaseException:
            note.unlink(missing_ok=True)
            raise
        try:
            git.run("read-tree", "-m", "-u", move.before, move.after, config=drivers)
        except GitError as error:
            raise MachineError(
                f"the branch is at {move.after[:10]}, but the checkout could not follow ({error.message}): "
                "mend that, then `ostinato land` finishes it"
            ) from error
        note.unlink()


def finish_cut_move(repository: Repository) -> bool:
    """Finish what a dead process began, if anything; tell whether it did. A landing that still runs is left alone."""
    note = _note_of(repository)
    with _held(note, create=False) as held:
        if held is None:
            return False
        move = _read(held)
        git = Git(repository.top, own_config=True, inherits=(held,))
        stands = repository.git.code("rev-parse", "--verify", "--quiet", move.ref)[1] if move else ""
        head = repository.git.code("symbolic-ref", "--quiet", "HEAD")[1]
        # Before the branch moved nothing was touched; and when it moved on since, the person has taken over.
        cut = move is not None and stands == move.after and head == move.ref
        if move is not None and cut:
            _wait_for_dead_lock(note.with_name("index.lock"))
            _bring_checkout(repository, git, _entries(git, move))
        note.unlink(missing_ok=True)
        return cut


def was_cut(repository: Repository) -> bool:
    """Tell whether a move is under way or was cut off; it looks and changes nothing."""
    return _note_of(repository).exists()


def _note_of(repository: Repository) -> Path:
    return Path(repository.git.run("rev-parse", "--absolute-git-dir")) / _NOTE


@contextmanager
def _held(note: Path, *, create: bool) -> Iterator[int | None]:
    """Open the note and lock it; None when there is none, or when a process that lives holds it."""
    file = _locked(note, os.O_CREAT if create else 0)
    try:
        yield file
    finally:
        if file is not None:
            os.close(file)


def _locked(note: Path, create: int) -> int | None:
    while True:
        try:
            file = os.open(note, os.O_RDWR | os.O_CLOEXEC | create, 0o600)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Its holder may have removed it between our opening and locking: then it is another one's past.
            if note.exists() and os.fstat(file).st_ino == note.stat().st_ino:
                return file
        except BlockingIOError:
            os.close(file)
            return None
        os.close(file)


def _write(file: int, move: Move) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, json.dumps([move.ref, move.before, move.after]).encode(), 0)
    os.fsync(file)


def _read(file: int) -> Move | None:
    """Return what the note says; None when its writer died over it, which was before anything moved."""
    try:
        ref, before, after = json.loads(os.pread(file, 65536, 0))
    except ValueError:
        return None
    return Move(str(ref), str(before), str(after))


def _move_branch(git: Git, move: Move, reason: str) -> None:
    try:
        git.run("update-ref", "-m", reason, move.ref, move.after, move.before, config=DURABLE)
    except GitError as error:
        stands = git.run("rev-parse", "--verify", move.ref)
        if stands == move.after:
            return
        if stands == move.before:
            raise
        name = move.ref.removeprefix("refs/heads/")
        raise UsageError(f"{name} moved on meanwhile, nothing was changed: land again") from error


def _try_checkout(git: Git, move: Move, drivers: tuple[Setting, ...]) -> None:
    # Files whose times changed, but not their content, would count as changed.
    with suppress(GitError):
        git.run("update-index", "-q", "--refresh", config=drivers)
    try:
        git.run("read-tree", "-n", "-m", "-u", move.before, move.after, config=drivers)
    except GitError as error:
        raise UsageError(f"the checkout cannot follow, nothing was changed: {error.message}") from error


def _entries(git: Git, move: Move) -> list[_Entry]:
    parts = os.fsdecode(git.raw("diff-tree", "-r", "-z", "--no-renames", move.before, move.after)).split("\0")
    found = []
    for meta, path in zip(parts[::2], parts[1::2], strict=False):
        before, after, old, new, _ = meta.removeprefix(":").split()
        found.append(_Entry(path, (before, after), (old, new)))
    return found


def _refuse_overwriting(repository: Repository, entries: list[_Entry]) -> None:
    """Raise UsageError when a new path is taken: the checkout is clean, so what stands there is ignored by git."""
    going = {entry.path for entry in entries if entry.modes[1] == _NONE}
    for entry in entries:
        if entry.modes[0] != _NONE:
            continue
        parts = entry.path.split("/")
        for place in ("/".join(parts[: n + 1]) for n in range(len(parts))):
            path = repository.top / place
            whole = place == entry.path
            in_the_way = os.path.lexists(path) and (whole or path.is_symlink() or not path.is_dir())
            if in_the_way and place not in going and not (whole and _holds_only(path, repository.top, going)):
                raise UsageError(
                    f"{readable(place)} would be overwritten, and git ignores it here: "
                    "move it away, then land again; nothing was changed"
                )


def _holds_only(folder: Path, top: Path, going: set[str]) -> bool:
    """Tell whether a directory holds nothing but files that go."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    files = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return all(str(file.relative_to(top)) in going for file in files)


def _wait_for_dead_lock(lock: Path) -> None:
    """Wait for a lock of the index to go; one that grows old is our own dead git's, since none of ours lives."""
    while not removed_when_old(lock):
        time.sleep(0.05)


def _bring_checkout(repository: Repository, git: Git, entries: list[_Entry]) -> None:
    """Bring index and files to what is after, whatever of it is done; files that are the person's now stay."""
    drivers = neutral_drivers(git)
    lines = [f"{_mode_and_object(entry)}\t{entry.path}" for entry in entries]
    stdin = b"".join(os.fsencode(line) + b"\0" for line in lines)
    git.run("update-index", "-z", "--index-info", stdin=stdin)
    ours = [entry for entry in entries if _is_ours(repository.top / entry.path, entry, git, drivers)]
    for entry in ours:
        if entry.modes[1] == _NONE:
            _remove(repository.top / entry.path, repository.top)
        elif entry.modes[1] == _SUBMODULE:
            (repository.top / entry.path).mkdir(parents=True, exist_ok=True)
    wanted = [entry.path for entry in ours if entry.modes[1] not in {_NONE, _SUBMODULE}]
    stdin = b"".join(os.fsencode(path) + b"\0" for path in wanted)
    git.run("checkout-index", "-f", "-u", "-z", "--stdin", stdin=stdin, config=drivers)


def _mode_and_object(entry: _Entry) -> str:
    gone = entry.modes[1] == _NONE
    return f"0 {'0' * len(entry.objects[1])}" if gone else f"{entry.modes[1]} {entry.objects[1]}"


def _is_ours(path: Path, entry: _Entry, git: Git, drivers: tuple[Setting, ...]) -> bool:
    """Tell whether a file is as it was before, as it shall be, or a beginning of that: then nobody else wrote it."""
    if not os.path.lexists(path):
        return True
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        found = git.run("hash-object", "--stdin", "--no-filters", stdin=os.fsencode(path.readlink()))
    elif stat.S_ISREG(mode):
        found = git.run("hash-object", "--", entry.path, config=drivers)
    else:
        return _SUBMODULE in entry.modes
    if found in entry.objects:
        return True
    if not stat.S_ISREG(mode) or entry.modes[1] in {_NONE, _LINK, _SUBMODULE}:
        return False
    whole = git.raw("cat-file", "--filters", f"--path={entry.path}", entry.objects[1], config=drivers)
    return whole.startswith(path.read_bytes())


def _remove(path: Path, top: Path) -> None:
    path.unlink(missing_ok=True)
    for folder in path.parents:
        if folder == top:
            return
        try:
            folder.rmdir()
        except OSError:
            return
