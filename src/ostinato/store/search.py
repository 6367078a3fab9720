"""Full text search over nodes and handoff notes. Any text is a legal query: its words are quoted here, never parsed.

Candidates come ranked from the index, a page at a time, until enough of them fulfil the conditions; what a page costs
beyond its ranks does not depend on how many nodes hold the words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
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
_GROWTH = 8
_SNIPPET_WORDS = 16
_LITERAL_ROOM = 80


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
    found: dict[int, _Ranked] = {}
    for page in _pages(db, wanted, query):
        fresh = [one for one in page if one.key not in found]
        found.update((one.key, one) for one in _fitting(db, fresh, conditions, limit - len(found)))
        if len(found) >= limit:
            break
    best = list(found.values())
    if query is not None:
        notes = [_Ranked(*row) for row in db.tuples(queries("search")["ranked_notes"], {"query": query})]
        best += _fitting(db, notes, conditions, limit)
    once: dict[int, _Ranked] = {}
    for one in sorted(best, key=lambda one: (one.rank, one.key)):
        once.setdefault(one.key, one)
    return list(once.values())[:limit]


def _pages(db: Database, wanted: str, query: str | None) -> Iterator[list[_Ranked]]:
    """Yield the candidates in growing pages, the best first. Of very many the newest come first, then all anew."""
    sql = queries("search")
    if query is None:
        yield from _paged(db, sql["literal"], {"text": wanted})
        return
    seen = 0
    for page in _paged(db, sql["ranked"], {"query": query, "most": _MOST}):
        yield page
        seen += len(page)
    if seen >= _MOST:
        yield from _paged(db, sql["ranked"], {"query": query, "most": -1})


def _paged(db: Database, sql: str, parameters: dict[str, str | int]) -> Iterator[list[_Ranked]]:
    offset, size = 0, _PAGE
    while True:
        rows = db.tuples(sql, {**parameters, "limit": size, "offset": offset})
        yield [_Ranked(*row) for row in rows]
        if len(rows) < size:
            return
        offset, size = offset + size, size * _GROWTH


def _fitting(db: Database, page: Sequence[_Ranked], conditions: SearchFilter, most: int) -> list[_Ranked]:
    """Return the first `most` of the candidates that fulfil the conditions, in their order."""
    if conditions == SearchFilter():
        return list(page[:most])
    found: list[_Ranked] = []
    for start in range(0, len(page), _PAGE):
        chunk = page[start : start + _PAGE]
        kept = _keys_that_fit(db, [one.key for one in chunk], conditions)
        found += [one for one in chunk if one.key in kept]
        if len(found) >= most:
            break
    return found[:most]


def _keys_that_fit(db: Database, keys: list[int], conditions: SearchFilter) -> set[int]:
    """Return those of the keys whose nodes fulfil the conditions."""
    parameters = {
        "keys": encode_json(keys),
        "project_id": conditions.project_id,
        "node_type": conditions.node_type and str(conditions.node_type),
        "goal_id": conditions.goal_id,
        "label": conditions.label,
        "status": conditions.status and str(conditions.status),
    }
    return {key for (key,) in db.tuples(queries("search")["fitting"], parameters)}


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
