"""propose_plan, and what a planner logs on the way: all of it is a draft until a person accepts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ostinato.agent.ports import Signal, ToolResult
from ostinato.base.text import many
from ostinato.chat.messages import AssistantMessage, Message, ToolCall, ToolMessage
from ostinato.graph.plan import DecisionDraft, Finding, ObservationDraft, PlanDraft
from ostinato.graph.plan_format import PlanFormatError, parse_plan
from ostinato.tools.graph_writing import DECISION_ARGUMENTS, DECISION_SAID, decision_draft
from ostinato.tools.tool import OBJECTS, TEXT, TEXTS, Arguments, Tool, ToolRefusal, text
from ostinato.tools.toolbox import checked_arguments

if TYPE_CHECKING:
    from ostinato.loop.workbench import AskPerson, DraftCheck

MOST_PROPOSALS = 8
"""Proposals with findings, one after the other, after which planning ends."""

_TOLD = 3
_SAID = (
    "Propose the plan, whole. Tasks are {key, title, description, acceptance_criteria [], checks [{command, timeout?, "
    "guard?}], depends_on [key], file_scope [], complexity? small|medium|large, priority? critical|high|medium|low, "
    "judge?, replaces? [ids of open tasks]}; decisions as in log_decision. "
    "Answers findings to mend, or that the draft is accepted for review."
)


class PlanBuilder:
    """The draft of one planning conversation. A later clean proposal replaces an earlier one."""

    def __init__(self, check: DraftCheck) -> None:
        self._check = check
        self._draft: PlanDraft | None = None
        self._decisions: list[DecisionDraft] = []
        self._observations: list[ObservationDraft] = []
        self._failed = 0

    def adopt(self, draft: PlanDraft) -> None:
        """Take a draft, with all that came with it, as the one that stands: the person's, or one kept earlier."""
        # As if it had been logged: a later proposal that does not repeat the decisions must not lose them.
        self._draft = replace(draft, decisions=(), observations=(), red=())
        self._decisions, self._observations = list(draft.decisions), list(draft.observations)

    def replay(self, messages: Sequence[Message]) -> None:
        """Take up what the calls of a kept conversation logged; those that were refused or not run left nothing."""
        done = {one.call_id for one in messages if isinstance(one, ToolMessage) and not one.is_error}
        for message in messages:
            for call in message.tool_calls if isinstance(message, AssistantMessage) else ():
                if call.id in done:
                    self._take_up(call)

    def _take_up(self, call: ToolCall) -> None:
        tool = next((tool for tool in self.tools() if tool.name == call.name), None)
        try:
            arguments = checked_arguments(tool, call.arguments) if tool else {}
            if call.name == "log_decision":
                self._log(decision_draft(arguments))
            elif call.name == "record_observation":
                self._note(ObservationDraft(arguments["title"], arguments["description"]))
        except ToolRefusal:
            return

    def draft(self) -> PlanDraft | None:
        """Return the latest clean draft with all that was logged beside it, None when there is none."""
        return None if self._draft is None else self._whole(self._draft)

    def tools(self) -> tuple[Tool, ...]:
        """Return the planner's writing tools."""
        return (
            Tool("log_decision", DECISION_SAID, self._decide, DECISION_ARGUMENTS, ("title", "context", "options")),
            Tool(
                "record_observation",
                "Record an assumption, or something that the tasks should know.",
                self._observe,
                {"title": TEXT, "description": TEXT, "about": TEXT},
                ("title", "description"),
            ),
            Tool(
                "propose_plan",
                _SAID,
                self._propose,
                {"summary": TEXT, "tasks": OBJECTS, "decisions": OBJECTS},
                ("summary", "tasks"),
            ),
        )

    async def _decide(self, arguments: Arguments) -> ToolResult:
        decision = decision_draft(arguments)
        self._log(decision)
        return text(f"logged with the plan: {decision.title}")

    def _log(self, decision: DecisionDraft) -> None:
        self._decisions = [known for known in self._decisions if known.title != decision.title] + [decision]

    def _note(self, observation: ObservationDraft) -> None:
        # What was logged after a draft is saved with it, and replayed all the same.
        if observation not in self._observations:
            self._observations.append(observation)

    async def _observe(self, arguments: Arguments) -> ToolResult:
        self._note(ObservationDraft(arguments["title"], arguments["description"]))
        return text(f"recorded with the plan: {arguments['title']}")

    async def _propose(self, arguments: Arguments) -> ToolResult:
        try:
            draft = parse_plan(arguments)
        except PlanFormatError as error:
            raise ToolRefusal(f"the plan cannot be read: {error}") from None
        if draft == self._draft:
            return ToolResult("the same draft again: planning ends", signal=Signal("complete", draft.summary))
        findings = await self._check(self._whole(draft))
        if findings:
            self._failed += 1
            if self._failed >= MOST_PROPOSALS:
                return _no_end(findings, self._failed)
            listed = "\n".join(f"- {f'{f.task}: ' if f.task else ''}{f.message} [{f.rule}]" for f in findings)
            said = f"the plan is not accepted yet; mend this and propose it again, whole:\n{listed}"
            return ToolResult(said, is_error=True, summary=f"not accepted yet, {many(len(findings), 'thing')} to mend")
        self._draft = draft
        self._failed = 0
        said = f"accepted as a draft with {many(len(draft.tasks), 'task')}"
        return ToolResult(f"{said}, for the person to review; end with signal complete", summary=said)

    def _whole(self, draft: PlanDraft) -> PlanDraft:
        own = {decision.title for decision in draft.decisions}
        seen = tuple(one for one in self._observations if one not in draft.observations)
        logged = tuple(decision for decision in self._decisions if decision.title not in own)
        return replace(
            draft,
            decisions=(*logged, *draft.decisions),
            observations=(*seen, *draft.observations),
        )


def ask_tool(ask: AskPerson) -> Tool:
    """Return ask_user, which waits for the person's answer: `ask` gives it, or raises when the person has gone."""

    async def run(arguments: Arguments) -> ToolResult:
        question = arguments["question"].strip()
        if not question:
            raise ToolRefusal("question is empty: ask one thing in words")
        options = tuple(str(option).strip() for option in arguments.get("options", ()) if str(option).strip())
        return text(await ask(question, options))

    said = "Ask the person one question and wait for the answer; `options` are likely answers to pick from."
    return Tool("ask_user", said, run, {"question": TEXT, "options": TEXTS}, ("question",))


def _no_end(findings: Sequence[Finding], proposals: int) -> ToolResult:
    listed = "; ".join(f"{f'{f.task}: ' if f.task else ''}{f.message}" for f in findings[:_TOLD])
    more = f" and {len(findings) - _TOLD} more" if len(findings) > _TOLD else ""
    said = f"{proposals} proposals in a row had findings, the last: {listed}{more}"
    return ToolResult("planning ends: " + said, is_error=True, signal=Signal("blocked", said), summary=said)
