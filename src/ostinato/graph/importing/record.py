"""Reading one JSON object of another program: fields are taken one by one, and what is left goes to metadata.

Strict on types; a wrong one is a problem with its place. `graph.fields` is for what is written for us: it corrects
names, and there nothing is left over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ostinato.base.text import whole
from ostinato.graph.importing.json_text import LONGEST, json_text
from ostinato.graph.importing.problems import Problems, quoted
from ostinato.graph.importing.times import is_exact, stored_time

KEY_LENGTH = 200
"""Characters of the longest id that is taken."""


class Record:
    """The fields of one object. `where` is its place in the problems; each reader takes its field away."""

    def __init__(self, data: Mapping[str, Any], where: str, problems: Problems, *, plain: bool = False) -> None:
        """`plain` says that no text in it can hold what may not be kept, so that none need be looked at."""
        self.where = where
        self._plain = plain
        self._left = dict(data)
        self.problems = problems
        self.inexact: dict[str, str] = {}

    def take(self, name: str) -> Any:
        """Return the raw value, None when absent."""
        return self._left.pop(name, None)

    def text(self, name: str) -> str:
        """Return a text as it stands, "" when absent or null."""
        value = self._left.pop(name, None)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.wrong(name, "a text", value)
            return ""
        return self._kept(name, value)

    def title(self, name: str) -> str:
        """Return a text that says something."""
        value = self.text(name).strip()
        if not value:
            self.problems.add(self.where, f"{name} is missing or blank")
        return value

    def key(self, name: str) -> str:
        """Return an id: a text, or a whole number, that is neither blank nor endless."""
        value = self._left.pop(name, None)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not value.strip():
            self.problems.add(self.where, f"{name} is missing or no text")
            return ""
        if len(value) > KEY_LENGTH:
            self.problems.add(self.where, f"{name} has {len(value):,} characters, {KEY_LENGTH} at most")
            return ""
        return self._kept(name, value.strip())

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts without blank ones; one text stands for a list of one."""
        value = self._left.pop(name, None)
        if value is None:
            return ()
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list):
            value = [str(item) if isinstance(item, int) and not isinstance(item, bool) else item for item in value]
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(name, "a list of texts", value)
            return ()
        return tuple(self._kept(name, item).strip() for item in value if item.strip())

    def records(self, name: str) -> list[Record]:
        """Return a list of objects."""
        value = self._left.pop(name, None)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.wrong(name, "a list of objects", value)
            return []
        return [
            Record(item, f"{self.where}, {name}[{n}]", self.problems, plain=self._plain)
            for n, item in enumerate(value, 1)
        ]

    def flag(self, name: str) -> bool:
        """Return true or false, also where 1 or 0 says it; false when absent."""
        value = self._left.pop(name, None)
        if value is None or value in (0, 1):
            return bool(value)
        self.wrong(name, "true or false", value)
        return False

    def time(self, name: str) -> str | None:
        """Return a time in its stored form; where that says less, the text stands in `inexact` too."""
        value = self._left.pop(name, None)
        if value is None or value == "":
            return None
        try:
            found = stored_time(value)
        except (ValueError, AttributeError, TypeError):
            self.wrong(name, "a time (RFC 3339)", value)
            return None
        if found is not None and not is_exact(value, found):
            self.inexact[name] = value
        return found

    def rest(self, prefix: str) -> dict[str, str]:
        """Return what is left as metadata: texts as they are, all else as JSON text, nothing for what is empty."""
        found = {f"{prefix}.{name}": value for name, value in self.inexact.items()}
        for name, value in self._left.items():
            if value is None or value == "" or value == [] or value == {}:
                continue
            text = self._kept(name, value) if isinstance(value, str) else json_text(value)
            found[f"{prefix}.{self._kept('the name of a field', name)}"] = text
        return found

    def drop(self, *names: str) -> None:
        """Forget fields that say nothing of their own."""
        for name in names:
            self._left.pop(name, None)

    def zeros(self) -> tuple[str, ...]:
        """Return the names of the left fields that are 0 or false: where others mean "none" by it."""
        return tuple(name for name, value in self._left.items() if value is False or value == 0)

    def raw(self) -> dict[str, Any]:
        """Return a copy of what is left, as it was read."""
        return dict(self._left)

    def problem(self, what: str) -> None:
        """Note a problem of this object."""
        self.problems.add(self.where, what)

    def wrong(self, name: str, wanted: str, value: object) -> None:
        """Note that a field is of the wrong kind."""
        self.problems.add(self.where, f"{name} must be {wanted}, not {quoted(value)}")

    def _kept(self, name: str, value: str) -> str:
        if self._plain:
            return value
        if "\0" in value:
            self.problems.add(self.where, f"{name} has NUL characters")
        elif not value.isascii() and whole(value) != value:
            self.problems.add(self.where, f"{name} is not valid Unicode text")
        elif len(value) > LONGEST:
            self.problems.add(self.where, f"{name} is too long")
        else:
            return value
        return ""
