"""What a conversation has seen of each file, so that nothing is written over what it does not know."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from ostinato.tools.small_diff import is_whole, small_diff
from ostinato.tools.tool import ToolRefusal

_KEPT = 4_000_000
"""Characters of texts that are kept to say what changed; of older ones only the digest is."""
_DIFF_LINES = 14
_DIFF_SIZE = 500
_SHOWN = 400


class Seen:
    """The files of one conversation as it last read or wrote them, by their path in the checkout."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}
        self._texts: OrderedDict[str, str] = OrderedDict()
        self._size = 0

    def remember(self, path: str, content: str) -> None:
        """Take note that the conversation knows `path` to hold `content`."""
        self._digests[path] = digest(content)
        self._size += len(content) - len(self._texts.pop(path, ""))
        self._texts[path] = content
        while self._size > _KEPT:
            self._size -= len(self._texts.popitem(last=False)[1])

    def refuse_stale(self, path: str, content: str) -> None:
        """Raise ToolRefusal when `path` was seen and holds something else; a small change is shown, then seen."""
        known = self._digests.get(path)
        if known is None or known == digest(content):
            return
        before = self._texts.get(path)
        diff = "" if before is None else small_diff(before, content, most=_DIFF_LINES)
        if diff and len(diff) <= _DIFF_SIZE and is_whole(diff):
            self.remember(path, content)
            raise ToolRefusal(f"{path} has changed since you read it; nothing was written. What changed:\n{diff}")
        raise ToolRefusal(f"{path} has changed since you read it: read it again, then edit")

    def refuse_unread(self, path: str, content: str) -> None:
        """Raise ToolRefusal when `path` holds something that was never seen; what is short is shown, and then seen."""
        if path in self._digests or not content.strip():
            return
        if "\0" in content:
            raise ToolRefusal(f"{path} exists and is a binary file: remove it first if it is to be replaced")
        if len(content) <= _SHOWN:
            self.remember(path, content)
            raise ToolRefusal(f"{path} exists and you have not read it; nothing was written. It holds:\n{content}")
        raise ToolRefusal(f"{path} exists and you have not read it: read it before you replace it, or use edit_file")


def digest(content: str) -> str:
    """Return what is equal for the same content of a file."""
    return hashlib.sha256(content.encode("utf-8", "surrogateescape")).hexdigest()
