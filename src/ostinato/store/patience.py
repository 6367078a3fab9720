"""How long a process waits before it tries again for a lock that another holds. It knows nothing of what is locked.

SQLite's own waiting grows to a tenth of a second and favours whoever comes anew: with 32 processes some starved for 30
seconds and gave up. Here pauses are short and random, and shorter for those who have waited longer; and who had to wait
lets others have a turn before it comes again.
"""

from __future__ import annotations

import os
import time

_LONGEST_MS = 20.0
_SHORTEST_MS = 3.0
_AGED_MS = 500.0
_GIVEN_UP_ON_MS = 10_000.0
"""From then on it is no crowd but one long transaction, which nobody comes after sooner by asking often."""


class Patience:
    """Waits at most `milliseconds` for one lock. Called by SQLite with the number of earlier tries for it."""

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds
        self._waited = 0.0

    def __call__(self, tries: int) -> bool:
        """Wait a little and return True, or False when the time is over."""
        if tries == 0:
            self._waited = 0.0
        if self._waited >= self.milliseconds:
            return False
        milliseconds = pause(self._waited, os.urandom(1)[0] / 255)
        self._waited += milliseconds
        time.sleep(milliseconds / 1000)
        return True

    def give_way(self) -> None:
        """Pause after a commit that had to be waited for: whoever is running would else have the lock again at once."""
        if self._waited:
            self._waited = 0.0
            time.sleep((_SHORTEST_MS + 1) / 1000)


def pause(waited: float, chance: float) -> float:
    """Return the milliseconds until the next try for who has waited so many; `chance` lies between 0 and 1."""
    age = 0.0 if waited > _GIVEN_UP_ON_MS else min(waited / _AGED_MS, 1.0)
    longest = _LONGEST_MS + age * (_SHORTEST_MS - _LONGEST_MS)
    return 0.5 + chance * longest
