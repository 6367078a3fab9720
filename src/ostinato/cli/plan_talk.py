"""The conversation of plan mode in the terminal: the goal, the planner's questions, and what becomes of its plan.

Nothing is lost by leaving it: what was typed is in the history, and what is settled already is in the database.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from ostinato.app.answers import rejected_words
from ostinato.base.errors import UsageError
from ostinato.cli.layout import Look, look_of
from ostinato.cli.output import clean, clean_block
from ostinato.cli.plan_menu import HELP, SHORT, Choice, Wish, answer_of, choice_of
from ostinato.cli.plan_outcome import REJECTED, PlanOutcome, accepted, outcome, waiting, without_plan
from ostinato.cli.plan_view import beside, plan_lines, task_lines
from ostinato.cli.progress import Live, shown
from ostinato.cli.terminal import Terminal
from ostinato.loop.plan import Left, Proposal

if TYPE_CHECKING:
    from ostinato.app.job import Job
    from ostinato.base.ids import NodeId
    from ostinato.cli.context import Invocation
    from ostinato.graph.plan import Finding, PlanDraft, TaskDraft
    from ostinato.loop.interruption import Interruption

# Endings of a conversation after which nobody is at the terminal any more.
_OVER = frozenset({"left", "interrupted"})
GOALS, ANSWERS, CHANGES = "goals", "answers", "changes"


class Talk:
    """One conversation. It answers the planner's questions (`loop.ports.Asker`) and settles its plan."""

    def __init__(self, invocation: Invocation, job: Job, interruption: Interruption) -> None:
        self._invocation = invocation
        self._job = job
        self._interruption = interruption
        self._terminal = Terminal(interruption)
        self._live = Live()

    @contextmanager
    def progress(self) -> Iterator[None]:
        """Show what the planner does while the block runs; a question makes the screen its own meanwhile."""
        with shown(self._invocation, self._job) as live:
            self._live = live
            try:
                yield
            finally:
                self._live = Live()

    async def goal(self) -> str:
        """Return the goal in the person's words; what waits for them already is named first. Raises Left."""
        for goal, title in self._waiting():
            self.say(f"Waits for you: {title}", "warn")
            self._print(self._look().lines(f"ostinato plan --goal {goal}", "  "))
        self.say("What is wanted? Enter sends it, Alt+Enter starts a new line, Ctrl-C leaves.", "strong")
        while True:
            if text := await self._terminal.read(GOALS):
                return text
            self.say("Say in words what is wanted, or leave with Ctrl-C.")

    async def ask(self, question: str, options: tuple[str, ...]) -> str:
        """Put a question of the planner and return the answer. Raises Left."""
        if self._interruption.asked:
            raise Left
        with self._live.resting():
            self._terminal.forget_typed()
            self.say("")
            for line in clean_block(question, indent="") or [""]:
                self.say(line, "strong")
            for number, option in enumerate(options, 1):
                self._print(self._look().lines(clean(option), f"  {number}. "))
            hint = "A number or an arrow key picks one; or answer in your own words." if options else ""
            if hint:
                self.say(hint, "dim")
            while True:
                said = await self._terminal.read(ANSWERS, [clean(option) for option in options])
                answer = answer_of(_original(said, options), options)
                if answer:
                    break
                self.say("An answer in words, please; or leave with Ctrl-C: the question waits for you.")
            if answer != said:
                self._print(self._look().lines(clean(answer), "  ", style="dim"))
            return answer

    async def settle(self, proposal: Proposal) -> PlanOutcome:
        """Show the plan and do what the person wants with it, until it is accepted, rejected or left."""
        self._terminal.forget_typed()
        self._show(proposal)
        while not self._interruption.asked:
            self.say(SHORT, "dim")
            try:
                choice = choice_of(await self._terminal.read(CHANGES), [task.key for task in _tasks(proposal)])
                settled = await self._do(choice, proposal)
            except Left:
                settled = await self._later(proposal)
            except UsageError as error:
                self.say(error.message, "warn")
                continue
            if isinstance(settled, PlanOutcome):
                return settled
            proposal = settled
        return await self._later(proposal)

    def say(self, text: str, style: str = "") -> None:
        """Say something on the terminal, wrapped; the text may come from anywhere."""
        self._print(self._look().lines(clean(text), style=style))

    async def agrees(self, question: str) -> bool:
        """Ask a question whose usual answer is yes; leaving means no."""
        self.say(f"{question} [Y/n]", "strong")
        try:
            return (await self._terminal.read()).lower() in {"", "y", "yes"}
        except Left:
            return False

    async def _do(self, choice: Choice, proposal: Proposal) -> Proposal | PlanOutcome:
        """Return the proposal to go on with, or the outcome."""
        match choice.wish:
            case Wish.ACCEPT:
                return accepted(proposal, await self._job.accept(proposal))
            case Wish.LATER:
                return await self._later(proposal)
            case Wish.REJECT:
                return await self._reject(proposal)
            case Wish.EDIT:
                return await self._edit(choice.place, proposal)
            case Wish.CHANGE:
                return await self._change(choice.text, proposal)
            case Wish.SHOW if choice.place is not None:
                self._print(task_lines(choice.place, _tasks(proposal)[choice.place], self._look()))
            case Wish.SHOW:
                self._show(proposal)
            case Wish.HELP:
                if choice.text:
                    self.say(choice.text, "warn")
                self._help()
        return proposal

    async def _later(self, proposal: Proposal) -> PlanOutcome:
        await self._job.leave_plan(proposal)
        return waiting(proposal)

    async def _reject(self, proposal: Proposal) -> Proposal | PlanOutcome:
        self.say("Why? It is kept with the goal. Enter rejects the plan, Ctrl-C goes back to it.", "strong")
        try:
            why = await self._terminal.read()
        except Left:
            return proposal
        goal = await self._job.reject(proposal, why or "rejected by the person")
        return outcome(proposal, [rejected_words(goal)], REJECTED)

    async def _change(self, words: str, proposal: Proposal) -> Proposal | PlanOutcome:
        if not words:
            self.say("What should be different? Ctrl-C goes back to the plan.", "strong")
            try:
                words = await self._terminal.read(CHANGES)
            except Left:
                return proposal
            if not words:
                return proposal
        with self.progress():
            changed = await self._job.change_plan(proposal, words, self)
        if changed.draft is not None:
            self._show(changed, proposal.draft)
            if changed.draft == proposal.draft:
                self.say(f"The planner leaves the plan as it is: {changed.end.message}", "warn")
            return changed
        if changed.limit or changed.end.ending.value in _OVER:
            return await without_plan(self._job, changed)
        self.say(f"No other plan came of it ({changed.end.message or changed.end.ending.value}).", "warn")
        return proposal

    async def _edit(self, place: int | None, proposal: Proposal) -> Proposal:
        from ostinato.cli.plan_edit import Editing, edit

        if proposal.draft is None:
            return proposal
        changed = await edit(Editing(proposal, proposal.draft, place, self._take), self, self._interruption)
        if changed is not proposal:
            self._show(changed, proposal.draft)
        return changed

    async def _take(self, proposal: Proposal, draft: PlanDraft) -> tuple[Proposal, list[Finding]]:
        with self.progress():
            return await self._job.edit_plan(proposal, draft)

    def _show(self, proposal: Proposal, before: PlanDraft | None = None) -> None:
        if proposal.draft is not None:
            self.say("")
            with_it = beside(self._job, proposal, before)
            self._print(plan_lines(proposal.goal.title, proposal.draft, self._look(), with_it))

    def _waiting(self) -> list[tuple[NodeId, str]]:
        """Return id and title of the goals whose plan or question waits, the newest three."""
        store = self._job.reader()
        try:
            asked = store.approvals.open(project_id=self._job.project_id)
            goals = dict.fromkeys(one.node_id for one in asked if one.kind in {"plan", "question"})
            return [(goal, store.graph.get(goal).title) for goal in list(goals)[-3:]]
        finally:
            store.db.close()

    def _help(self) -> None:
        for word, meaning in HELP:
            self._print(self._look().lines(meaning, f"  {word:<8}", " " * 10))

    def _look(self) -> Look:
        # Asked each time: windows change their size.
        return look_of(sys.stderr)

    def _print(self, lines: Iterator[str]) -> None:
        for line in lines:
            click.echo(line, err=True, color=self._look().colour or None)


def _tasks(proposal: Proposal) -> Sequence[TaskDraft]:
    return proposal.draft.tasks if proposal.draft else ()


def _original(said: str, options: Sequence[str]) -> str:
    """Return the option that `said` stands for on the terminal, where it holds characters that are not shown."""
    return next((option for option in options if clean(option) == said), said)
