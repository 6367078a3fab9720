"""propose_plan, and what a planner logs on the way: all of it is a draft until a person accepts it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from ostinato.agent.ports import Signal, ToolResult
from ostinato.graph.plan import DecisionDraft, Finding, ObservationDraft, PlanDraft
from ostinato.graph.plan_format import PlanFormatError, parse_plan
from ostinato.tools.graph_writing import DECISION_ARGUMENTS, DECISION_SAID, decision_draft
from ostinato.tools.tool import OBJECTS, TEXT, Arguments, Tool, ToolRefusal, text

Check = Callable[[PlanDraft], Awaitable[list[Finding]]]
_SAID = (
    "Propose the plan, whole. Tasks are {key, title, description, acceptance_criteria [], checks [{command, timeout?, "
    "guard?}], depends_on [key], file_scope [], complexity? small|medium|large, priority? critical|high|medium|low, "
    "judge?}. Answers findings to mend, or that the draft is accepted for review."
)


class PlanBuilder:
    """The draft of one planning conversation. A later clean proposal replaces an earlier one."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._draft: PlanDraft | None = None
        self._decisions: list[DecisionDraft] = []
        self._observations: list[ObservationDraft] = []

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
        self._decisions = [known for known in self._decisions if known.title != decision.title] + [decision]
        return text(f"logged with the plan: {decision.title}")

    async def _observe(self, arguments: Arguments) -> ToolResult:
        self._observations.append(ObservationDraft(arguments["title"], arguments["description"]))
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
            listed = "\n".join(f"- {f'{f.task}: ' if f.task else ''}{f.message} [{f.rule}]" for f in findings)
            said = f"the plan is not accepted yet; mend this and propose it again, whole:\n{listed}"
            return ToolResult(said, is_error=True, summary=f"{len(findings)} findings")
        self._draft = draft
        said = f"accepted as a draft with {len(draft.tasks)} tasks, for the person to review; end with signal complete"
        return text(said)

    def _whole(self, draft: PlanDraft) -> PlanDraft:
        own = {decision.title for decision in draft.decisions}
        logged = tuple(decision for decision in self._decisions if decision.title not in own)
        return replace(
            draft,
            decisions=(*logged, *draft.decisions),
            observations=(*self._observations, *draft.observations),
        )
