"""A person edits a plan by hand: the text goes to their editor, and comes back checked or with what is wrong in it.

The text lies in a file of the state directory until it is taken over, so that nothing typed is lost: not to a mistake
in it, not to an editor that fails, not to a crash.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ostinato.cli.editor import EditorError, open_in_editor
from ostinato.cli.plan_text import (
    TextError,
    is_empty,
    plan_text,
    read_plan,
    read_task,
    task_text,
    with_problems,
    without_problems,
)
from ostinato.cli.plan_view import finding_text
from ostinato.config.paths import state_directory

if TYPE_CHECKING:
    from ostinato.graph.plan import Finding, PlanDraft
    from ostinato.loop.interruption import Interruption
    from ostinato.loop.plan import Proposal

UNCHANGED = "Nothing was changed."


class Speaker(Protocol):
    """What editing needs of the conversation."""

    def say(self, text: str, style: str = "") -> None:
        """Say something to the person."""
        ...

    async def agrees(self, question: str) -> bool:
        """Ask a question whose usual answer is yes; leaving means no."""
        ...


Take = Callable[["Proposal", "PlanDraft"], Awaitable[tuple["Proposal", list["Finding"]]]]


@dataclass(frozen=True, slots=True)
class Editing:
    """What one edit is about: the task at `place`, None for the whole plan. `take` checks and saves a draft."""

    proposal: Proposal
    draft: PlanDraft
    place: int | None
    take: Take

    @property
    def file(self) -> Path:
        """Where the text lies while it is edited: by the task's key, since a changed plan has other places."""
        what = "plan" if self.place is None else f"task-{_in_file_names(self.draft.tasks[self.place].key)}"
        return state_directory(os.environ) / "edits" / f"{self.proposal.goal.id}-{what}.toml"

    def original(self) -> str:
        """Return the text that the person starts with."""
        return plan_text(self.draft) if self.place is None else task_text(self.draft, self.place)

    def read(self, text: str) -> PlanDraft:
        """Return the draft that the person's text makes. Raises TextError."""
        return read_plan(text) if self.place is None else read_task(text, self.draft, self.place)


async def edit(editing: Editing, speaker: Speaker, interruption: Interruption) -> Proposal:
    """Let the person edit until the text can be taken over or they drop it; return the proposal to go on with."""
    original = editing.original()
    text = await _beginning(editing, speaker, original)
    while True:
        try:
            text = await _edited(editing.file, text, interruption)
        except EditorError as error:
            speaker.say(f"{error}: nothing was changed.", "warn")
            _say_what_is_kept(editing.file, original, speaker)
            return editing.proposal
        if is_empty(text) or text == original:
            speaker.say(UNCHANGED)
            editing.file.unlink(missing_ok=True)
            return editing.proposal
        proposal, problems = await _taken(editing, text)
        if not problems:
            speaker.say(UNCHANGED if proposal is editing.proposal else "Your edit is in the plan.")
            editing.file.unlink(missing_ok=True)
            return proposal
        speaker.say("Not taken over yet:", "warn")
        for problem in problems:
            speaker.say(f"  ! {problem}", "warn")
        if not await speaker.agrees("Edit it again?"):
            _say_what_is_kept(editing.file, original, speaker)
            return editing.proposal
        text = with_problems(text, problems)


async def _beginning(editing: Editing, speaker: Speaker, original: str) -> str:
    """Return the text to start with: one that was kept, where the person wants it."""
    try:
        kept = without_problems(_read(editing.file))
    except (EditorError, OSError):
        return original
    if kept == original or is_empty(kept):
        return original
    go_on = await speaker.agrees("An edit that was not taken over is still there. Go on with it?")
    return kept if go_on else original


async def _taken(editing: Editing, text: str) -> tuple[Proposal, Sequence[str]]:
    try:
        changed = editing.read(text)
    except TextError as error:
        return editing.proposal, error.problems
    if (changed.summary, changed.tasks, changed.decisions, changed.observations) == (
        editing.draft.summary,
        editing.draft.tasks,
        editing.draft.decisions,
        editing.draft.observations,
    ):
        return editing.proposal, ()
    proposal, findings = await editing.take(editing.proposal, changed)
    return proposal, [finding_text(found) for found in findings]


async def _edited(file: Path, text: str, interruption: Interruption) -> str:
    """Return what the person made of `text`, without the problems that stood at its top. Raises EditorError."""
    _write(file, text)
    await open_in_editor(file, interruption)
    return without_problems(_read(file))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(text, "utf-8")


def _in_file_names(key: str) -> str:
    """Return a key as a part of a file's name, another one for each key."""
    import hashlib
    import re

    readable = re.sub(r"[^A-Za-z0-9]+", "-", key)[:40].strip("-")
    return f"{readable}-{hashlib.sha256(key.encode(errors='replace')).hexdigest()[:8]}"


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")  # with line ends of any kind
    except FileNotFoundError:
        raise EditorError("the editor left no file") from None
    except UnicodeDecodeError:
        raise EditorError(f"what the editor wrote is not UTF-8 text, and is kept in {file}") from None


def _say_what_is_kept(file: Path, original: str, speaker: Speaker) -> None:
    try:
        same = without_problems(_read(file)) == original
    except EditorError:
        return
    if same:
        file.unlink()
    else:
        speaker.say(f"What you wrote is kept; the next edit goes on with it ({file}).")
