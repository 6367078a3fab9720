"""Keys for entries that have no id of their own: made of their titles, so that they are the same when read again."""

from __future__ import annotations

import re
import zlib

_OWN = re.compile(r"^\W*([A-Z]{1,8}-?\d+(?:\.\d+)*)\b")
_LONGEST = 120


class Keys:
    """Hands out the keys of one source, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def of(self, title: str) -> str:
        """Return a key for a title: the id that it begins with (`US-001: …`), else its words."""
        words = " ".join(title.split())
        own = _OWN.match(words)
        key = own[1] if own else words
        if len(key) > _LONGEST:
            key = f"{key[:_LONGEST]}…{zlib.crc32(key.encode()):08x}"
        return self.take(key)

    def take(self, key: str) -> str:
        """Return the key itself, or with a number where it is taken."""
        free = key
        while free in self._taken:
            # Counted on from the last time: a file may say the same ten thousand times.
            self._numbers[key] = self._numbers.get(key, 1) + 1
            free = f"{key} ({self._numbers[key]})"
        self._taken.add(free)
        return free
