"""The Messages protocol (published by Anthropic) as a Wire, and a model that speaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ostinato.base.clock import Clock
from ostinato.chat.messages import Request
from ostinato.models.endpoint import shown
from ostinato.models.failures import Endpoint, ErrorReport
from ostinato.models.limits import TransportLimits
from ostinato.models.messages_reply import MessagesBuilder
from ostinato.models.messages_request import request_body
from ostinato.models.retry import jitter
from ostinato.models.wire import AnswerBuilder, Wire
from ostinato.models.wire_model import WireModel

_VERSION = "2023-06-01"
_MOST_OUTPUT = 32_000
"""The protocol wants a limit: the largest that every model since Claude 4 takes."""


def anthropic_model(
    name: str,
    base_url: str,
    api_key: str | None,
    *,
    limits: TransportLimits,
    clock: Clock,
    random: Callable[[], float] = jitter,
) -> WireModel:
    """Return the model `name` behind any server that speaks Messages; `base_url` may end in /v1 or not."""
    key = api_key or ""
    endpoint = Endpoint(f"anthropic:{name}", shown(base_url), "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", secret=key)
    path = "/messages" if urlsplit(base_url).path.rstrip("/").endswith("/v1") else "/v1/messages"
    wire = MessagesWire(name, key, path, limits)
    return WireModel(wire, endpoint, base_url, limits=limits, clock=clock, random=random)


class MessagesWire:
    """Messages for one model."""

    def __init__(self, model: str, key: str, path: str, limits: TransportLimits) -> None:
        self.path = path
        self.headers = {"anthropic-version": _VERSION} | ({"x-api-key": key} if key else {})
        self._model = model
        self._name = f"anthropic:{model}"
        # A window that is small must not be filled by the room for the answer alone.
        self._max_output_tokens = limits.max_output_tokens or min(_MOST_OUTPUT, limits.context_window // 4)
        self._effort = limits.reasoning_effort

    def body(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of one streaming call."""
        return request_body(
            self._model,
            request,
            name=self._name,
            max_output_tokens=self._max_output_tokens,
            effort=self._effort,
        )

    def builder(self) -> MessagesBuilder:
        """Return what takes the next answer."""
        return MessagesBuilder(self._name)

    def is_answer(self, document: dict[str, Any]) -> bool:
        """Tell whether the document is a message."""
        return document.get("type") == "message" and isinstance(document.get("content"), list)

    def learn(self, builder: AnswerBuilder) -> None:
        """Nothing is to be learned."""

    def adapt(self, report: ErrorReport) -> bool:
        """Change nothing: what the vendor refuses here is for the person to change."""
        return False


if TYPE_CHECKING:

    def _fits(wire: MessagesWire) -> Wire:
        return wire
