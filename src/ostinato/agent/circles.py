"""Finds an agent that goes in circles inside one conversation. Pure: no model, no clock, only what was called and said.

Productive work is none of it: a test run again after an edit, a file read page by page, an answer that changes. Each
rule looks at calls with their answers, so that what looks the same and does something else is not the same.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from ostinato.agent.ports import ToolResult
from ostinato.agent.reading_commands import only_reads
from ostinato.base.sameness import lasting
from ostinato.base.text import clip, one_line
from ostinato.chat.messages import ToolCall

WINDOW = 120
"""Calls that are looked back on."""

_LONGEST_PERIOD = 3
_READING = ("read_", "list_", "search_", "get_", "query_")
_SHOWN = 120
_SPEAKS = re.compile(r"error|fail|exception|panic|fatal|cannot|not found|undefined|^E\s", re.IGNORECASE)


class CircleKind(StrEnum):
    """What repeats."""

    SAME_CALL = "same_call"  # one call with one answer, in a row
    ALTERNATING = "alternating"  # two or three calls in turn, each with the same answer
    SAME_COMMAND = "same_command"  # a command fails as before, and nothing was changed in between
    BACK_AND_FORTH = "back_and_forth"  # a file is changed and changed back
    SAME_ERROR = "same_error"  # different calls, one error
    NO_CHANGE = "no_change"  # nothing but reading for a long time


@dataclass(frozen=True, slots=True)
class CircleLimits:
    """After how many rounds an agent is told (`repeats`) and its conversation ended (`end`); 0: never.

    `idle` is the number of calls in a row that only read after which it is told; reading alone never ends anything.
    """

    repeats: int = 3
    end: int = 6
    idle: int = 0


@dataclass(frozen=True, slots=True)
class Act:
    """One call with its answer; texts are digests where only sameness counts.

    `error` is what failed in words, "" where nothing did, `cause` what is equal for the same error; `wrote` is a path
    and its new content; `reads` tells that it cannot have changed anything.
    """

    tool: str
    call: str
    answer: str
    told: str
    error: str = ""
    cause: str = ""
    wrote: tuple[str, str] | None = None
    reads: bool = False

    @property
    def changes(self) -> bool:
        """True when it may have changed something."""
        return not self.reads and (self.wrote is not None or self.tool == "run_command" or not self.error)


@dataclass(frozen=True, slots=True)
class Circle:
    """What repeats, how often, and in words; `over` tells that the conversation shall end."""

    kind: CircleKind
    times: int
    told: str
    over: bool = False

    @property
    def message(self) -> str:
        """What repeats, as one line for people and for the next attempt."""
        return _MESSAGES[self.kind].format(n=self.times, what=self.told)

    @property
    def hint(self) -> str:
        """What the agent is told."""
        return f"({self.message[:1].upper()}{self.message[1:]}. {_ADVICE[self.kind]})"


def act_of(call: ToolCall, result: ToolResult) -> Act:
    """Return a call and its answer as what circles are found by."""
    said = lasting(result.text)
    arguments = call.arguments
    command = call.name == "run_command"
    reads = only_reads(arguments) if command else call.name.startswith(_READING)
    return Act(
        tool=call.name,
        call=_digest(call.name, arguments),
        answer=_digest(said),
        told=clip(one_line(f"{call.name} {arguments}"), _SHOWN),
        error=_in_words(said, last=command) if result.is_error else "",
        cause=_cause(said, whole=command) if result.is_error else "",
        wrote=result.wrote,
        reads=reads,
    )


@dataclass(slots=True)
class Trace:
    """The latest calls of one conversation; bounded, however long that is."""

    limits: CircleLimits = field(default_factory=CircleLimits)
    _acts: deque[Act] = field(default_factory=lambda: deque(maxlen=WINDOW))

    def saw(self, call: ToolCall, result: ToolResult) -> Circle | None:
        """Take a call that was answered, and return the circle that it closes, if any."""
        self._acts.append(act_of(call, result))
        return circle_in(tuple(self._acts), self.limits)


def circle_in(acts: Sequence[Act], limits: CircleLimits) -> Circle | None:
    """Return the circle that the last of `acts` closes, the plainest first; None when there is none."""
    if not acts or not limits.repeats:
        return None
    found = _in_turn(acts, limits) or _failing(acts, limits) or _back_and_forth(acts, limits)
    return found or _same_error(acts, limits) or _idle(acts, limits)


def _in_turn(acts: Sequence[Act], limits: CircleLimits) -> Circle | None:
    pairs = [(act.call, act.answer, act.wrote) for act in acts]
    for period in range(1, _LONGEST_PERIOD + 1):
        block = pairs[-period:]
        if len(block) < period or (period > 1 and len(set(block)) < period):
            continue
        rounds = 1
        while pairs[-period * (rounds + 1) : -period * rounds] == block:
            rounds += 1
        if rounds >= limits.repeats:
            turn = acts[-period:]
            kind = CircleKind.SAME_CALL if period == 1 else CircleKind.ALTERNATING
            # A command that succeeds may do a little more each time, whatever it prints.
            patience = 2 if any(act.tool == "run_command" and act.changes and not act.error for act in turn) else 1
            return _circle(kind, rounds, ", ".join(act.told for act in turn), limits, patience)
    return None


def _failing(acts: Sequence[Act], limits: CircleLimits) -> Circle | None:
    last = acts[-1]
    if last.tool != "run_command" or not last.error:
        return None
    times = 0
    for act in reversed(acts):
        if (act.call, act.answer) == (last.call, last.answer):
            times += 1
        elif act.changes:
            break
    return _circle(CircleKind.SAME_COMMAND, times, last.told, limits) if times >= limits.repeats else None


def _back_and_forth(acts: Sequence[Act], limits: CircleLimits) -> Circle | None:
    if acts[-1].wrote is None:
        return None
    path = acts[-1].wrote[0]
    states = [act.wrote[1] for act in acts if act.wrote is not None and act.wrote[0] == path]
    states = [state for place, state in enumerate(states) if place == 0 or state != states[place - 1]]
    # To go back once is to undo; to go the same way again and again is a circle.
    steps = list(pairwise(states))
    times = steps.count(steps[-1]) if steps else 0
    return _circle(CircleKind.BACK_AND_FORTH, times, path, limits) if times >= limits.repeats else None


def _same_error(acts: Sequence[Act], limits: CircleLimits) -> Circle | None:
    last = acts[-1]
    if not last.error:
        return None
    times, worked, counted = 0, False, set[str]()
    for act in reversed(acts):
        if act.cause == last.cause and act.tool == last.tool:
            # The same call again, with nothing edited in between, is no further try.
            times += act.call not in counted
            counted.add(act.call)
        elif not act.error and (act.call == last.call or (act.tool == last.tool and act.wrote is not None)):
            break
        elif act.changes and act.wrote is not None:
            worked = True
            counted.clear()
    # Who edits in between works on it: they are told now and then, and never stopped.
    if times < 2 * limits.repeats or (worked and times % limits.repeats):
        return None
    return Circle(CircleKind.SAME_ERROR, times, last.error, not worked and 0 < 2 * limits.end <= times)


def _idle(acts: Sequence[Act], limits: CircleLimits) -> Circle | None:
    quiet = 0
    for act in reversed(acts):
        if act.changes:
            break
        quiet += 1
    if not limits.idle or not quiet or quiet % limits.idle or quiet >= WINDOW:
        return None
    return Circle(CircleKind.NO_CHANGE, quiet, "")


def _circle(kind: CircleKind, times: int, told: str, limits: CircleLimits, patience: int = 1) -> Circle:
    return Circle(kind, times, told, 0 < patience * limits.end <= times)


def _cause(said: str, *, whole: bool) -> str:
    """Return what is equal for the same error: of a command all lines that speak of one, else all it said."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if not whole:
        return _digest(*lines[:1])
    return _digest(*([line for line in lines[1:] if _SPEAKS.search(line)] or lines))


def _in_words(said: str, *, last: bool) -> str:
    """Return the line that says what went wrong: the first of a tool, the last of a command."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return clip(one_line(lines[-1 if last else 0]), _SHOWN) if lines else "no words"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


_MESSAGES = {
    CircleKind.SAME_CALL: "the same call {n} times in a row, each with the same answer: {what}",
    CircleKind.ALTERNATING: "the same calls in turn, {n} times, each with the same answer: {what}",
    CircleKind.SAME_COMMAND: "this command failed {n} times in the same way, and nothing was changed between: {what}",
    CircleKind.BACK_AND_FORTH: "the same change was made {n} times and taken back in between: {what}",
    CircleKind.SAME_ERROR: "the same error came {n} times: {what}",
    CircleKind.NO_CHANGE: "the last {n} calls only read, and nothing was changed",
}
_ADVICE = {
    CircleKind.SAME_CALL: "Do something else",
    CircleKind.ALTERNATING: "Do something else",
    CircleKind.SAME_COMMAND: "Change something before you run it again",
    CircleKind.BACK_AND_FORTH: "Neither state passes: look for the cause elsewhere",
    CircleKind.SAME_ERROR: "What you try does not touch its cause: look for that elsewhere, or take another approach",
    CircleKind.NO_CHANGE: "Make the change now, or signal blocked with what is missing",
}
