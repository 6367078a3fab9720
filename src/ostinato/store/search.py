"""Full text search over nodes and handoff notes. Any text is a legal query: its words are quoted here, never parsed."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from ostinato.graph.types import Node, Status
from ostinato.store.database import Database, Row, queries
from ostinato.store.reading import decode_rows


def fts_query(text: str) -> str | None:
    """Return the FTS5 expression that wants every word of `text`, the last one as a prefix; None without a word.

    A word is what stands between blanks and holds a letter or digit; `user-auth` is a phrase of two.
    """
    words = [word for word in text.replace("\0", " ").split() if any(_counts(character) for character in word)]
    if not words:
        return None
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words) + "*"


def search_nodes(
    db: Database, text: str, *, project_id: str | None, node_type: str | None, status: Status | None, limit: int
) -> list[Node]:
    """Return at most `limit` nodes, best first. A goal is also found by the handoff notes of its sessions.

    `status` is the spoken one. Blank text finds nothing.
    """
    wanted = text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8").strip()
    if not wanted or limit < 1:
        return []
    parameters = {
        "project_id": project_id,
        "node_type": node_type and str(node_type),
        "status": status and str(status),
        "limit": limit,
    }
    with db.reading():
        return decode_rows(_matches(db, wanted, parameters)[:limit])


def _matches(db: Database, wanted: str, parameters: Mapping[str, object]) -> list[Row]:
    sql = queries("search")
    query = fts_query(wanted)
    if query is None:
        return db.execute(sql["literal"], {**parameters, "text": wanted})
    found = db.execute(sql["nodes"], {**parameters, "query": query})
    for row in db.execute(sql["notes"], {**parameters, "query": query}):
        found.append(row)
    best: dict[str, Row] = {}
    for row in sorted(found, key=lambda row: (row["rank"], row["created_at"], row["key"])):
        best.setdefault(row["id"], row)
    return list(best.values())


def _counts(character: str) -> bool:
    """Tell whether the tokenizer `unicode61` takes the character for a part of a word."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "Co"
