"""Takes what grew old or too much: transcripts, the text of evidence, narrated events. What that is, is a `Policy`.

A little at a time, each part in a transaction of its own, so that nobody waits long for the lock; stopped anywhere, the
next run goes on. The space is used again by what is written next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ostinato.base.clock import format_time
from ostinato.graph.retention import Keep, Policy, Share, Taken, outline
from ostinato.store.database import Database, Row, queries

_AT_ONCE = 20
"""Conversations or attempts in one transaction."""
_EVENTS_AT_ONCE = 2_000
_EVENT = 150
"""Bytes of an event beside its payload, those of its index entries with them."""
_ALWAYS = "~"
"""Sorts after every time."""
_ALL = -1


class RetentionStore:
    """Looks for what a policy no longer keeps, and takes it. Nothing of a session that is open ever counts."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._sql = queries("retention")

    def due(self, policy: Policy) -> Taken:
        """Return what `prune` would take in all, changing nothing."""
        with self._db.reading():
            return Taken(
                _share(self._due("transcripts", policy.transcripts, _ALL)),
                _share(self._due("evidence", policy.evidence, _ALL)),
                self._events_due(policy.events),
            )

    def prune(self, policy: Policy, *, most: int = _ALL) -> Taken:
        """Take what the policy no longer keeps and return what went; at most `most` conversations and attempts.

        Idempotent: a second run goes on where the first was stopped.
        """
        with self._db.reading():
            talks = self._due("transcripts", policy.transcripts, most)
            proofs = self._due("evidence", policy.evidence, most)
            events = self._events_due(policy.events, most if most == _ALL else _EVENTS_AT_ONCE)
        for part in _parts(talks):
            self._take_talks(part)
        for part in _parts(proofs):
            self._take_evidence(part)
        if policy.evidence.since is not None:
            with self._db.transaction():
                self._change("clear_loose_outputs", before=format_time(policy.evidence.since), most=most)
        count = events.count if most == _ALL else min(events.count, _EVENTS_AT_ONCE)
        return Taken(_share(talks), _share(proofs), self._take_events(policy.events, count))

    def used(self) -> int:
        """Return the bytes of the database that hold something; what was freed and not yet used again is left out."""
        return self._number("used")

    def _due(self, what: str, keep: Keep, most: int) -> list[Row]:
        """Return what goes, the oldest first: all that is too old, and more while there is too much."""
        over = self._over(what, keep)
        since = "" if keep.since is None else format_time(keep.since)
        found = []
        for row in self._db.execute(self._sql[f"{what}_due"], {"before": _ALWAYS if over > 0 else since, "most": most}):
            if row["ended_at"] >= since and over <= 0:
                break
            over -= row["bytes"]
            found.append(row)
        return found

    def _events_due(self, keep: Keep, most: int = _ALL) -> Share:
        """Return the events that are too old, counted up to `most`, or, as an estimate, those that are too much."""
        since = "" if keep.since is None else format_time(keep.since)
        old = _events(self._db.one(self._sql["events_due"], {"before": since, "most": most}))
        if keep.bytes is None or self.used() <= keep.bytes:
            return old
        kept = _events(self._db.one(self._sql["events_kept"]))
        each = max(1, kept.bytes // max(1, kept.count))
        over = min(kept.count, -(-(kept.bytes - keep.bytes) // each))
        return Share(over, over * each) if over > old.count else old

    def _over(self, what: str, keep: Keep) -> int:
        """Return by how many bytes there is too much; adding them up is only needed where the whole is larger."""
        if keep.bytes is None or self.used() <= keep.bytes:
            return 0
        return self._number(f"{what}_kept") - keep.bytes

    def _take_talks(self, rows: Sequence[Row]) -> None:
        with self._db.transaction():
            for row in rows:
                self._change("delete_messages", id=row["id"])
                self._change("clear_sections", id=row["id"])
                self._change(f"mark_{row['kind']}", id=row["id"], at=self._db.now())

    def _take_evidence(self, rows: Sequence[Row]) -> None:
        with self._db.transaction():
            for row in rows:
                kept = self._db.one(self._sql["diff"], {"id": row["id"]})
                text = outline(kept["diff"]) if kept else ""
                self._change("clear_outputs", id=row["id"])
                self._change("clear_evidence", id=row["id"], diff=text, at=self._db.now())

    def _take_events(self, keep: Keep, count: int) -> Share:
        """Take the `count` oldest; those of sessions that were opened meanwhile are not among them."""
        taken = Share()
        while (left := count - taken.count) > 0:
            with self._db.transaction():
                parameters = {"before": _ALWAYS, "most": min(left, _EVENTS_AT_ONCE)}
                gone = [row["bytes"] + _EVENT for row in self._db.execute(self._sql["delete_events"], parameters)]
            if not gone:
                break
            taken += Share(len(gone), sum(gone))
        return taken

    def _change(self, name: str, **parameters: str | int) -> None:
        self._db.execute(self._sql[name], parameters)

    def _number(self, name: str) -> int:
        row = self._db.one(self._sql[name])
        return int(row["bytes"]) if row else 0


def _share(rows: Sequence[Row]) -> Share:
    return Share(len(rows), sum(row["bytes"] for row in rows))


def _events(row: Row | None) -> Share:
    return Share(row["count"], row["bytes"] + row["count"] * _EVENT) if row else Share()


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))
