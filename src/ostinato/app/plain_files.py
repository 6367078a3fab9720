"""Reads and replaces files in a directory that anybody may have filled, as a repository is: links are not followed,
pipes and devices not waited for, and nobody sees half a file. What the files say is no matter here.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from ostinato.base.errors import UsageError

MOST_BYTES = 512 * 1024 * 1024


def read_plain(path: Path, *, follow: bool = False) -> bytes:
    """Return the bytes of a regular file; a link is followed only with `follow`, for a path that a person named.

    Raises UsageError for whatever else bears the name and for more than MOST_BYTES, OSError as opening does.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    except OSError as error:
        if error.errno == errno.ELOOP and path.is_symlink():
            raise UsageError(f"{path} is a link, and links are not followed here: put the file itself there") from error
        raise
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode):
        os.close(handle)
        raise UsageError(f"{path} is no file: move it away, or name a file")
    with os.fdopen(handle, "rb") as file:
        if found.st_size > MOST_BYTES:
            raise UsageError(f"{path} is larger than {MOST_BYTES // 1024**2} MB: that is no file of the work graph")
        return file.read(MOST_BYTES)


def replace_file(path: Path, data: bytes) -> None:
    """Put a file in its place in one step. Where that fails, OSError is raised and the old one stays."""
    # Beside the file, and made anew: what lies there under that name, a link or what a killed process left, is not
    # written to.
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    try:
        with beside.open("xb") as file:
            file.write(data)
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise
