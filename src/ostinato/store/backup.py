"""Copies a database into one file while others write: the state of one moment, verified, never half a file.

The copy is written under another name beside its place, checked, and only then given its name. It is a database like
any other: opening it (`--db`) is all that restoring takes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from ostinato.base.errors import DatabaseError, UsageError
from ostinato.base.ids import random_hex
from ostinato.store.database import Database
from ostinato.store.soundness import counts, faults

Told = Callable[[str, int, int], None]
"""Gets what is done now (`copying`, `checking`), how much of it is done, and how much it is in all."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy that was made and checked: where, its bytes, its schema, and the rows of each table."""

    path: Path
    bytes: int
    schema: int
    rows: dict[str, int]


def back_up(db: Database, target: Path, *, replace: bool, told: Told) -> Backup:
    """Copy `db` to the file `target`, readable by its owner only, and return what was copied.

    Nobody waits: others read and write meanwhile, and the copy holds what was committed when it began. With `replace`
    a file of that name gives way when the copy is complete and sound. Raises UsageError, before anything is written,
    for a place that cannot take it, DatabaseError when the copy is not sound; the place is then as it was.
    """
    _refuse_place(Path(db.path), target, replace=replace)
    with _part_of(target) as part:
        with db.reading():
            rows = counts(db)
            _copy(db, part, target, told)
        told("checking", 0, 1)
        schema = _checked(db, part, rows)
        told("checking", 1, 1)
        size = part.stat().st_size
        _synced(part)
        _give_name(part, target, replace=replace)
    return Backup(target, size, schema, rows)


def _refuse_place(source: Path, target: Path, *, replace: bool) -> None:
    if not target.parent.is_dir():
        raise UsageError(f"{target.parent} is no directory: name a file in one that is there")
    if target.is_dir():
        raise UsageError(f"{target} is a directory: name a file")
    if not source.exists():
        raise UsageError(f"{source} is not there yet: there is nothing to back up")
    if target.exists() and any(target.samefile(own) for own in files_of(source) if own.exists()):
        raise UsageError(f"{target} is the database itself: name another file")
    if os.path.lexists(target) and not replace:
        raise _taken(target)
    if target.exists() and not target.is_file():
        raise UsageError(f"{target} is no file, and is not replaced: name another")
    # What a copy that is named so would be read with: SQLite takes the files beside a database for its own.
    for beside in files_of(target)[1:]:
        if os.path.lexists(beside):
            raise UsageError(f"{beside} is there, so {target} is a database in use: name another file")


def _taken(target: Path) -> UsageError:
    return UsageError(f"{target} is there already: name another file, or give --replace")


def files_of(path: Path) -> tuple[Path, ...]:
    """Return where a database at `path` keeps what it has, itself first: SQLite's files beside it are part of it."""
    return path, *(path.with_name(f"{path.name}{end}") for end in ("-wal", "-shm", "-journal"))


@contextmanager
def _part_of(target: Path) -> Iterator[Path]:
    """Yield the name of a new, empty file beside `target`; it is gone afterwards, unless it was given another name."""
    part = target.with_name(f"{target.name}.part-{random_hex(8)}")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise UsageError(f"cannot write {target} ({error.strerror}): name another file") from error
    try:
        yield part
    finally:
        for left in files_of(part):
            left.unlink(missing_ok=True)


def _copy(db: Database, part: Path, target: Path, told: Told) -> None:
    copy = apsw.Connection(str(part))
    try:
        # Nothing reads the copy before it is complete and synced: no journal, no waiting for the disk at each part.
        copy.pragma("journal_mode", "off")
        copy.pragma("synchronous", "off")
        db.copy_pages(copy, lambda done, whole: told("copying", done, whole))
        copy.pragma("journal_mode", "delete")
    except apsw.Error as error:
        raise DatabaseError(f"cannot copy to {target} ({error}): free some space, or name another file") from error
    finally:
        copy.close()


def _checked(db: Database, part: Path, rows: dict[str, int]) -> int:
    """Return the copy's schema. Raises DatabaseError unless it is sound and holds what was counted."""
    copy = Database(part, db.clock, create=False, any_schema=True)
    try:
        found = faults(copy, deep=True)
        if not found and counts(copy) != rows:
            found = ["it does not hold all rows"]
        if found:
            raise DatabaseError(
                f"no backup was made, since the copy would not be sound ({'; '.join(found)}): "
                "`ostinato doctor` looks at the database itself"
            )
        return copy.schema_version()
    finally:
        copy.close()


def _give_name(part: Path, target: Path, *, replace: bool) -> None:
    if replace:
        part.replace(target)
    else:
        try:
            target.hardlink_to(part)  # refuses a file that came meanwhile, which a rename would not
        except FileExistsError:
            raise _taken(target) from None
        except OSError:  # a file system without links
            part.rename(target)
    _synced(target.parent)


def _synced(path: Path) -> None:
    """Have a file or directory on the disk before going on. No connection has it open."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
