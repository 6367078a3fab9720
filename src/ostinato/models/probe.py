"""One tiny real call that says what of a model works, for `ostinato doctor --live`. It mends and stores nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ostinato.agent.ports import Model, ProviderError, ProviderRefused
from ostinato.base.clock import Clock
from ostinato.base.errors import UsageError
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request, ToolSpec, UserMessage
from ostinato.models.factory import open_model
from ostinato.models.limits import TransportLimits

OUTPUT_TOKENS = 16
"""The least that every vendor accepts as a limit."""
LONGEST_WAIT = 30.0
_PONG = ToolSpec("pong", "Answer the ping.", {"type": "object", "properties": {}, "required": []})
_PING = Request(
    "You answer with the tool `pong`.", (UserMessage("ping"),), tools=(_PONG,), max_output_tokens=OUTPUT_TOKENS
)
_NO_KEY = frozenset({401, 403})


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one call showed. For each part: True it works, False it does not, None the call did not come so far.

    `reachable`: somebody answered at the address. `key`: the key was accepted, or none is needed. `model`: the name is
    known there. `tools`: a request that offers tools is taken; `called`: the model used the one offered (one that
    reasons may have had no room to). `streams`: the answer came in pieces, so that a long one shows signs of life.
    `usage`: the provider says how many tokens a call took; else they are estimated. `milliseconds` from the question
    to the whole answer. `message` is empty when all is well, else one line that says what to change. `spending` is
    what the probe cost.
    """

    spec: str
    reachable: bool | None = None
    key: bool | None = None
    model: bool | None = None
    tools: bool | None = None
    called: bool | None = None
    streams: bool | None = None
    usage: bool | None = None
    milliseconds: int = 0
    message: str = ""
    spending: Spending = field(default_factory=Spending)

    @property
    def works(self) -> bool:
        """True when the main job can be done with this model."""
        return bool(self.reachable and self.model and self.tools)


async def probe(spec: str, env: Mapping[str, str], limits: TransportLimits, clock: Clock) -> ProbeResult:
    """Ask the model that `spec` names one short question, without retries; never raises for what is wrong with it.

    At most `OUTPUT_TOKENS` are made. Only where the request is refused for its form, it is asked again without tools,
    to tell whether they are the reason.
    """
    once = replace(
        limits,
        retries=0,
        patience=0.0,
        first_byte=min(limits.first_byte, LONGEST_WAIT),
        silence=min(limits.silence, LONGEST_WAIT),
    )
    try:
        model = open_model(spec, env=env, limits=once, clock=clock)
    except UsageError as error:
        return ProbeResult(spec, message=error.message)
    begun = clock.monotonic()
    try:
        result = await _asked(spec, model)
    finally:
        await model.close()
    return replace(result, milliseconds=round((clock.monotonic() - begun) * 1000))


async def _asked(spec: str, model: Model) -> ProbeResult:
    try:
        return _answered(spec, await model.reply(_PING))
    except UsageError as error:
        return ProbeResult(spec, message=error.message)
    except ProviderError as error:
        if not (isinstance(error, ProviderRefused) and error.status in {400, 422}):
            return failed(spec, error)
        refused = error
    try:
        reply = await model.reply(replace(_PING, tools=()))
    except ProviderError as error:
        return failed(spec, error)
    said = f"{spec} takes no tools, which every agent needs: choose another model ({refused.message})"
    return replace(_answered(spec, reply), tools=False, called=False, message=said)


def _answered(spec: str, reply: Reply) -> ProbeResult:
    called = bool(reply.message.tool_calls)
    return ProbeResult(
        spec, True, True, True, True, called, streams=reply.streamed, usage=reply.reported, spending=reply.spending
    )


def failed(spec: str, error: ProviderError) -> ProbeResult:
    """Return how far the call came, by the status of its failure. Pure."""
    status, message, cost = error.status, error.message, error.spending
    if status is None:
        # Refusals without a status are this machine's TLS or proxy; an outage without one is nobody there.
        return ProbeResult(spec, reachable=False, message=message, spending=cost)
    if status in _NO_KEY:
        return ProbeResult(spec, reachable=True, key=False, message=message, spending=cost)
    if status == 404:
        return ProbeResult(spec, reachable=True, model=False, message=message, spending=cost)
    known = True if isinstance(error, ProviderRefused) and status in {400, 402, 422, 429} else None
    return ProbeResult(spec, reachable=True, key=known, message=message, spending=cost)
