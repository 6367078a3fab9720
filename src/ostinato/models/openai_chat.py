"""The Chat Completions protocol (published by OpenAI, spoken by most servers) as a Wire, and a model that speaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ostinato.base.clock import Clock
from ostinato.base.remembered import Remembered
from ostinato.chat.messages import Message, Request
from ostinato.models.cache_key import refuses_key
from ostinato.models.chat_reply import ReplyBuilder
from ostinato.models.chat_request import message_body, request_body
from ostinato.models.endpoint import is_openai, shown
from ostinato.models.failures import Endpoint, ErrorReport
from ostinato.models.limits import TransportLimits
from ostinato.models.retry import jitter
from ostinato.models.wire import AnswerBuilder, Wire
from ostinato.models.wire_model import WireModel

_WANTED_BACK = "reasoning_content"


def openai_chat_model(
    name: str,
    base_url: str,
    api_key: str | None,
    *,
    limits: TransportLimits,
    clock: Clock,
    random: Callable[[], float] = jitter,
) -> WireModel:
    """Return the model `name` behind any server that speaks Chat Completions under `base_url`."""
    key = api_key or ""
    endpoint = Endpoint(f"openai-chat:{name}", shown(base_url), secret=key)
    wire = ChatWire(name, key, is_openai(base_url), limits)
    return WireModel(wire, endpoint, base_url, limits=limits, clock=clock, random=random)


class ChatWire:
    """Chat Completions for one model.

    `openai`: OpenAI itself answers, which takes a cache key and has its own name for the output limit.
    """

    path = "/chat/completions"

    def __init__(self, model: str, key: str, openai: bool, limits: TransportLimits) -> None:
        self.headers = {"authorization": f"Bearer {key}"} if key else {}
        self._model = model
        self._limit_field = "max_completion_tokens" if openai else "max_tokens"
        self._max_output_tokens = limits.max_output_tokens
        self._effort = limits.reasoning_effort
        self._reasoning_field: str | None = None
        self._keyed = openai
        self._remembered: Remembered[Message, dict[str, Any]] = self._anew()

    def body(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of one streaming call."""
        return request_body(
            self._model,
            request,
            limit_field=self._limit_field,
            max_output_tokens=self._max_output_tokens,
            effort=self._effort,
            keyed=self._keyed,
            made=self._remembered.all,
        )

    def _anew(self) -> Remembered[Message, dict[str, Any]]:
        field = self._reasoning_field
        return Remembered(lambda message: message_body(message, field))

    def builder(self) -> ReplyBuilder:
        """Return what takes the next answer."""
        return ReplyBuilder()

    def is_answer(self, document: dict[str, Any]) -> bool:
        """Tell whether the document has choices."""
        return bool(document.get("choices"))

    def learn(self, builder: AnswerBuilder) -> None:
        """Remember the name of the reasoning, where it is known to be wanted back by its vendors; others refuse it."""
        wanted = isinstance(builder, ReplyBuilder) and builder.reasoning_field == _WANTED_BACK
        if wanted and self._reasoning_field is None:
            self._reasoning_field = _WANTED_BACK
            self._remembered = self._anew()

    def adapt(self, report: ErrorReport) -> bool:
        """Leave out the key of the cache where it is refused by name, as an older version of the service may."""
        refused = self._keyed and refuses_key(report)
        self._keyed = self._keyed and not refused
        return refused


if TYPE_CHECKING:

    def _fits(wire: ChatWire) -> Wire:
        return wire
