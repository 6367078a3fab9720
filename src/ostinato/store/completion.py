"""What a shell may complete: ids of one kind that begin with what was typed, with a word on each. It only reads."""

from __future__ import annotations

from ostinato.store.database import Database, queries


def completions(db: Database, kind: str, prefix: str, path: str | None, most: int) -> list[tuple[str, str]]:
    """Return at most `most` (id, text) of a kind, the newest first; of the project at `path`, None for all."""
    found = db.tuples(queries("completion")[kind], {"prefix": prefix, "path": path, "most": most})
    return [(str(identifier), str(text)) for identifier, text in found]
