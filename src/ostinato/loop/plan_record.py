"""How the planning of a goal stands when somebody comes back to it, and what follows from that. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from ostinato.chat.halves import whole_value
from ostinato.chat.messages import AssistantMessage, Message, ToolCall, ToolMessage, UserMessage, never_silent
from ostinato.graph.plan import PlanDraft
from ostinato.graph.plan_format import parse_plan
from ostinato.graph.sessions import Session
from ostinato.graph.types import Node

ASK = "ask_user"
PROPOSE = "propose_plan"
NOT_RUN = "not run: planning was interrupted"
SAVED = "accepted as a draft, for the person to review; then planning was interrupted"
CHANGES = "The person wants this plan changed:\n"
EDITED = "The person edited the plan by hand. This is the draft now:\n"
CRITIQUE = "A critic compared the plan with the goal and found:\n"
_SETTLED = frozenset({"accepted", "rejected"})


@dataclass(frozen=True, slots=True)
class PlanRecord:
    """What is kept of a goal's planning.

    `session` is the latest plan session, `messages` its conversation without the system prompt, `steps` the number of
    its last step; `asked` tells that a person is asked about the draft.
    """

    goal: Node
    draft: PlanDraft | None = None
    session: Session | None = None
    messages: tuple[Message, ...] = ()
    steps: int = 0
    asked: bool = False


class Return(Enum):
    """How planning goes on."""

    SHOW = "the draft waits for the person: no model is asked"
    GO_ON = "the conversation goes on where it stopped"
    AFRESH = "a new conversation, about what is left of the goal"


def way_back(record: PlanRecord) -> Return:
    """Return how to go on with a goal."""
    settled = _settled(record)
    if record.draft is not None and (record.asked or settled or not _wished_since(record.messages)):
        return Return.SHOW
    spoken = any(isinstance(message, AssistantMessage) for message in record.messages)
    return Return.AFRESH if settled or not spoken else Return.GO_ON


def _settled(record: PlanRecord) -> bool:
    """Tell whether the latest planning was decided on, in its session or over another face: its draft is gone then."""
    decided = record.draft is None and _last_draft(record.messages) >= 0
    return record.session is None or record.session.stop_reason in _SETTLED or decided


def _wished_since(messages: Sequence[Message]) -> bool:
    """Tell whether changes were asked for that no clean proposal has answered yet."""
    later = after_last_draft(messages)
    return any(isinstance(one, UserMessage) and one.text.startswith((CHANGES, CRITIQUE)) for one in later)


def _last_draft(messages: Sequence[Message]) -> int:
    """Return the place at which the draft last changed: a proposal without findings or an edit; -1 for none."""
    return max((place for place, one in enumerate(messages) if _makes_draft(one)), default=-1)


def _makes_draft(message: Message) -> bool:
    if isinstance(message, ToolMessage):
        return message.name == PROPOSE and not message.is_error
    return isinstance(message, UserMessage) and message.text.startswith(EDITED)


def after_last_draft(messages: Sequence[Message]) -> Sequence[Message]:
    """Return what was said after the last clean proposal or edit."""
    return messages[_last_draft(messages) + 1 :]


def open_calls(messages: Sequence[Message]) -> list[ToolCall]:
    """Return the calls of the last reply that have no answer, in their order."""
    for place in range(len(messages) - 1, -1, -1):
        message = messages[place]
        if isinstance(message, AssistantMessage):
            answered = {one.call_id for one in messages[place + 1 :] if isinstance(one, ToolMessage)}
            return [call for call in message.tool_calls if call.id not in answered]
    return []


def question_of(call: ToolCall) -> tuple[str, tuple[str, ...]] | None:
    """Return question and options of an `ask_user` call as it was put, None for other calls and malformed ones."""
    if call.name != ASK:
        return None
    try:
        arguments = whole_value(json.loads(call.arguments, strict=False))
        question, options = arguments["question"], arguments.get("options") or ()
        if isinstance(options, str):
            # Some models send a list as JSON inside a text, which the toolbox reads too.
            options = json.loads(options, strict=False) if options.lstrip().startswith("[") else [options]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(question, str) or not isinstance(options, list | tuple):
        return None
    return question.strip(), tuple(str(option).strip() for option in options if str(option).strip())


def answer_unheard(call: ToolCall, draft: PlanDraft | None) -> ToolMessage:
    """Return the answer to a call whose own was lost with its process: a proposal may have been saved before that."""
    if draft is not None and call.name == PROPOSE and _proposes(call, draft):
        return ToolMessage(call.id, call.name, SAVED)
    return ToolMessage(call.id, call.name, NOT_RUN, is_error=True)


def _proposes(call: ToolCall, draft: PlanDraft) -> bool:
    try:
        arguments = whole_value(json.loads(call.arguments, strict=False))
        return isinstance(arguments, dict) and parse_plan(arguments).tasks == draft.tasks
    except (ValueError, RecursionError):
        return False


def as_sent(messages: Sequence[Message]) -> tuple[Message, ...]:
    """Return a kept conversation as it was sent, and may be sent again."""
    return tuple(never_silent(one) if isinstance(one, AssistantMessage) else one for one in messages)
