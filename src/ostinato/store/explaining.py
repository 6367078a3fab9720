"""SQLite's errors in words: one line that says what a person can do. It opens and mends nothing."""

from __future__ import annotations

import apsw

from ostinato.base.errors import DatabaseError


class Explained:
    """Turns SQLite's errors that a person can mend into one line that says how: around a block, or for one error.

    Each statement passes here: a generator would cost as much as a small statement, and even entering and leaving a
    block costs a tenth of one.
    """

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is not None:
            self.explain(error)

    def explain(self, error: BaseException) -> None:
        """Raise DatabaseError with what can be said of the error; return where nothing can."""
        if said := _in_words(self._path, error):
            raise DatabaseError(said) from error


def _in_words(path: str, error: BaseException) -> str | None:
    match error:
        case apsw.BusyError() | apsw.LockedError():
            return f"{path} is locked by another process; nothing was written: try again when it is done"
        case apsw.FullError():
            return f"the disk of {path} is full; nothing was written: free some space"
        case apsw.NotADBError() | apsw.CorruptError() | UnicodeDecodeError():
            return f"{path} is not a sound SQLite database ({error}): restore a backup"
        case apsw.CantOpenError() | apsw.ReadOnlyError() | apsw.IOError() | apsw.PermissionsError():
            return f"cannot use {path} ({error}): check its permissions and the space on its disk"
        case OSError():
            return f"cannot use {path} ({error.strerror or error}): check the path"
    return None
