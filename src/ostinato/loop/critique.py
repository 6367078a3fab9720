"""A critic looks at a clean draft with fresh eyes, and the planner answers; bounded, and never in the way of the plan.

What the critic still says in the end is shown with the proposal. Whether to accept it is the person's business.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial

from ostinato.agent.converse import ConversationEnd, converse
from ostinato.agent.fence import fenced
from ostinato.agent.limits import ConversationLimits
from ostinato.agent.ports import ProviderError
from ostinato.agent.profiles import limits_for
from ostinato.agent.steering import Steering
from ostinato.base.text import clip, one_line
from ostinato.graph.iterations import Ending
from ostinato.graph.plan import Criticism, Critique, PlanDraft
from ostinato.graph.plan_format import to_arguments
from ostinato.loop.briefs import brief_critic
from ostinato.loop.gate import forbidden
from ostinato.loop.plan_record import CRITIQUE
from ostinato.loop.planning import Planning, Proposal
from ostinato.loop.steering import only_waiting
from ostinato.loop.transcript import StoredTranscript
from ostinato.loop.workbench import Critic

MOST_ROUNDS = 2
"""How often the planner answers a critique; the critic looks once more after the last answer."""

_ANSWER = (
    "\nMend what is right with `propose_plan`, the plan whole; where a finding is wrong, leave it and say why when you "
    "end with `signal` complete."
)


async def criticised(planning: Planning, proposal: Proposal, critic: Critic) -> Proposal:
    """Return the proposal as it stands after the critique, with what the critic still says."""
    before = ""
    for place in range(MOST_ROUNDS + 1):
        if proposal.draft is None:
            return proposal
        critique, end = await _look(planning, proposal.draft, critic, place + 1, before)
        if end.ending is Ending.INTERRUPTED:
            # The draft is kept; nobody who asked to stop shall be asked whether to accept, or have it accepted.
            return replace(proposal, draft=None, end=end)
        proposal = replace(proposal, critique=critique, limit=planning.run.limit)
        if critique.approved or not critique.findings or critique.note or place == MOST_ROUNDS:
            return proposal
        proposal, before = await _answered(planning, proposal, critique)
        if proposal.critique is not None and proposal.critique.note:
            return proposal
    return proposal


async def _answered(planning: Planning, proposal: Proposal, critique: Critique) -> tuple[Proposal, str]:
    """Let the planner answer; where it cannot, the former draft stands, with what the critic said and why."""
    listed = fenced("\n".join(map(told, critique.findings)))
    try:
        answer = await planning.go_on(f"{CRITIQUE}{listed}{_ANSWER}")
    except ProviderError as error:
        return replace(proposal, critique=replace(critique, note=f"the planner could not answer: {error.message}")), ""
    if answer.end.ending in {Ending.INTERRUPTED, Ending.LEFT} or answer.draft is not None:
        return answer, f"{listed}\n\nThe planner: {clip(one_line(answer.end.message), 1_000)}"
    why = answer.limit or answer.end.message or answer.end.ending.value
    note = f"the planner did not answer: {clip(one_line(why), 200)}"
    return replace(proposal, critique=replace(critique, note=note), limit=answer.limit), ""


async def _look(
    planning: Planning, draft: PlanDraft, critic: Critic, number: int, before: str
) -> tuple[Critique, ConversationEnd]:
    run, policy = planning.run, planning.run.bench.policy
    owner = f"{run.session.id}/critic-{number}"
    run.bench.progress("a critic looks at the plan", run.session.id)
    plan = json.dumps(to_arguments(draft), ensure_ascii=False, indent=1)
    briefing = await brief_critic(run.bench, run.goal, plan, before)
    tools, given = critic.tools(run.session)
    transcript = StoredTranscript(run.bench, owner, run.actor(), run.goal.id, quote=critic.quote)
    limits = ConversationLimits(policy.steps, policy.tokens, policy.seconds, policy.circles, policy.cost)
    limits = limits_for(run.bench.crew.profile("critic"), limits)
    steering = Steering(partial(forbidden, run), only_waiting(run))
    end = await converse(briefing, critic.model, tools, transcript, limits, run.bench.clock, steering)
    await planning.spent(end)
    found = given()
    if found is not None:
        return found, end
    why = run.limit or end.message or end.ending.value
    return Critique(note=f"the critic gave no verdict: {clip(one_line(why), 200)}"), end


def told(finding: Criticism) -> str:
    """Return one criticism as a line for the planner."""
    about = f"{finding.task}: " if finding.task else ""
    advice = f" Suggested: {one_line(finding.suggestion)}" if finding.suggestion else ""
    return f"- {about}{one_line(finding.problem)}{advice}"
