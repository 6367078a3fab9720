"""How large requests really are: estimates mended by what a provider reports, and when a conversation must shrink."""

from __future__ import annotations

from ostinato.agent.compaction import Compaction, compacted, fits
from ostinato.agent.limits import CLEAR_AT, CLEAR_TO
from ostinato.agent.sizes import messages_tokens, size_of
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
        estimated = size_of(request)
        if not reply.reported or reply.spending.calls != 1 or not estimated:
            return
        factor = reply.spending.input / estimated
        if factor >= _LEAST_FACTOR:
            self._factors[name] = min(factor, _MOST_FACTOR)

    def refused(self, request: Request) -> None:
        """Learn that a provider found this request too long, whatever window was known."""
        self._refused = min(self._refused or size_of(request), size_of(request))

    def in_time(self, request: Request, window: int) -> Compaction | None:
        """Return smaller messages when the request comes near the window, None while there is room."""
        whole = window / self.factor
        if self._refused is not None:
            whole = min(whole, self._refused)
        if fits(request, round(whole)):
            return None
        return self._made(request, CLEAR_AT * whole, CLEAR_TO * whole)

    def after_refusal(self, request: Request, times: int) -> Compaction | None:
        """Return smaller messages for a request that was refused for its length; None when nothing more can be done.

        It was larger than the window, which may not be what was known: so it is measured by its own size.
        """
        self.refused(request)
        if times > HARDEST:
            return None
        most = size_of(request) * (0.7 if times == 1 else 0.4)
        return self._made(request, most, most * 0.7)

    @staticmethod
    def _made(request: Request, most: float, target: float) -> Compaction | None:
        around = size_of(request) - messages_tokens(request.messages)
        made = compacted(request.messages, max(0, round(most) - around), max(0, round(target) - around))
        return made if made.done else None
