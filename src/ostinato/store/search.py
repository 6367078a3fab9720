"""Full text search over nodes and handoff notes. Any text is a legal query: its words are quoted here, never parsed.

Candidates come ranked from the index, and the conditions are asked of the best few hundred; only where too few of those
fulfil them is every match asked.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from ostinato.graph.search import DESCRIPTION, MARK, NOTES, TITLE, Hit, SearchFilter, mark_part, unmarked
from ostinato.graph.types import Node
from ostinato.store.database import Database, queries
from ostinato.store.marking import marked_texts
from ostinato.store.reading import decode_rows
from ostinato.store.rows import encode_json

_MOST = 20_000
"""So many matches are ranked at first, the newest: a rank costs two microseconds, and words that stand in more nodes
than this tell them apart by little."""
_PAGE = 200
_SNIPPET_WORDS = 16
_LITERAL_ROOM = 80


Asked = dict[str, str | None]


class _Ranked(NamedTuple):
    """A candidate: a node's key and rank, and the key of the session whose notes hold the words, if it is that."""

    key: int
    rank: float
    session: int | None = None


def fts_query(text: str) -> str | None:
    """Return the FTS5 expression that wants every word of `text`, the last one as a prefix; None without a word.

    A word is what stands between blanks and holds a letter or digit; `user-auth` is a phrase of two.
    """
    words = [word for word in text.replace("\0", " ").split() if any(_counts(character) for character in word)]
    if not words:
        return None
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words) + "*"


def search_nodes(db: Database, text: str, conditions: SearchFilter, limit: int) -> list[Hit]:
    """Return at most `limit` nodes, best first. A goal is also found by the handoff notes of its sessions.

    Blank text finds nothing.
    """
    wanted = text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8").strip()
    if not wanted or limit < 1:
        return []
    query = fts_query(wanted)
    with db.reading():
        found = _best(db, wanted, query, conditions, limit)
        rows = db.execute(queries("tasks")["several"], {"keys": encode_json([one.key for one in found])})
        nodes = {row["key"]: node for row, node in zip(rows, decode_rows(rows), strict=True)}
        if query is None:
            return [_literal_hit(nodes[one.key], wanted) for one in found]
        return _marked_hits(db, query, found, nodes)


def _best(db: Database, wanted: str, query: str | None, conditions: SearchFilter, limit: int) -> list[_Ranked]:
    """Return the best that fulfil the conditions, each node once."""
    sql = queries("search")
    asked = _parameters(conditions)
    if query is None:
        return [_Ranked(*row) for row in db.tuples(sql["literal"], {**asked, "text": wanted, "limit": limit})]
    found = _of_newest(db, query, asked, limit)
    if found is None:
        rows = db.tuples(sql["ranked_fitting"], {**asked, "query": query, "limit": limit})
        found = [_Ranked(*row) for row in rows]
    notes = [_Ranked(*row) for row in db.tuples(sql["ranked_notes"], {"query": query})]
    once: dict[int, _Ranked] = {}
    for one in sorted([*found, *_fitting(db, notes, asked)], key=lambda one: (one.rank, one.key)):
        once.setdefault(one.key, one)
    return list(once.values())[:limit]


def _of_newest(db: Database, query: str, asked: Asked, limit: int) -> list[_Ranked] | None:
    """Return the best of the newest matches that fulfil the conditions, None where there may be more among others."""
    size = max(_PAGE, limit)
    rows = db.tuples(queries("search")["ranked"], {"query": query, "most": max(_MOST, size), "limit": size})
    found = _fitting(db, [_Ranked(*row) for row in rows], asked)
    return found[:limit] if len(found) >= limit or len(rows) < size else None


def _fitting(db: Database, candidates: Sequence[_Ranked], asked: Asked) -> list[_Ranked]:
    """Return those of the candidates that fulfil the conditions, in their order."""
    if not candidates or all(value is None for value in asked.values()):
        return list(candidates)
    parameters = {**asked, "keys": encode_json([one.key for one in candidates])}
    kept = {key for (key,) in db.tuples(queries("search")["fitting"], parameters)}
    return [one for one in candidates if one.key in kept]


def _parameters(conditions: SearchFilter) -> Asked:
    return {
        "project_id": conditions.project_id,
        "node_type": conditions.node_type and str(conditions.node_type),
        "goal_id": conditions.goal_id,
        "label": conditions.label,
        "status": conditions.status and str(conditions.status),
    }


def _marked_hits(db: Database, query: str, found: Sequence[_Ranked], nodes: dict[int, Node]) -> list[Hit]:
    """Return the hits; one that was found by its goal's notes shows these."""
    sessions = encode_json([one.session for one in found if one.session is not None])
    notes = dict(db.tuples(queries("search")["notes_of"], {"keys": sessions}))
    bodies = [notes.get(one.session) or nodes[one.key].description for one in found]
    texts = [(nodes[one.key].title, body) for one, body in zip(found, bodies, strict=True)]
    hits = []
    for one, (title, body) in zip(found, marked_texts(texts, query, _SNIPPET_WORDS), strict=True):
        part = DESCRIPTION if one.session is None else NOTES
        matched = tuple(name for name, said in ((TITLE, title), (part, body)) if MARK in said) or (part,)
        hits.append(Hit(nodes[one.key], one.rank, matched, title, body or title))
    return hits


def _literal_hit(node: Node, wanted: str) -> Hit:
    title = mark_part(node.title, wanted, len(node.title) * 2)
    description = mark_part(node.description, wanted, _LITERAL_ROOM)
    matched = tuple(part for part, said in ((TITLE, title), (DESCRIPTION, description)) if said)
    return Hit(node, 0.0, matched, title or unmarked(node.title), description or title)


def _counts(character: str) -> bool:
    """Tell whether the tokenizer `unicode61` takes the character for a part of a word."""
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "Co"
