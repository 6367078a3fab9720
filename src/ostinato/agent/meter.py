"""How large requests really are: estimates mended by what a provider reports, and when a conversation must shrink."""

from __future__ import annotations

from ostinato.agent.compaction import Compaction, compacted, fits
from ostinato.agent.limits import CLEAR_AT, CLEAR_TO
from ostinato.agent.sizes import message_tokens, size_of
from ostinato.base.remembered import Remembered
from ostinato.chat.messages import Reply, Request

_LEAST_FACTOR, _MOST_FACTOR = 0.5, 4.0
HARDEST = 2
"""How often one request is made smaller after a provider refused its length."""


class Meter:
    """Knows, for one conversation, the tokens that a model's provider counts for one estimated token."""

    def __init__(self) -> None:
        self._factors: dict[str, float] = {}
        self._last = ""
        self._refused: int | None = None
        self._sizes = Remembered(message_tokens)

    def sizes(self, request: Request) -> list[int]:
        """Return the estimated tokens of each message."""
        return self._sizes.all(request.messages)

    def size_of(self, request: Request) -> int:
        """Return the estimated tokens of the whole request, as `agent.sizes.size_of` does."""
        return size_of(request, self.sizes(request))

    @property
    def factor(self) -> float:
        """What an estimate is multiplied by, from the last report of the model that answered last; 1 before it."""
        return self._factors.get(self._last, 1.0)

    def tokens(self, estimated: int) -> int:
        """Return an estimate as the provider would count it."""
        return round(estimated * self.factor)

    def heard(self, request: Request, reply: Reply, name: str) -> None:
        """Learn from a reply. A report of less than half the estimate leaves out what was cached, and teaches nothing.

        Neither does one that stands for several calls.
        """
        self._last = name
        estimated = self.size_of(request)
        if not reply.reported or reply.spending.calls != 1 or not estimated:
            return
        factor = reply.spending.input / estimated
        if factor >= _LEAST_FACTOR:
            self._factors[name] = min(factor, _MOST_FACTOR)

    def refused(self, request: Request) -> None:
        """Learn that a provider found this request too long, whatever window was known."""
        self._refused = min(self._refused or self.size_of(request), self.size_of(request))

    def in_time(self, request: Request, window: int) -> Compaction | None:
        """Return smaller messages when the request comes near the window, None while there is room."""
        whole = window / self.factor
        if self._refused is not None:
            whole = min(whole, self._refused)
        if fits(self.size_of(request), round(whole)):
            return None
        return self._made(request, CLEAR_AT * whole, CLEAR_TO * whole)

    def after_refusal(self, request: Request, times: int) -> Compaction | None:
        """Return smaller messages for a request that was refused for its length; None when nothing more can be done.

        It was larger than the window, which may not be what was known: so it is measured by its own size.
        """
        self.refused(request)
        if times > HARDEST:
            return None
        most = self.size_of(request) * (0.7 if times == 1 else 0.4)
        return self._made(request, most, most * 0.7)

    def _made(self, request: Request, most: float, target: float) -> Compaction | None:
        around = self.size_of(request) - sum(self.sizes(request))
        made = compacted(request.messages, max(0, round(most) - around), max(0, round(target) - around))
        return made if made.done else None
