"""The Responses protocol (published by OpenAI) as a Wire, and a model that speaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ostinato.base.clock import Clock
from ostinato.chat.messages import Request
from ostinato.models.cache_key import refuses_key
from ostinato.models.endpoint import shown
from ostinato.models.failures import Endpoint, ErrorReport
from ostinato.models.limits import TransportLimits
from ostinato.models.responses_reply import ResponsesBuilder
from ostinato.models.responses_request import request_body
from ostinato.models.retry import jitter
from ostinato.models.wire import AnswerBuilder, Wire
from ostinato.models.wire_model import WireModel


def openai_model(
    name: str,
    base_url: str,
    api_key: str | None,
    *,
    limits: TransportLimits,
    clock: Clock,
    random: Callable[[], float] = jitter,
) -> WireModel:
    """Return the model `name` behind any server that speaks Responses under `base_url`."""
    key = api_key or ""
    endpoint = Endpoint(f"openai:{name}", shown(base_url), secret=key)
    return WireModel(ResponsesWire(name, key, limits), endpoint, base_url, limits=limits, clock=clock, random=random)


class ResponsesWire:
    """Responses for one model."""

    path = "/responses"

    def __init__(self, model: str, key: str, limits: TransportLimits) -> None:
        self.headers = {"authorization": f"Bearer {key}"} if key else {}
        self._model = model
        self._name = f"openai:{model}"
        self._max_output_tokens = limits.max_output_tokens
        self._effort = limits.reasoning_effort
        self._encrypted = True
        self._keyed = True

    def body(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of one streaming call."""
        return request_body(
            self._model,
            request,
            name=self._name,
            max_output_tokens=self._max_output_tokens,
            effort=self._effort,
            encrypted=self._encrypted,
            keyed=self._keyed,
        )

    def builder(self) -> ResponsesBuilder:
        """Return what takes the next answer."""
        return ResponsesBuilder(self._name)

    def is_answer(self, document: dict[str, Any]) -> bool:
        """Tell whether the document is a response."""
        return document.get("object") == "response" and isinstance(document.get("output"), list)

    def learn(self, builder: AnswerBuilder) -> None:
        """Nothing is to be learned."""

    def adapt(self, report: ErrorReport) -> bool:
        """Leave out what a server refuses by name: encrypted reasoning where a model has none, the key of the cache."""
        before = self._encrypted, self._keyed
        self._encrypted = self._encrypted and not report.param.startswith("include")
        self._keyed = self._keyed and not refuses_key(report)
        return (self._encrypted, self._keyed) != before


if TYPE_CHECKING:

    def _fits(wire: ResponsesWire) -> Wire:
        return wire
