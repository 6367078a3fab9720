"""Reads and writes whole files at a resolved place. It knows no tool and no path rules.

Text is UTF-8; other bytes survive a round trip as surrogates (PEP 383) and are shown as U+FFFD.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import suppress

from ostinato.base.ids import random_hex
from ostinato.tools.paths import Place
from ostinato.tools.tool import ToolFailure

LARGEST_FILE = 10_000_000
_BINARY_PROBE = 8_192


def read_text(place: Place) -> str | None:
    """Return the file's text, None when nothing stands there. Raises ToolFailure for what is no text of bearable size.

    Line ends are kept as they are.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(place.name, flags, dir_fd=place.directory)
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = "a symbolic link" if error.errno == errno.ELOOP else error.strerror
        raise ToolFailure(f"{place.relative}: {reason}") from error
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor has no path
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise ToolFailure(f"{place.relative or '.'} is a directory: use list_files")
        if not stat.S_ISREG(status.st_mode):
            raise ToolFailure(f"{place.relative} is not a regular file")
        if status.st_size > LARGEST_FILE:
            raise ToolFailure(
                f"{place.relative} has {status.st_size} bytes, more than this tool reads: use search_code or run_command"
            )
        data = file.read(LARGEST_FILE + 1)
    if b"\0" in data[:_BINARY_PROBE]:
        raise ToolFailure(f"{place.relative} is a binary file of {len(data)} bytes")
    return data.decode("utf-8", "surrogateescape")


def write_text(place: Place, text: str) -> None:
    """Put the text there in one step, keeping the mode of the file it replaces. Raises ToolFailure and OSError."""
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ToolFailure(f"{place.relative}: the text is not valid Unicode: {error.reason}") from error
    found = place.status()
    if place.name == "." or (found is not None and not stat.S_ISREG(found.st_mode)):
        raise ToolFailure(f"{place.relative or '.'} is not a regular file")
    beside = f".ostinato-{random_hex(16)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(beside, flags, 0o666, dir_fd=place.directory)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor has no path
            file.write(data)
            if found is not None:
                os.fchmod(descriptor, stat.S_IMODE(found.st_mode))
        os.replace(beside, place.name, src_dir_fd=place.directory, dst_dir_fd=place.directory)  # noqa: PTH105 - by descriptor
    except BaseException:
        with suppress(OSError):
            os.unlink(beside, dir_fd=place.directory)  # noqa: PTH108 - by descriptor
        raise


def shown(text: str) -> str:
    """Return text that can be sent and stored: bytes that were no UTF-8 become U+FFFD, NUL too."""
    if text.isascii() and "\0" not in text:
        return text
    return "".join("\ufffd" if ch == "\0" or "\ud800" <= ch <= "\udfff" else ch for ch in text)


def digest(text: str) -> str:
    """Return a digest by which a later change of the file is known."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def line_count(text: str) -> int:
    """Return how many lines the text has; a last one without line end counts."""
    return text.count("\n") + (not text.endswith("\n") if text else 0)
