"""Keeps a conversation in the store, each line before the next begins, with its events.

What is told here is told in one short transaction for each line that does not wait for the disk (docs/decisions/0032).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ostinato.agent.ports import NoRoom
from ostinato.base.clock import Clock
from ostinato.base.ids import NodeId
from ostinato.base.spending import Spending
from ostinato.base.text import clip, one_line
from ostinato.chat.messages import Message, ToolCall, ToolMessage
from ostinato.graph.actors import Actor
from ostinato.graph.budgets import Quote, Refusal
from ostinato.graph.events import EventKind
from ostinato.loop.budgets import call_for, no_room
from ostinato.loop.store_ports import StorePort
from ostinato.loop.workbench import Workbench

COMPACTED = "context made smaller:"
_SHOWN = 200


class StoredTranscript:
    """The transcript of one iteration or plan session, `owner` being its id.

    `before` is the number of steps that the conversation had before it went on: the new ones are counted after them.
    `node` is whose budget the calls count for; `quote` prices them, the bench's where none is given, and `clock` tells
    the time that they take.
    """

    def __init__(
        self,
        bench: Workbench,
        owner: str,
        actor: Actor,
        node: NodeId | None = None,
        before: int = 0,
        *,
        quote: Quote | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._bench = bench
        self._quote = quote or bench.quote
        self._clock = clock or bench.clock
        self._store = bench.store
        self._show = bench.progress
        self._owner = owner
        self._project = bench.project.id
        self._actor = actor
        self._node = node
        self._before = before
        self._spent = Spending()
        self._model = ""
        self._started = 0.0
        self._waited = 0.0

    async def begin(self, system: str, messages: tuple[Message, ...]) -> None:
        """Keep the briefing: the system prompt goes in first."""
        await self._add(0, system)
        for message in messages:
            await self._add(0, message)

    async def step_started(self, step: int, sections: dict[str, int]) -> NoRoom | None:
        """Keep the size of the request by section, and reserve what the call may use."""
        self._spent, self._model = Spending(), ""
        step += self._before
        self._show(f"step {step}: waiting for the model", self._actor.session_id)
        tokens = sum(sections.values())
        call = call_for(self._bench, self._node, tokens, self._quote) if self._node else None

        def begun(store: StorePort) -> Refusal | None:
            with store.db.transaction(lasting=False):
                refusal = store.iterations.begin_step(self._owner, step, sections, call, self._actor)
                if refusal is None:
                    self._tell(store, EventKind.STEP_STARTED, {"step": step})
                return refusal

        refusal = await self._store(begun)
        if refusal:
            return no_room(refusal)
        self._started, self._waited = self._clock.monotonic(), 0.0
        return None

    async def compacted(self, step: int, words: str, sections: dict[str, int]) -> None:
        """Keep that the request was made smaller, and its size now. It is a line for people: no model is sent it."""
        step += self._before

        def smaller(store: StorePort) -> None:
            store.iterations.begin_step(self._owner, step, sections)
            store.iterations.add_message(self._owner, step, f"{COMPACTED} {words}")

        await self._keep(smaller)

    async def failed(self, step: int, spending: Spending) -> None:
        """Keep what a failed call cost."""
        step += self._before
        await self._keep(lambda s: s.iterations.fail_step(self._owner, step, spending, ""))

    async def replied(self, step: int, message: Message, spending: Spending, model: str) -> None:
        """Keep the reply, what it cost and who answered."""
        self._spent, self._model = spending, model
        step += self._before
        await self._keep(lambda s: s.iterations.add_reply(self._owner, step, message, spending, model))

    async def tool_started(self, step: int, call: ToolCall) -> None:
        """Tell that a tool runs."""
        step += self._before
        shown = clip(one_line(call.arguments), _SHOWN)
        self._show(f"step {step}: {call.name} {shown}", self._actor.session_id)
        payload = {"step": step, "tool": call.name, "arguments": shown}
        await self._keep(None, EventKind.TOOL_STARTED, payload)

    async def tool_ended(self, step: int, message: ToolMessage, summary: str, seconds: float) -> None:
        """Keep the tool's answer."""
        step += self._before
        payload = {
            "step": step,
            "tool": message.name,
            "error": message.is_error,
            "summary": clip(one_line(summary), _SHOWN),
            "seconds": round(seconds, 3),
        }
        await self._keep(lambda s: s.iterations.add_message(self._owner, step, message), EventKind.TOOL_ENDED, payload)

    async def said(self, step: int, message: Message) -> None:
        """Keep what the harness added."""
        await self._add(step + self._before, message)

    async def circling(self, step: int, what: str, times: int, *, over: bool) -> None:
        """Tell that the agent goes in circles."""
        payload = {"step": step + self._before, "circling": clip(one_line(what), _SHOWN), "times": times}
        await self._keep(None, EventKind.LIMIT_WARNED, {**payload, "over": over})

    async def step_ended(self, step: int) -> None:
        """Close the step with its spending and the model that answered."""
        spent, model = self._spent, self._model
        step += self._before
        seconds = max(0.0, self._clock.monotonic() - self._started - self._waited)
        payload = {"step": step, "tokens": spent.tokens, "cost_usd": spent.cost_usd, "model": model}
        await self._keep(
            lambda s: s.iterations.end_step(self._owner, step, spent, model, node_id=self._node, seconds=seconds),
            EventKind.STEP_ENDED,
            payload,
        )

    async def retrying(self, step: int, why: str, seconds: float) -> None:
        """Tell that a model call waits; the wait is nobody's time."""
        self._waited += seconds
        payload = {"step": step + self._before, "why": clip(one_line(why), _SHOWN), "seconds": round(seconds, 3)}
        await self._keep(None, EventKind.LIMIT_WARNED, payload)

    async def _add(self, step: int, message: Message | str) -> None:
        await self._keep(lambda s: s.iterations.add_message(self._owner, step, message))

    async def _keep(
        self,
        work: Callable[[StorePort], object] | None,
        kind: EventKind | None = None,
        payload: Mapping[str, object] | None = None,
    ) -> None:
        """Do the work, if any, and add its event, if any: together."""

        def kept(store: StorePort) -> None:
            with store.db.transaction(lasting=False):
                if work is not None:
                    work(store)
                if kind is not None:
                    self._tell(store, kind, payload or {})

        await self._store(kept)

    def _tell(self, store: StorePort, kind: EventKind, payload: Mapping[str, object]) -> None:
        store.events.add(kind, project_id=self._project, node_id=self._node, actor=self._actor, payload=payload)
