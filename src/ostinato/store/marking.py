"""Marks where the words of a query stand in a few texts, by the same tokenizer as the search index.

The texts are put into an index of their own, in memory: the big one would look up every beginning of the last word anew
for each of them. It opens no file.
"""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from ostinato.base.ids import random_hex
from ostinato.graph.search import END, MARK, unmarked

_MOST = 200_000
"""Characters of one text that are looked at: handoff notes of a goal with many thousand tasks are longer."""
_TABLE = "CREATE VIRTUAL TABLE texts USING fts5 (title, body, tokenize = 'unicode61')"
_INSERT = "INSERT INTO texts (rowid, title, body) VALUES (?, ?, ?)"
_MARKED = """
SELECT rowid, highlight(texts, 0, :mark, :end), snippet(texts, 1, :mark, :end, '…', :size)
FROM texts WHERE texts MATCH :query
"""


def marked_texts(texts: Sequence[tuple[str, str]], query: str, size: int) -> list[tuple[str, str]]:
    """Return each title whole and the best piece of each body, of about `size` words, with their words marked.

    `query` is an FTS5 expression. What does not match comes back without marks, a body as "".
    """
    found = [(unmarked(title), "") for title, _ in texts]
    # Nobody can foresee these marks, so no stored text forges them.
    nonce = random_hex(8)
    mark, end = f"<{nonce}", f"{nonce}>"
    connection = apsw.Connection(":memory:")
    try:
        connection.execute(_TABLE)
        connection.executemany(_INSERT, [(n, title, body[:_MOST]) for n, (title, body) in enumerate(texts)])
        for n, title, body in connection.execute(_MARKED, {"query": query, "size": size, "mark": mark, "end": end}):
            title, body = (unmarked(said).replace(mark, MARK).replace(end, END) for said in (title, body))
            found[n] = (title, body if MARK in body else "")
    finally:
        connection.close()
    return found
