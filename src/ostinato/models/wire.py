"""What a provider's protocol must say of itself, so that `models.wire_model` can speak it. Nothing here does anything.

A wire turns a Request into a body and makes a builder for each answer; connection, time-outs, failures, retries and
prices are the same for all protocols and stand elsewhere.
"""

from __future__ import annotations

from typing import Any, Protocol

from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request
from ostinato.models.failures import ErrorReport


class AnswerBuilder(Protocol):
    """Takes one answer as it comes, and gives the reply."""

    finish: str | None
    """The server's reason for the end, None while there was none; `error` for a failure without further words."""
    ended: bool
    """True after the protocol's own end mark: nothing more is read."""
    started: bool
    """True once the model said anything."""

    @property
    def reported(self) -> bool:
        """Tell whether the server has reported any usage."""
        ...

    def feed(self, document: Any) -> None:
        """Take one event, or one whole answer. What is not of the expected form in it is passed over."""
        ...

    def reply(self, request: Request, request_bytes: int) -> Reply:
        """Return what was said, without a cost. Call ids are made unique within `request`."""
        ...

    def spending(self, request_bytes: int) -> Spending:
        """Return the usage that was reported, or an estimate; no cost yet."""
        ...


class Wire(Protocol):
    """One protocol for one model. It may learn from answers what its server wants."""

    path: str
    """What is put behind the address."""
    headers: dict[str, str]
    """Beside the usual ones: the key, the protocol's version."""

    def body(self, request: Request) -> dict[str, Any]:
        """Return the JSON body of one streaming call; the same request gives the same bytes."""
        ...

    def builder(self) -> AnswerBuilder:
        """Return what takes the next answer."""
        ...

    def is_answer(self, document: dict[str, Any]) -> bool:
        """Tell whether a whole JSON document is an answer of this protocol."""
        ...

    def learn(self, builder: AnswerBuilder) -> None:
        """Look at an answer that ended well."""
        ...

    def adapt(self, report: ErrorReport) -> bool:
        """Look at a refusal; tell whether the next body will be without what was refused."""
        ...
