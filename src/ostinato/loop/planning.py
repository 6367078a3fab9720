"""A plan session under way: the planner's conversation, its draft, and what the person says in between.

Everything that counts is in the store before the next thing begins, so that another session can go on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from ostinato.agent.briefing import Briefing
from ostinato.agent.converse import ConversationEnd, converse
from ostinato.agent.fence import escaped
from ostinato.agent.limits import ConversationLimits
from ostinato.agent.profiles import limits_for
from ostinato.agent.steering import Steering
from ostinato.base.ids import NodeId
from ostinato.base.spending import Spending
from ostinato.chat.messages import Message, ToolMessage, UserMessage
from ostinato.graph.iterations import Ending
from ostinato.graph.plan import Critique, Finding, PlanDraft
from ostinato.graph.sessions import Session
from ostinato.graph.types import Node
from ostinato.loop import plan_record
from ostinato.loop.base_check import check_base
from ostinato.loop.draft_check import DraftChecker
from ostinato.loop.gate import forbidden
from ostinato.loop.ports import Asker
from ostinato.loop.questions import Left, Questions, WorkingClock
from ostinato.loop.steering import GoalInbox, notes_of
from ostinato.loop.transcript import StoredTranscript
from ostinato.loop.workbench import PlannerTools, Run


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a plan session came to up to now. The session stays open until it is accepted, rejected or left.

    `draft` passed the model-free checks and is saved; None where the conversation ended without one, `end` says how.
    `critique` is what a critic still says, where one was asked; `replaced` are the open tasks whose place it takes.
    """

    goal: Node
    session: Session
    draft: PlanDraft | None
    end: ConversationEnd
    limit: str | None = None
    critique: Critique | None = None
    replaced: tuple[NodeId, ...] = ()


class Planning:
    """One plan session: the only state that plan mode has, and all of it can be made anew from the store."""

    def __init__(self, run: Run, base: str, asker: Asker | None, *, made: bool) -> None:
        self.run = run
        self.base = base
        self.made = made
        """True when this session made the goal: without anything learned, the goal goes with it."""
        self.steps = 0
        self.questions = Questions(run, asker)
        self.checker = DraftChecker(run)
        self.tools: PlannerTools = run.bench.planner_tools(
            self._checked, self.questions.put if self.questions.somebody else None, run.session
        )
        self._briefing: Briefing | None = None
        self._inbox = GoalInbox(run, ())
        self._proposed = 0
        self._saved: PlanDraft | None = None
        self._ready = False
        self._worked = 0.0

    async def prepare(self) -> None:
        """Bring both checkouts to the base, once. Raises MachineError where the project's checks cannot run there."""
        if not self._ready:
            await check_base(self.run, self.base)
            await self.run.bench.places.work.reset(self.base)
            self._ready = True

    async def begin(self, briefing: Briefing) -> Proposal:
        """Hold a new conversation."""
        self._briefing = briefing
        await self._open_inbox([briefing.user])
        await self.prepare()
        return await self._talk(())

    async def carry_on(self, briefing: Briefing, record: plan_record.PlanRecord) -> None:
        """Take up what an earlier session left: its draft, what was logged since, its steps."""
        self._briefing = briefing
        await self._open_inbox([message.text for message in record.messages])
        self.steps = record.steps
        self._saved = record.draft
        if record.draft is not None:
            self.tools.adopt(record.draft)
            self.tools.replay(plan_record.after_last_draft(record.messages))
        else:
            self.tools.replay(record.messages)
        unheard = plan_record.open_calls(record.messages)
        if not any(plan_record.question_of(call) for call in unheard):
            for call in unheard:
                await self._keep(plan_record.answer_unheard(call, record.draft))

    async def go_on(self, words: str) -> Proposal:
        """Let the planner go on, `words` being the next message to it; its open questions are answered first."""
        await self.prepare()
        self.run.started, self.run.waited = self.run.bench.clock.monotonic() - self._worked, 0.0
        try:
            await self._answer_open()
        except Left:
            return self._proposal(_nothing_said(Ending.LEFT, "a question waits for an answer"), None)
        await self.say(words)
        return await self._talk(plan_record.as_sent(await self._messages()))

    async def say(self, words: str) -> None:
        """Keep a message to the planner; calls that are still open are answered as not run."""
        for call in plan_record.open_calls(await self._messages()):
            await self._keep(ToolMessage(call.id, call.name, plan_record.NOT_RUN, is_error=True))
        await self._keep(UserMessage(words))

    async def adopt(self, draft: PlanDraft) -> tuple[PlanDraft, list[Finding]]:
        """Check a draft of the person's, take it where nothing is wrong with it, and return it as it was saved."""
        await self.prepare()
        findings = await self._checked(draft)
        if findings or self._saved is None:
            return draft, findings
        self.tools.adopt(self._saved)
        return self._saved, []

    def shown(self, draft: PlanDraft, words: str = "") -> Proposal:
        """Return a proposal of a draft that no model was asked for."""
        return self._proposal(_nothing_said(Ending.NONE, words or draft.summary), draft)

    async def _talk(self, earlier: tuple[Message, ...]) -> Proposal:
        run, bench, policy = self.run, self.run.bench, self.run.bench.policy
        assert self._briefing is not None, "a conversation has a briefing"
        limits = ConversationLimits(policy.steps, policy.tokens, policy.seconds, policy.circles, policy.cost)
        limits = limits_for(bench.crew.profile("planner"), limits)
        before, clock = self._proposed, WorkingClock(bench.clock, self.questions)
        transcript = StoredTranscript(bench, run.session.id, run.actor(), run.goal.id, self.steps, clock=clock)
        briefing = replace(self._briefing, earlier=earlier)
        steering = Steering(partial(forbidden, run), self._inbox)
        end = await converse(briefing, bench.model, self.tools.tools, transcript, limits, clock, steering)
        await self.spent(end)
        self.steps += end.steps
        stands_by = end.ending in {Ending.COMPLETE, Ending.TEXT}
        draft = await self._drafted() if stands_by or self._proposed > before else None
        if end.error is not None and draft is None:
            raise end.error
        # A new draft is kept when the person interrupts, but nobody who asked to stop is asked to accept it.
        return self._proposal(end, None if end.ending is Ending.INTERRUPTED else draft)

    async def _drafted(self) -> PlanDraft | None:
        """Return the draft that stands, None without one; what was logged since it was saved is saved with it."""
        draft = self.tools.draft()
        if draft is None or self._saved is None:
            return None
        whole = replace(draft, red=self._saved.red)
        if whole != self._saved:
            await self._save(whole)
        return whole

    async def _open_inbox(self, sent: list[str]) -> None:
        """Take as told the notes of the person whose words stand in what the planner has been sent already."""
        notes = await notes_of(self.run)
        told = [note for note in notes if any(escaped(note.text.strip()) in text for text in sent)]
        self._inbox = GoalInbox(self.run, told)

    async def spent(self, end: ConversationEnd) -> None:
        """Count what a conversation of this session has used."""
        run = self.run
        run.spending = run.spending + end.spending
        if end.ending is Ending.SESSION_LIMIT:
            run.limit = run.limit or end.message
        self._worked = run.used().seconds
        await run.bench.store(lambda s: s.sessions.add_spending(run.session.id, end.spending))

    async def _checked(self, draft: PlanDraft) -> list[Finding]:
        """Check a draft; a clean one is saved at once, so that no crash can take it."""
        findings = await self.checker.check(draft)
        if not findings:
            await self._save(replace(draft, red=self.checker.red_of(draft)))
            self._proposed += 1
        return findings

    async def _save(self, draft: PlanDraft) -> None:
        self._saved = draft
        await self.run.bench.store(lambda s: s.plans.save_draft(self.run.goal.id, draft))

    async def _answer_open(self) -> None:
        """Answer the calls that an interrupted session left open: questions by the person, others as not run."""
        for call in plan_record.open_calls(await self._messages()):
            asked = plan_record.question_of(call)
            if asked is None:
                await self._keep(plan_record.answer_unheard(call, self._saved))
            else:
                await self._keep(ToolMessage(call.id, call.name, await self.questions.put_again(*asked)))

    async def _messages(self) -> tuple[Message, ...]:
        return (await self.run.bench.store(lambda s: s.plans.record(self.run.goal.id))).messages

    async def _keep(self, message: Message) -> None:
        session, step = self.run.session.id, self.steps
        await self.run.bench.store(lambda s: s.iterations.add_message(session, step, message))

    def _proposal(self, end: ConversationEnd, draft: PlanDraft | None) -> Proposal:
        named = dict.fromkeys(NodeId(old) for task in draft.tasks for old in task.replaces) if draft else ()
        return Proposal(self.run.goal, self.run.session, draft, end, self.run.limit, replaced=tuple(named))


def _nothing_said(ending: Ending, message: str) -> ConversationEnd:
    return ConversationEnd(ending, message, 0, 0, Spending())
