"""Words for made-up work: titles and descriptions whose words are as unevenly frequent as those of a real tracker."""

from __future__ import annotations

import random
from itertools import accumulate

_VERBS = """
add fix make remove rename move split merge cache retry validate parse render document measure speed cover
refuse accept limit record replay export import sort filter page stream compress encrypt rotate revoke expire
"""
_THINGS = """
parser server client token session cookie header request response route handler queue worker job lease lock
index table column row schema migration query cursor page cache buffer stream socket timeout retry error message
log trace metric counter alert dashboard chart report invoice payment order basket price currency discount tax
user account password login role permission group team project task note comment label search result filter
upload download file folder archive backup image thumbnail video font theme layout menu button dialog form field
checkbox locale translation date clock calendar reminder email webhook template editor diff patch branch commit
"""
_QUALITIES = """
slow fast broken empty missing stale duplicate nested large small optional default public private legacy new
shared remote local async idle partial invalid unknown unicode trailing leading concurrent idempotent
"""
_SMALL = """
the a of for in when with and to from without after before under over only as by on at
"""
_SYLLABLES = """
ba co di fu ga he ji ko lu ma ne po qui ra se ti vo wa xe yo zu bri cla dre fli gro pla sne tri
"""
SIZE = 4_000
RARE = "quokka"
"""A word that one description in a thousand holds, for the search of a rare word."""


def words() -> tuple[list[str], list[float]]:
    """Return the vocabulary with the cumulated weights of its words: the n-th weighs 1/n, as in written language."""
    chance = random.Random(7)
    known = dict.fromkeys(f"{_SMALL} {_THINGS} {_VERBS} {_QUALITIES}".split())
    syllables = _SYLLABLES.split()
    while len(known) < SIZE:
        known["".join(chance.choices(syllables, k=chance.choice((2, 3, 3, 4))))] = None
    return list(known), list(accumulate(1 / (rank + 3) for rank in range(SIZE)))


class Writer:
    """Writes titles and descriptions by one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._words, self._weights = words()
        self._verbs, self._things, self._qualities = _VERBS.split(), _THINGS.split(), _QUALITIES.split()

    def title(self) -> str:
        """Return four to seven words that read like a task."""
        pick = self._chance.choice
        rest = self._some(self._chance.randint(1, 4))
        return f"{pick(self._verbs)} the {pick(self._qualities)} {pick(self._things)} {rest}".capitalize()

    def description(self) -> str:
        """Return 100 to 400 bytes of sentences."""
        length, said = self._chance.randint(100, 400), ""
        while len(said) < length:
            said += f"{self._some(self._chance.randint(6, 14)).capitalize()}. "
        if self._chance.random() < 0.001:
            said = f"{RARE} {said}"
        return said[:400].strip()

    def _some(self, count: int) -> str:
        return " ".join(self._chance.choices(self._words, cum_weights=self._weights, k=count))
