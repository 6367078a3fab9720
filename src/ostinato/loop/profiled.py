"""What a profile means for an attempt: what it may have changed, and how work that changes no file is judged.

A finding is proof of its own kind: before the attempt it was not in the graph, and the harness looks whether it is
there now. The agent's word that it is done is needed too, and is never enough. Pure.
"""

from __future__ import annotations

from dataclasses import replace

from ostinato.agent.converse import ConversationEnd
from ostinato.agent.profiles import Output, Profile
from ostinato.base.globs import matches
from ostinato.base.text import clip, many, one_line
from ostinato.graph.evidence import CheckRun
from ostinato.graph.iterations import Ending
from ostinato.graph.types import Node
from ostinato.loop.decide import Action, Decision
from ostinato.loop.workbench import CoderTools
from ostinato.verify.judge import judge, refused
from ostinato.verify.types import Change, Verdict

_NOTHING = ("\0",)
"""A scope that covers no path."""
_SHOWN = 200


def harvest_scope(task: Node, profile: Profile) -> tuple[str, ...]:
    """Return where new files that commands left behind are taken for work; () for everywhere."""
    if profile.read_only:
        return _NOTHING
    return task.task.file_scope or (profile.scopes[-1] if profile.scopes else ())


def out_of_reach(profile: Profile, change: Change) -> tuple[str, ...]:
    """Return one line for each changed path that an agent of this profile may not change."""
    if change.empty:
        return ()
    if profile.read_only:
        return tuple(f"{path} was changed, and a {profile.called} changes nothing" for path in change.paths)
    passed = {path: next((one for one in profile.scopes if not matches(path, one)), ()) for path in change.paths}
    return tuple(
        f"{path} is out of reach of a {profile.called}, which writes only {', '.join(scope)}"
        for path, scope in passed.items()
        if scope
    )


def judged_by_record(
    profile: Profile, change: Change, end: ConversationEnd, tools: CoderTools, before: tuple[CheckRun, ...]
) -> Verdict | None:
    """Judge work that leaves no change. None where the agent said that it cannot go on.

    `before` are the task's checks on the base, which is the tree as it is: they must be green.
    """
    if end.ending is Ending.BLOCKED:
        return None
    lacking = _lacking(profile, end, tools)
    if lacking:
        return refused(change, lacking, ever_red=True)
    return judge(change, before, {}, ever_red=True)


def _lacking(profile: Profile, end: ConversationEnd, tools: CoderTools) -> tuple[str, ...]:
    if end.ending is not Ending.COMPLETE:
        how = end.ending.value.replace("_", " ")
        return (f"it ended ({how}) before it said that it had everything",)
    if profile.output is Output.FINDINGS:
        return () if tools.recorded() else ("it recorded nothing: findings count only as observations or decisions",)
    opinion = tools.opinion()
    if opinion is None:
        return ("it gave no verdict: a review ends with the verdict tool",)
    return () if opinion.approve else opinion.reasons


def decided_by_record(profile: Profile, tools: CoderTools, decision: Decision) -> Decision:
    """Return the decision in the words of what was recorded; what a reviewer rejects waits for a person."""
    opinion = tools.opinion()
    if opinion is not None and not opinion.approve and decision.action in {Action.RETRY, Action.FAIL}:
        reasons = "; ".join(clip(one_line(one), _SHOWN) for one in opinion.reasons)
        return Decision(Action.BLOCK, f"the {profile.called} rejects: {reasons}")
    if profile.output is Output.CHANGE or decision.action not in {Action.DONE, Action.REVIEW}:
        return decision
    what = "approved" if profile.output is Output.VERDICT else f"{many(tools.recorded(), 'finding')} recorded"
    waits = ", and a person must judge the result" if decision.action is Action.REVIEW else ""
    return replace(decision, reason=f"{what}{waits}")
