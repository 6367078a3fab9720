"""create_task, log_decision, choose_option, record_outcome, revisit, record_observation: what a coder writes down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ostinato.agent.ports import ToolResult
from ostinato.base.errors import ClaimLostError
from ostinato.base.ids import NodeId
from ostinato.graph.actors import Actor
from ostinato.graph.iterations import Claim
from ostinato.graph.plan import DecisionDraft, PlanDraft, TaskDraft
from ostinato.graph.plan_format import PlanFormatError, parse_decision, parse_task
from ostinato.graph.plan_rules import check_plan
from ostinato.graph.requests import NewNode
from ostinato.graph.types import Node, NodeType, TaskDetails
from ostinato.tools.access import Ask, GraphAccess
from ostinato.tools.child_scope import child_scope
from ostinato.tools.tool import FLAG, OBJECTS, TEXT, TEXTS, Arguments, Tool, ToolRefusal, text

DECISION_ARGUMENTS = {
    "title": TEXT,
    "context": TEXT,
    "options": OBJECTS,
    "chosen": TEXT,
    "rationale": TEXT,
    "forbids_paths": TEXTS,
    "forbids_dependencies": TEXTS,
    # One is the usual case, and keeps the schema short; a plan's decisions may name several.
    "supersedes": TEXT,
}
DECISION_SAID = "Log a decision. options: {title, description, pros, cons}; chosen: a title."
TASK_ARGUMENTS = {
    "title": TEXT,
    "description": TEXT,
    "acceptance_criteria": TEXTS,
    "checks": OBJECTS,
    "judge": FLAG,
    "depends_on": TEXTS,
    "file_scope": TEXTS,
    "complexity": TEXT,
    "priority": TEXT,
}


class GraphWriting:
    """The writing tools of one iteration; counts the child tasks that were made, and what was recorded and decided."""

    def __init__(self, ask: Ask, claim: Claim, goal: NodeId, actor: Actor) -> None:
        self._ask = ask
        self._claim = claim
        self._goal = goal
        self._actor = actor
        self.children = 0
        self.recorded = 0

    def tools(self) -> tuple[Tool, ...]:
        """Return them in their order."""
        said = "Make a child task when this one is too large. checks: {command, timeout?}; depends_on: ids."
        decided = ("title", "context", "options")
        return (
            Tool("create_task", said, self._create, TASK_ARGUMENTS, ("title", "acceptance_criteria")),
            Tool("log_decision", DECISION_SAID, self._decide, DECISION_ARGUMENTS, decided),
            Tool(
                "choose_option",
                "Choose an option of an open decision.",
                self._choose,
                {"decision": TEXT, "option": TEXT, "rationale": TEXT},
                ("decision", "option", "rationale"),
            ),
            Tool(
                "record_outcome",
                "Record what something led to.",
                self._outcome,
                {"title": TEXT, "description": TEXT, "success": FLAG},
                ("title", "description", "success"),
            ),
            Tool(
                "revisit",
                "Open a decision again because of a bad outcome.",
                self._revisit,
                {"outcome": TEXT, "reason": TEXT, "new_decision": TEXT},
                ("outcome", "reason"),
            ),
            Tool(
                "record_observation",
                "Record something that later tasks should know.",
                self._observe,
                {"title": TEXT, "description": TEXT, "about": TEXT},
                ("title", "description"),
            ),
        )

    async def _create(self, arguments: Arguments) -> ToolResult:
        draft = task_draft(arguments)
        needs = tuple(NodeId(needed) for needed in draft.depends_on)

        def create(store: GraphAccess) -> Node:
            mine = store.graph.get(self._claim.task_id).task
            details = TaskDetails(
                acceptance_criteria=draft.acceptance_criteria,
                checks=draft.checks,
                file_scope=child_scope(mine.file_scope, draft.file_scope),
                complexity=draft.complexity,
                judge=draft.judge,
                # Whoever may not do something cannot have it done by a child.
                profile=mine.profile,
            )
            new = NewNode(
                *(NodeType.TASK, draft.title, draft.description, self._claim.task_id),
                priority=draft.priority,
                details=details,
                depends_on=needs,
            )
            return store.tasks.create_child(self._claim, new, self._actor)

        node = await self._write(create, *needs)
        self.children += 1
        return _made(node)

    async def _decide(self, arguments: Arguments) -> ToolResult:
        draft = decision_draft(arguments)
        replaced = tuple(NodeId(old) for old in draft.supersedes)
        work = self._claim.task_id
        node = await self._write(lambda s: s.reasoning.log_decision(work, draft, self._actor), *replaced)
        self.recorded += 1
        return _made(node)

    async def _choose(self, arguments: Arguments) -> ToolResult:
        decision, option, why = NodeId(arguments["decision"]), arguments["option"], arguments["rationale"]
        node = await self._write(lambda s: s.reasoning.choose_option(decision, option, why, self._actor), decision)
        self.recorded += 1
        return text(f"{node.id} is decided")

    async def _outcome(self, arguments: Arguments) -> ToolResult:
        title, said, good = arguments["title"], arguments["description"], arguments["success"]
        task, iteration = self._claim.task_id, self._actor.iteration_id
        return _made(
            await self._write(lambda s: s.reasoning.record_outcome(task, title, said, good, self._actor, iteration))
        )

    async def _revisit(self, arguments: Arguments) -> ToolResult:
        outcome, reason, new = NodeId(arguments["outcome"]), arguments["reason"], arguments.get("new_decision")

        def revisit(store: GraphAccess) -> Node:
            found = store.graph.get(outcome)
            if found.node_type is not NodeType.OUTCOME:
                # A decision itself is a person's to open again.
                raise ToolRefusal(f"{outcome} is a {found.node_type}, not an outcome")
            return store.reasoning.revisit(outcome, reason, new, self._actor)

        return _made(await self._write(revisit, outcome))

    async def _observe(self, arguments: Arguments) -> ToolResult:
        title, said = arguments["title"], arguments["description"]
        about = NodeId(arguments.get("about") or self._claim.task_id)
        node = await self._write(
            lambda s: s.reasoning.record_observation(self._goal, title, said, about, self._actor), about
        )
        self.recorded += 1
        return _made(node)

    async def _write(self, work: Callable[[GraphAccess], Node], *named: NodeId) -> Node:
        """Do `work` in one transaction with the claim's check. Raises ClaimLostError, and ToolRefusal for a named node
        of another project."""

        def guarded(store: GraphAccess) -> Node:
            with store.db.transaction():
                if not store.tasks.holds(self._claim):
                    raise ClaimLostError(f"the claim of {self._claim.task_id} is gone: nothing was written")
                project = store.graph.get(self._claim.task_id).project_id
                for node_id in named:
                    if store.graph.get(node_id).project_id != project:
                        raise ToolRefusal(f"there is no node {node_id} in this project")
                return work(store)

        return await self._ask(guarded)


def decision_draft(arguments: Arguments) -> DecisionDraft:
    """Return the decision that the arguments describe. Raises ToolRefusal."""
    try:
        decision = parse_decision(arguments)
    except PlanFormatError as error:
        raise ToolRefusal(str(error)) from None
    # The plan's own rules for decisions; that this plan has no tasks is not the decision's fault.
    alone = PlanDraft("-", decisions=(decision,))
    findings = [finding for finding in check_plan(alone) if finding.rule != "no-tasks"]
    if findings:
        raise ToolRefusal("; ".join(finding.message for finding in findings))
    return decision


def task_draft(arguments: Arguments) -> TaskDraft:
    """Return the task that the arguments describe. Raises ToolRefusal."""
    try:
        # A child needs no key; the plan's rules, which name tasks by theirs, do.
        draft = replace(parse_task(arguments), key="child")
    except PlanFormatError as error:
        raise ToolRefusal(str(error)) from None
    findings = check_plan(PlanDraft("-", (draft,)), known_ids=draft.depends_on)
    if findings:
        raise ToolRefusal("; ".join(finding.message for finding in findings))
    return draft


def _made(node: Node) -> ToolResult:
    return text(f"recorded as {node.id}: {node.title}")
