"""How long a process waits before it tries again for a lock that another holds. It knows nothing of what is locked.

SQLite's own waiting grows to a tenth of a second and favours whoever comes anew: with 32 processes some starved for 30
seconds and gave up. Here pauses are short and random, and shorter for those who have waited longer; and who had to wait
lets others have a turn before it comes again.
"""

from __future__ import annotations

import time

from ostinato.base.ids import random_hex

_FIRST_MS = 4.0
"""At most so long at first: a lock held by one other is often free in a moment."""
_LONGEST_MS = 100.0
_SHORTEST_MS = 1.0
_AGED_MS = 100.0
"""Who has waited so long asks twice as often as who has just come, and so on."""
_GIVEN_UP_ON_MS = 10_000.0
_THEN_MS = 20.0
"""From then on it is no crowd but one long transaction, which nobody comes after sooner by asking often."""
_WAY_MS = 4.0


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
        milliseconds = pause(tries, self._waited, int(random_hex(2), 16) / 255)
        self._waited += milliseconds
        time.sleep(milliseconds / 1000)
        return True

    def give_way(self) -> None:
        """Pause after a commit that had to be waited for: whoever is running would else have the lock again at once."""
        if self._waited:
            self._waited = 0.0
            time.sleep(_WAY_MS / 1000)


def pause(tries: int, waited: float, chance: float) -> float:
    """Return the milliseconds until the next try after so many tries and milliseconds; `chance` is from 0 to 1."""
    if waited > _GIVEN_UP_ON_MS:
        return _THEN_MS
    longest = min(_FIRST_MS * float(1 << min(tries, 10)), _LONGEST_MS / (1 + waited / _AGED_MS))
    return 0.5 + chance * max(_SHORTEST_MS, longest)
