"""Makes a file of beads as large as wanted: epics, tasks, dependencies, comments, closed ones; always the same bytes.

python tests/bench/beads_file.py 100000 > issues.jsonl
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator

_EPIC_EVERY = 100
_KINDS = ("task", "bug", "feature", "chore")


def beads_lines(count: int, seed: int = 7) -> Iterator[str]:
    """Yield `count` issues as lines of JSON, 1.3 dependencies each, 55 in 100 closed."""
    chance = random.Random(seed)
    names = [f"shop_x-{number:05x}" for number in range(count)]
    for number, name in enumerate(names):
        yield json.dumps(_issue(chance, names, number, name), separators=(",", ":"))


def _issue(chance: random.Random, names: list[str], number: int, name: str) -> dict[str, object]:
    epic = number % _EPIC_EVERY == 0
    closed = not epic and chance.random() < 0.55
    at = f"2026-{1 + number % 9:02}-{1 + number % 28:02}T{number % 24:02}:{number % 60:02}:00.123456789Z"
    issue: dict[str, object] = {
        "_type": "issue",
        "id": name,
        "title": f"Part {number} of the shop: {chance.choice(('parser', 'cart', 'search', 'login'))}",
        "description": f"What part {number} does, in {chance.randint(5, 40)} words. " * 3,
        "status": "closed" if closed else "open",
        "priority": chance.randint(0, 4),
        "issue_type": "epic" if epic else chance.choice(_KINDS),
        "created_at": at,
        "created_by": "ann",
        "updated_at": at,
        "labels": ["shop"],
    }
    if closed:
        issue |= {"closed_at": at, "close_reason": "Closed" if chance.random() < 0.8 else f"Done in part {number}"}
    if chance.random() < 0.05:
        issue["comments"] = [
            {"id": number + 1, "issue_id": name, "author": "bo", "text": "Mind the gap", "created_at": at}
        ]
    issue["dependencies"] = _dependencies(chance, names, number, name, at, epic=epic)
    return issue


def _dependencies(
    chance: random.Random, names: list[str], number: int, name: str, at: str, *, epic: bool
) -> list[dict[str, str]]:
    if epic:
        return []
    own = number - number % _EPIC_EVERY
    targets = [(names[own], "parent-child")]
    first = own + 1
    if number > first:
        targets += [(names[chance.randrange(first, number)], "blocks") for _ in range(chance.choice((0, 0, 0, 1, 1)))]
    return [
        {"issue_id": name, "depends_on_id": target, "type": kind, "created_at": at, "created_by": "ann"}
        for target, kind in targets
    ]


if __name__ == "__main__":
    for line in beads_lines(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000):
        print(line)
