"""What a person may say to a plan, and what it means. Pure: it asks nobody and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Wish(Enum):
    """What the person wants done with the plan."""

    ACCEPT = "accept"
    EDIT = "edit"
    CHANGE = "change"
    SHOW = "show"
    REJECT = "reject"
    LATER = "later"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Choice:
    """A wish; `text` is what was said with it, `place` the task that it names, None for the whole plan."""

    wish: Wish
    text: str = ""
    place: int | None = None


SHORT = "[a]ccept  [e]dit N  [c]hange TEXT  [s]how N  [r]eject  [l]ater  [?] help"
HELP = (
    ("a", "accept the plan"),
    ("e N", "edit task N in your editor; e alone: the whole plan"),
    ("c TEXT", "ask the planner for a change, in your own words"),
    ("s N", "show all of task N; s alone: the plan again"),
    ("r", "reject the plan: its goal is cancelled"),
    ("l", "decide later; so does Ctrl-C"),
)
_WORDS = {
    **dict.fromkeys(("a", "accept", "y", "yes"), Wish.ACCEPT),
    **dict.fromkeys(("e", "edit"), Wish.EDIT),
    **dict.fromkeys(("c", "change"), Wish.CHANGE),
    **dict.fromkeys(("s", "show"), Wish.SHOW),
    **dict.fromkeys(("r", "reject", "n", "no"), Wish.REJECT),
    **dict.fromkeys(("l", "later", "q", "quit"), Wish.LATER),
    **dict.fromkeys(("?", "h", "help"), Wish.HELP),
}


def choice_of(said: str, keys: Sequence[str]) -> Choice:
    """Return what the person means; `keys` are those of the plan's tasks, in its order.

    A sentence that is no command is a change in their own words: nothing but the bare word accepts or rejects.
    """
    first, _, rest = said.strip().partition(" ")
    rest = rest.strip()
    wish = _WORDS.get(first.lower())
    whole = Choice(Wish.CHANGE, said.strip())
    if wish is None:
        return whole if rest else Choice(Wish.HELP)
    if wish is Wish.CHANGE:
        return Choice(wish, rest)
    if not rest:
        return Choice(wish)
    if wish in (Wish.EDIT, Wish.SHOW):
        place = _place(rest, keys)
        if place is not None or rest.lower() in {"all", "plan", "*"}:
            return Choice(wish, place=place)
        # One odd word is a slip, several are a sentence.
        return whole if " " in rest else Choice(Wish.HELP, f"there is no task {rest!r}")
    return whole


def _place(said: str, keys: Sequence[str]) -> int | None:
    if said in keys:
        return keys.index(said)
    number = said.removesuffix(".")
    if number.isdecimal() and 1 <= int(number) <= len(keys):
        return int(number) - 1
    return None


def answer_of(said: str, options: Sequence[str]) -> str:
    """Return the answer to a question with numbered options: the option itself, its number, or the person's words."""
    text = said.strip()
    if text in options:
        return text
    number = text.strip("().")
    if number.isdecimal() and 1 <= int(number) <= len(options):
        return options[int(number) - 1]
    return text
