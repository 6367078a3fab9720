"""What a conversation needs from outside, on one screen: a model, tools, a place where steps are kept.

The errors a Model may raise, known by status, header and error type, never by words:

    ProviderError                 every failure of a provider; exit code 7
    ├── ProviderRefused           authentication, unknown model, bad request: stops the session at once
    ├── ProviderDown              an outage that outlasted the patience configured: stops the session
    ├── ProviderUnsteady          this conversation failed again and again (cut streams, 500s): ends the iteration
    ├── ContextTooLong            the request does not fit: it is made smaller and tried again, twice
    └── GivenUp                   the call was waiting for its next try when the conversation was ended from outside
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ostinato.base.errors import OstinatoError
from ostinato.base.spending import Spending
from ostinato.chat.messages import Message, Reply, Request, ToolCall, ToolMessage, ToolSpec
from ostinato.graph.iterations import Ending


class ProviderError(OstinatoError):
    """A model's provider failed. `spending` is what the failed calls still cost."""

    kind = "provider_failed"
    exit_code = 7

    def __init__(self, message: str, *, status: int | None = None, spending: Spending | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.spending = spending or Spending()


class ProviderRefused(ProviderError):
    """The provider will never accept this: key, model name or request are wrong. The message says what to change."""


class ProviderDown(ProviderError):
    """Overloaded, rate limited or out of reach for longer than the patience configured."""


class ProviderUnsteady(ProviderError):
    """Retries of this one call were used up while the provider answered something."""


class ContextTooLong(ProviderError):
    """The request is larger than the model's context window."""


class Suspended(Exception):
    """A tool waits for a person who has gone: the conversation ends with that call unanswered, and can go on later."""


class GivenUp(ProviderError):
    """No further try is wanted: the person stops the run, a limit is reached, or the claim is gone."""


OnRetry = Callable[[str, float], None]
"""Told of each wait: why, and for how many seconds. It may raise a ProviderError, which ends the waiting."""


class Model(Protocol):
    """A language model behind one provider's protocol."""

    name: str
    """As the person writes it: `provider:model`."""

    @property
    def context_window(self) -> int:
        """Tokens, input and output together, of the model that is asked next."""
        ...

    async def reply(self, request: Request, on_retry: OnRetry | None = None) -> Reply:
        """Ask once; transient failures are retried inside. Raises ProviderError. Cancellation passes through."""
        ...

    async def close(self) -> None:
        """Release connections."""
        ...


@dataclass(frozen=True, slots=True)
class Signal:
    """How a tool call ends the conversation: `complete` or `blocked` with the agent's own words."""

    outcome: str
    message: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered. Only `text` reaches the model; `summary` is one line for people.

    `wrote` is the path of a file that it wrote and a digest of what that holds now.
    """

    text: str
    is_error: bool = False
    signal: Signal | None = None
    summary: str = ""
    wrote: tuple[str, str] | None = None


class Tools(Protocol):
    """The tools of one conversation, bound to its checkout, task and profile."""

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return the tools in a stable order: the same profile gives the same bytes."""
        ...

    async def run(self, call: ToolCall) -> ToolResult:
        """Run one call. A failing tool, malformed arguments and an unknown name are results, never exceptions.

        Raises ClaimLostError when the store refuses the claim's token, Suspended when the person who is asked has gone,
        and MachineError when the sandbox or the database cannot be used any more; cancellation passes through.
        """
        ...


class NoRoom(NamedTuple):
    """How a budget ends a conversation, and what it says."""

    ending: Ending
    message: str


class Transcript(Protocol):
    """Where the conversation is kept, each line before the next begins."""

    async def begin(self, system: str, messages: tuple[Message, ...]) -> None:
        """Keep the briefing."""
        ...

    async def step_started(self, step: int, sections: dict[str, int]) -> NoRoom | None:
        """A model call begins; `sections` are the estimated tokens of the request by section.

        Returns why it may not be made where a budget forbids it: nothing is kept of that step then.
        """
        ...

    async def failed(self, step: int, spending: Spending) -> None:
        """The model call failed for good; `spending` is what it cost all the same."""
        ...

    async def compacted(self, step: int, words: str, sections: dict[str, int]) -> None:
        """The step's request was made smaller: `words` say how, `sections` are what it holds now."""
        ...

    async def replied(self, step: int, message: Message, spending: Spending, model: str) -> None:
        """`model` answered, named as `provider:model`."""
        ...

    async def tool_started(self, step: int, call: ToolCall) -> None:
        """A tool call begins."""
        ...

    async def tool_ended(self, step: int, message: ToolMessage, summary: str, seconds: float) -> None:
        """A tool call ended."""
        ...

    async def said(self, step: int, message: Message) -> None:
        """The harness added a message of its own (a nudge, a warning)."""
        ...

    async def circling(self, step: int, what: str, times: int, *, over: bool) -> None:
        """The agent goes in circles, `what` being repeated; it is told, or the conversation is `over`."""
        ...

    async def step_ended(self, step: int) -> None:
        """All calls of the step are answered."""
        ...

    async def retrying(self, step: int, why: str, seconds: float) -> None:
        """A model call waits before it is tried again."""
        ...
