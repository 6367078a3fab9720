"""Collects what is wrong with a source, all of it, and refuses the whole in one line. Nothing is half-imported."""

from __future__ import annotations

import re
from typing import NoReturn

from ostinato.base.errors import UsageError
from ostinato.base.text import clip, one_line, printable, whole

_SHOWN = 5
_LENGTH = 160
_MARKS = ("<<<<<<<", ">>>>>>>", "|||||||")
_MARKER = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.MULTILINE)


class MalformedError(UsageError):
    """A file that was given cannot be read as what it should be; nothing was changed."""

    kind = "malformed"


class Problems:
    """The problems of one source. Only the first ones are kept and the rest is counted, so memory stays bounded."""

    def __init__(self) -> None:
        self._shown: list[str] = []
        self.count = 0

    def add(self, where: str, what: str) -> None:
        """Note one problem and its place (`issues.jsonl: line 3`)."""
        self.count += 1
        if len(self._shown) < _SHOWN:
            self._shown.append(f"{where}: {clip(what, _LENGTH)}" if where else what)

    def refuse_any(self) -> None:
        """Raise MalformedError, naming the first problems and counting the rest, if there is one."""
        if not self.count:
            return
        more = self.count - len(self._shown)
        rest = f"; and {more:,} more" if more else ""
        raise MalformedError(f"{'; '.join(self._shown)}{rest}: nothing was imported")


def refuse(where: str, what: str) -> NoReturn:
    """Raise MalformedError for a source of which no more can be read."""
    raise MalformedError(f"{where}: {what}: nothing was imported")


def refuse_conflict(name: str, text: str) -> None:
    """Raise MalformedError, naming the line, for a file in which git left its marks of a conflict."""
    if not any(mark in text for mark in _MARKS):
        return
    found = _MARKER.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        refuse(f"{name}: line {line}", "git left a conflict there: settle it first")


def quoted(value: object) -> str:
    """Return a value of the source for a message: short, on one line, harmless."""
    return printable(repr(clip(one_line(whole(str(value))), 60)))
