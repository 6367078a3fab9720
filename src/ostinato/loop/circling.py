"""Whether the attempts at a task go in circles, and what the next one is given: pure rules over what was tried.

The answers are a ladder: plain, another approach, a stronger model, splitting, and at last a question to the person.
Each rung holds what those below it do. Only attempts since the task was last freed by a person count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from ostinato.graph.iterations import Ending, Iteration
from ostinato.graph.tried import CIRCLING, alike, change_of, evidence_of, used_up

ASKED_AT_THE_END = 3
"""Attempts with the same failure after which a task whose attempts are used up is a question, not a failure."""


class Sign(StrEnum):
    """What repeats over attempts."""

    SAME_AGAIN = "the same change failed in the same way"
    ALTERNATING = "the same two changes come in turn"
    NO_CHANGE = "nothing was changed"
    SAME_APPROACH = "nearly the same change failed in the same way"
    SAME_FAILURE = "other changes failed in the same way"
    CONVERSATION = "the agent repeated itself until its conversation was ended"


class Rung(IntEnum):
    """What the next attempt is given."""

    PLAIN = 0
    OTHER_APPROACH = 1
    STRONGER = 2
    SPLIT = 3
    PARK = 4


@dataclass(frozen=True, slots=True)
class Tried:
    """One failed attempt as it is compared; `again` tells that an earlier one, ever, had the same fingerprint.

    `circled` tells that its conversation was ended since it went in circles.
    """

    diff: str
    evidence: str
    again: bool = False
    circled: bool = False

    @property
    def change(self) -> str:
        """What is equal for the same change, "" for none."""
        return change_of(self.diff)


@dataclass(frozen=True, slots=True)
class Ladder:
    """What may be done: the attempts allowed, whether there is a stronger model, after how many same failures to ask.

    `park_after` 0 asks only at the end; `asks` tells whether a person may be asked at all.
    """

    allowed: int = 3
    stronger: bool = False
    park_after: int = 5
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """Where the attempts stand: what repeats, how often in a row, and what the next attempt is given."""

    sign: Sign | None = None
    times: int = 0
    rung: Rung = Rung.PLAIN

    @property
    def told(self) -> str:
        """One line for the record, "" where nothing repeats."""
        if self.sign is None:
            return ""
        return f"{CIRCLING}{self.repeats}; next: {_NEXT[self.rung]}"

    @property
    def repeats(self) -> str:
        """What repeats and how often, in words."""
        row = f", {self.times} attempts in a row" if self.times > 1 else ""
        return f"{self.sign}{row}" if self.sign else ""


def course_of(tries: Sequence[Tried], ladder: Ladder) -> Course:
    """Return where the attempts of this round stand, the last of them just judged. Total."""
    left = ladder.allowed - len(tries)
    if not tries:
        return Course()
    sign, times = _sign(tries)
    last_chance = left == 1 and ladder.stronger and ladder.allowed > 1
    if sign is None:
        return Course(rung=Rung.STRONGER if last_chance else Rung.PLAIN)
    return Course(sign, times, _rung(sign, times, left, tries, ladder))


def tries_of(iterations: Sequence[Iteration], attempts: int) -> list[Tried]:
    """Return the attempts of the present round from the iterations of a task, the oldest first; `attempts` of them."""
    counted = [one for one in iterations if used_up(one)]
    recent = counted[-attempts:] if attempts > 0 else []
    return [
        Tried(one.diff, evidence_of(one.reasons), _again(one, iterations), one.ending is Ending.CIRCLING)
        for one in recent
    ]


def _again(one: Iteration, iterations: Sequence[Iteration]) -> bool:
    before = [other for other in iterations if other.started_at < one.started_at]
    return bool(one.fingerprint) and any(other.fingerprint == one.fingerprint for other in before)


def _sign(tries: Sequence[Tried]) -> tuple[Sign | None, int]:
    last = tries[-1]
    same = _streak([bool(one.evidence) and one.evidence == last.evidence for one in tries])
    idle = _streak([not one.change for one in tries])
    if last.again:
        return Sign.SAME_AGAIN, max(2, same)
    if idle >= 2:
        return Sign.NO_CHANGE, idle
    if len(tries) >= 3 and last.change == tries[-3].change != tries[-2].change:
        return Sign.ALTERNATING, 3
    if same < 2:
        return (Sign.CONVERSATION, 1) if last.circled else (None, 0)
    return (Sign.SAME_APPROACH if alike(last.diff, tries[-2].diff) else Sign.SAME_FAILURE), same


def _streak(flags: Sequence[bool]) -> int:
    count = 0
    for flag in reversed(flags):
        if not flag:
            break
        count += 1
    return count


def _rung(sign: Sign, times: int, left: int, tries: Sequence[Tried], ladder: Ladder) -> Rung:
    had_stronger = ladder.stronger and course_of(tries[:-1], ladder).rung >= Rung.STRONGER
    if sign is Sign.SAME_AGAIN:
        # It fails at once, unless a model that has not seen the task yet can be asked.
        return Rung.STRONGER if ladder.stronger and not had_stronger and left > 0 else Rung.PLAIN
    if left <= 0:
        return Rung.PARK if ladder.asks and times >= ASKED_AT_THE_END else Rung.PLAIN
    if ladder.asks and 0 < ladder.park_after <= times:
        return Rung.PARK
    if left == 1:
        return Rung.SPLIT
    if times <= 2:
        return Rung.OTHER_APPROACH
    return Rung.STRONGER if times == 3 and ladder.stronger else Rung.SPLIT


_NEXT = {
    Rung.PLAIN: "no further attempt",
    Rung.OTHER_APPROACH: "another approach",
    Rung.STRONGER: "another approach by the stronger model",
    Rung.SPLIT: "another approach, or smaller tasks",
    Rung.PARK: "a person is asked",
}
