"""The files of the work graph in a checkout: reading them, writing those that changed, removing our own stale ones.

What a file says and what replaces what is decided by `graph` and `store.interchange`. A file is replaced only when the
database knows all that it says: its content was written or read before, or holds nothing that differs.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ostinato.app.plain_files import read_plain, replace_file
from ostinato.base.errors import OstinatoError, RuleError, UsageError, machine_error
from ostinato.base.ids import NodeId, natural_key
from ostinato.base.text import many
from ostinato.graph.joining import NamedFile
from ostinato.graph.projects import Project
from ostinato.graph.toml_format import GraphFile, to_toml
from ostinato.graph.toml_reader import from_toml
from ostinato.store.backup import files_of

if TYPE_CHECKING:
    from ostinato.store.store import Store

OUTSIDE = "outside.toml"
"""The file of what lies in no goal."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export did, by file: written anew, as they were, removed; `refused` says why a file was left alone."""

    written: tuple[Path, ...] = ()
    unchanged: tuple[Path, ...] = ()
    removed: tuple[Path, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A file as it is to be; `old` are the bytes that are there, None where there is no file. `odd` says why what is
    there cannot be replaced: it is no file."""

    path: Path
    goal_id: NodeId | None
    data: bytes
    old: bytes | None
    odd: str = ""


def graph_folder(project: Project) -> Path:
    """Return where a project's files are. Raises UsageError for a link that leads elsewhere."""
    folder = Path(project.path) / ".ostinato" / "graph"
    for place in (folder, folder.parent):
        if place.is_symlink():
            raise UsageError(f"{place} is a link: replace it by a directory first, or name another by --output")
    return folder


def read_files(path: Path) -> list[NamedFile]:
    """Return the file at `path`, or the `.toml` files of the directory there. Raises UsageError and GraphFileError.

    A link that is named is followed, one in a directory is refused: who filled that must not choose what is read.
    """
    try:
        named = not path.is_dir()
        found = [_named(one, read_plain(one, follow=named)) for one in ([path] if named else _files_in(path))]
    except OSError as error:
        raise UsageError(f"cannot read {error.filename or path}: {error.strerror}") from error
    if not found:
        raise UsageError(f"{path} holds no .toml file: `ostinato graph export` writes them")
    return found


def export_goal(store: Store, project: Project, goal_id: NodeId, target: Path) -> Exported:
    """Write one file that holds a goal with all that lies in it, the goals inside it included.

    Raises NotFoundError, UsageError, RuleError for a file that says what the database does not know.
    """
    # Not even looked into: who closes a file of the database gives up all its locks in this process.
    if target.exists() and any(target.samefile(own) for own in files_of(Path(store.db.path)) if own.exists()):
        raise UsageError(f"{target} is the database itself: name another file")
    with _alone(target.parent):
        with store.db.transaction():
            file = store.interchange.read(project.id, goal_id, whole=True)
            drafts = [_draft(target, file)]
            refused = _refusals(store, project, drafts)
            if refused:
                raise RuleError(refused[0])
            _remember(store, project, drafts)
        return _write(drafts, [])


def export_all(store: Store, project: Project, folder: Path, goals: Sequence[NodeId] | None = None) -> Exported:
    """Write the files of all goals (or of `goals` and those inside them), and remove our own that are stale.

    Raises RuleError, before anything is written, when a file says what the database does not know.
    """
    with _alone(folder):
        with store.db.transaction():
            chosen: list[NodeId | None] = [*store.interchange.goals(project.id), None]
            if goals is not None:
                chosen = [goal for one in goals for goal in store.interchange.inside(project.id, one)]
            drafts = _drafts(store, project, folder, chosen)
            refused = _refusals(store, project, drafts)
            if refused:
                raise RuleError(refused[0] + (f" (and {len(refused) - 1} more files)" if refused[1:] else ""))
            stale = _stale(store, project, folder) if goals is None else []
            _remember(store, project, drafts)
            seq = store.events.last_seq()
        done = _write(drafts, stale)
        if goals is None and folder == graph_folder(project):
            store.file_marks.caught_up(project.id, seq)
        return done


def export_behind(store: Store, project: Project) -> Exported:
    """Write the files of the goals that changed since the last time; a file that may not be replaced is left and
    named, and tried again next time."""
    if not store.file_marks.behind(project.id) or not Path(project.path).is_dir():
        return Exported()
    folder = graph_folder(project)
    with _alone(folder):
        with store.db.transaction():
            drafts = _drafts(store, project, folder, store.file_marks.behind(project.id))
            refused = {draft.path: said for draft in drafts for said in _refusals(store, project, [draft])}
            drafts = [draft for draft in drafts if draft.path not in refused]
            stale = [] if refused else _stale(store, project, folder)
            _remember(store, project, drafts)
            seq = store.events.last_seq()
        done = _write(drafts, stale)
        if not refused:
            store.file_marks.caught_up(project.id, seq)
        return Exported(done.written, done.unchanged, done.removed, tuple(refused.values()))


def _named(path: Path, data: bytes) -> NamedFile:
    return NamedFile(str(path), digest_of(data), from_toml(data, str(path)))


def digest_of(data: bytes) -> str:
    """Return how the database knows the content of a file."""
    return hashlib.sha256(data).hexdigest()[:32]


def _files_in(folder: Path) -> list[Path]:
    """Return the files of the graph in a directory, hidden ones left out: those are other programs' for a moment."""
    paths = (path for path in folder.glob("*.toml") if not path.name.startswith("."))
    return sorted(paths, key=lambda path: natural_key(path.stem))


def _draft(path: Path, file: GraphFile) -> _Draft:
    data = to_toml(file).encode()
    try:
        return _Draft(path, file.goal_id, data, read_plain(path))
    except FileNotFoundError:
        return _Draft(path, file.goal_id, data, None)
    except UsageError as error:
        return _Draft(path, file.goal_id, data, None, error.message)
    except OSError as error:
        raise machine_error(error) from error


def _drafts(store: Store, project: Project, folder: Path, goals: Sequence[NodeId | None]) -> list[_Draft]:
    found = []
    for goal_id in goals:
        file = store.interchange.read(project.id, goal_id)
        if file.nodes:
            found.append(_draft(folder / _name(file.goal_id), file))
    return found


def _name(goal_id: NodeId | None) -> str:
    return OUTSIDE if goal_id is None else f"{goal_id}.toml"


def _refusals(store: Store, project: Project, drafts: Sequence[_Draft]) -> list[str]:
    """Say for each draft whose file may not be replaced why not."""
    found = []
    for draft in drafts:
        if draft.odd:
            found.append(draft.odd)
        if draft.old is None or draft.old == draft.data:
            continue
        if store.file_marks.seen(project.id, draft.goal_id, digest_of(draft.old)):
            continue
        try:
            unknown = _unknown(store, project, _named(draft.path, draft.old))
        except OstinatoError as error:
            found.append(f"{error.message} (so it was not replaced)")
            continue
        if unknown:
            said = f"{draft.path} says what the database does not know ({unknown})"
            found.append(f"{said}: bring it in by `ostinato graph import` first")
    return found


def _unknown(store: Store, project: Project, file: NamedFile) -> str:
    """Return in words what a file says that the database does not, "" for nothing."""
    met = store.interchange.meet(project.id, [file])
    compared = met.comparison
    counts = (
        (len(compared.new_nodes), "node"),
        (len(compared.new_edges) + len(met.skipped), "edge"),
        (len(compared.differences), "field"),
    )
    return ", ".join(many(count, noun) for count, noun in counts if count)


def _stale(store: Store, project: Project, folder: Path) -> list[Path]:
    """Return our own files whose goal, or whose nodes outside every goal, are no more there.

    Ours are those that bear the name of what they hold and whose content the database has seen.
    """
    expected = {_name(goal) for goal in store.interchange.shared_goals(project.id)}
    if store.interchange.read(project.id, None).nodes:
        expected.add(OUTSIDE)
    found = []
    for path in _files_in(folder):
        if path.name in expected:
            continue
        goal_id = None if path.name == OUTSIDE else NodeId(path.stem)
        with suppress(UsageError, OSError):
            if store.file_marks.seen(project.id, goal_id, digest_of(read_plain(path))):
                found.append(path)
    return found


def _remember(store: Store, project: Project, drafts: Sequence[_Draft]) -> None:
    """Note the contents before they are written: a file that was written is never unknown, whenever a crash comes."""
    for draft in drafts:
        store.file_marks.remember(project.id, draft.goal_id, digest_of(draft.data))


def _write(drafts: Sequence[_Draft], stale: Sequence[Path]) -> Exported:
    changed = [draft for draft in drafts if draft.old != draft.data]
    try:
        for draft in changed:
            replace_file(draft.path, draft.data)
        for path in stale:
            path.unlink()
    except OSError as error:
        raise machine_error(error) from error
    same = tuple(draft.path for draft in drafts if draft.old == draft.data)
    return Exported(tuple(draft.path for draft in changed), same, tuple(stale))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder, made where it is missing: of two processes the one with the newer state writes last.

    Taken before any transaction, so that nobody who holds the database waits for it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise machine_error(error) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
