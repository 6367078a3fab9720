"""Reading a JSON object that a model or a person wrote: tolerant in harmless ways, strict on types, all problems named.

Null means absent, and one item stands for a list of one. It knows no plan: `graph.plan_format` says which fields
there are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


class Fields:
    """The fields of one object. Each reader returns a usable value; what was wrong is added to `problems`.

    `where` names the object in the problems; `known` are its fields. A field that is not known is left alone unless
    it looks like a misspelt one, whose value would be lost in silence.
    """

    def __init__(self, data: Any, where: str, known: tuple[str, ...], problems: list[str] | None = None) -> None:
        self.where = where
        self.problems = [] if problems is None else problems
        self._data: Mapping[str, Any] = {}
        if not isinstance(data, Mapping):
            self.problems.append(f"{where} must be an object, not {_kind(data)}")
            return
        self._data = data
        unknown = [name for name in data if name not in known]
        if not unknown:
            return
        # Late: only a mistaken name is compared.
        from difflib import get_close_matches

        for name in unknown:
            if meant := get_close_matches(str(name), known, n=1):
                self.problems.append(f"{where} has no field {str(name)[:60]!r}: write {meant[0]!r}")

    def text(self, name: str) -> str:
        """Return a text without the blanks around it, "" when absent."""
        value = self._data.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self._wrong(name, "a text", value)
            return ""
        return self._kept(name, value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts without blank ones; one text stands for a list of one."""
        found = []
        for item in self._list(name):
            if isinstance(item, str):
                found.append(self._kept(name, item))
            elif item is not None:
                self._wrong(name, "a list of texts", item)
        return tuple(text for text in found if text)

    def flag(self, name: str) -> bool:
        """Return true or false, false when absent."""
        value = self._data.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        self._wrong(name, "true or false", value)
        return False

    def number(self, name: str) -> float | None:
        """Return a finite number, None when absent."""
        value = self._data.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            self._wrong(name, "a number", value)
            return None
        return float(value)

    def word(self, name: str, words: type[E]) -> E | None:
        """Return a member of the enum `words`, None when absent."""
        value = self.text(name).lower()
        if not value:
            return None
        try:
            return words(value)
        except ValueError:
            self.problems.append(f"{self.where}: {name} must be one of {', '.join(words)}, not {value[:60]!r}")
            return None

    def items(
        self,
        name: str,
        known: tuple[str, ...],
        read: Callable[[Fields], T],
        from_text: Callable[[str], T] | None = None,
    ) -> tuple[T, ...]:
        """Return a list of objects, each through `read`; where `from_text` is given a plain text is accepted too."""
        found = []
        for place, item in enumerate(self._list(name), start=1):
            if from_text is not None and isinstance(item, str):
                found.append(from_text(item.strip()))
            elif item is not None:
                found.append(read(Fields(item, self._place(name, place, item), known, self.problems)))
        return tuple(found)

    def _kept(self, name: str, value: str) -> str:
        if "\0" in value:
            self.problems.append(f"{self.where}: {name} must not contain NUL characters")
        return value.strip()

    def _place(self, name: str, place: int, item: Any) -> str:
        said = item.get("key") or item.get("title") if isinstance(item, Mapping) else None
        inside = "" if self.where == "the plan" else f" of {self.where}"
        return f"{name}[{place}]{inside}" + (f" ({said[:60]!r})" if isinstance(said, str) else "")

    def _list(self, name: str) -> list[Any]:
        value = self._data.get(name)
        if value is None:
            return []
        return value if isinstance(value, list) else [value]

    def _wrong(self, name: str, wanted: str, value: Any) -> None:
        self.problems.append(f"{self.where}: {name} must be {wanted}, not {_kind(value)}")


def _kind(value: Any) -> str:
    kinds = (
        (bool, "true or false"),
        (str, "a text"),
        (int | float, "a number"),
        (list, "a list"),
        (Mapping, "an object"),
    )
    return next((word for kind, word in kinds if isinstance(value, kind)), "nothing")
