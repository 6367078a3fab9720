"""One event of the stream as lines for a person. It does not print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ostinato.base.text import clip
from ostinato.cli.output import clean
from ostinato.graph.events import Event, EventKind

if TYPE_CHECKING:
    from ostinato.base.spending import Spending
    from ostinato.store.store import Store

_WIDTH = 140
_MARKS = {"passed": "✔", "failed": "✗", "inconclusive": "?"}
_PHASES = {"plan": "on the base", "base": "on the base", "attempt": "check", "proof": "proof"}

# The reasons of the last two say it themselves.
_DECIDED = {"release": "given back", "fail": "failed", "block": "blocked", "park": "", "split": ""}


class EventLines:
    """Turns events into lines; remembers what the session spent and, in `now`, what it does."""

    def __init__(self, store: Store, spent: Spending | None = None) -> None:
        """`spent` is what the session spent before the first event that will come."""
        self._store = store
        self._tokens = spent.tokens if spent else 0
        self._cost: float | None = spent.cost_usd if spent else 0.0
        self.now = ""
        self._forms: dict[EventKind, Callable[[Event, dict[str, Any]], Iterator[str]]] = {
            EventKind.SESSION_STARTED: self._session_started,
            EventKind.ITERATION_STARTED: self._iteration_started,
            EventKind.TOOL_ENDED: self._tool_ended,
            EventKind.CHECK_ENDED: self._check_ended,
            EventKind.VERDICT: self._verdict,
            EventKind.COMMIT: self._commit,
            EventKind.ITERATION_ENDED: self._iteration_ended,
            EventKind.LIMIT_REACHED: self._limit_reached,
            EventKind.LIMIT_WARNED: self._limit_warned,
            EventKind.RECOVERED: self._recovered,
            EventKind.STEP_ENDED: self._step_ended,
            EventKind.NOTE_ADDED: self._note_added,
            EventKind.NODE_UPDATED: self._node_updated,
        }

    @property
    def spent(self) -> str:
        """Tokens and cost so far, for the eye."""
        cost = "" if self._cost is None else f" ${self._cost:.2f}"
        return f"{self._tokens:,} tokens{cost}" if self._tokens else ""

    def of(self, event: Event) -> Iterator[str]:
        """Yield the lines of one event; most kinds have none."""
        self.now = _now(event, self.now)
        form = self._forms.get(event.kind)
        if form is not None:
            yield from (clip(line, _WIDTH) for line in form(event, event.payload))

    def _session_started(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        yield f"● {clean(payload.get('kind', 'session'))} session {event.session_id}"

    def _iteration_started(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        node = self._store.graph.find(event.node_id) if event.node_id else None
        title = clean(node.title) if node else ""
        yield f"▶ {event.node_id} {title} (attempt {payload.get('attempt', '?')})"

    def _tool_ended(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        mark = "!" if payload.get("error") else "·"
        said = f"{clean(payload.get('tool'))} {clean(payload.get('summary', ''))}".rstrip()
        yield f"  {mark} {payload.get('step')} {said}"

    def _check_ended(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        mark = _MARKS.get(str(payload.get("status")), "?")
        phase = _PHASES.get(str(payload.get("phase")), "check")
        flaky = " (flaky)" if payload.get("flaky") else ""
        took = f"{float(payload.get('seconds', 0)):.1f} s"
        # On the base a red check is what is wanted: it gets no alarming mark.
        shown = "○" if mark == "✗" and phase != "check" and phase != "proof" else mark
        # What matters comes before the command, which may be long and is cut.
        yield f"  {shown} {phase} {clean(payload.get('status'))}{flaky} in {took}: {clean(payload.get('command'))}"

    def _verdict(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        if payload.get("verdict") != "passed":
            yield f"  ✗ {clean(payload.get('verdict'))}: {clean('; '.join(payload.get('reasons', ())))}"

    def _commit(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        yield f"  ✔ committed {clean(payload.get('commit'))[:10]}"

    def _iteration_ended(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        decision = str(payload.get("decision"))
        if decision != "done":
            said = _DECIDED.get(decision, decision)
            yield f"  ● {event.node_id}: {clean(f'{said}: ' if said else '')}{clean(payload.get('reason', ''))}"
            if payload.get("circling"):
                yield f"  ! {clean(payload['circling'])}"
        elif payload.get("ending") == "none":
            yield f"  ✔ {event.node_id}: {clean(payload.get('reason', 'done'))}"

    def _limit_reached(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        yield f"! limit reached: {clean(payload.get('detail'))}"

    def _limit_warned(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        if "why" in payload:
            seconds = payload.get("seconds")
            again = f"; again in {seconds} s" if seconds else ""
            yield f"  ! the model's provider: {clean(payload['why'])}{again}"
        elif "circling" in payload:
            told = "its conversation ends" if payload.get("over") else "the agent is told"
            yield f"  ! in circles, {told}: {clean(payload['circling'])}"
        else:
            whose = f" of {clean(payload['of'])}" if "of" in payload else ""
            yield f"! 80 % of the limit{whose} is used: {clean(payload.get('limit'))}"

    def _recovered(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        yield f"● recovered: {clean(payload.get('what', ''))}"

    def _note_added(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        yield f"● you said: {clean(payload.get('text', ''))}"

    def _node_updated(self, event: Event, payload: dict[str, Any]) -> Iterator[str]:
        if payload.get("paused") is True:
            yield f"● {event.node_id} is paused: `ostinato resume {event.node_id}` lets it go on"
        elif payload.get("paused") is False:
            yield f"● {event.node_id} goes on"
        elif "budget" in payload:
            yield f"● the budget of {event.node_id} was changed"

    def _step_ended(self, _event: Event, payload: dict[str, Any]) -> Iterator[str]:
        self._tokens += int(payload.get("tokens") or 0)
        cost = payload.get("cost_usd")
        self._cost = None if cost is None or self._cost is None else self._cost + float(cost)
        yield from ()


def _now(event: Event, before: str) -> str:
    """Return what runs after the event, as far as events tell it."""
    step = f"step {event.payload.get('step')}"
    match event.kind:
        case EventKind.STEP_STARTED:
            return f"{step}: waiting for the model"
        case EventKind.TOOL_STARTED:
            return f"{step}: {event.payload.get('tool')} {event.payload.get('arguments', '')}"
        case EventKind.ITERATION_STARTED:
            return "on the base"
        case EventKind.STEP_ENDED | EventKind.ITERATION_ENDED:
            return "working"
        case EventKind.NODE_UPDATED if "paused" in event.payload:
            return "paused" if event.payload["paused"] else "going on"
        case _:
            return before
