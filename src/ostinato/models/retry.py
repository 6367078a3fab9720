"""Asking again: how often, how long to wait, when to give up. It knows neither HTTP nor what an answer holds.

An outage (overload, rate limit, nobody there) is waited out: at least `retries` more tries and at least `patience`
seconds since the first failure, then ProviderDown. Anything else that is transient gets `retries` more tries, then
ProviderUnsteady. Only whole calls are repeated, and a reply that was handed out is never asked for again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from ostinato.agent.ports import OnRetry, ProviderDown, ProviderError, ProviderUnsteady
from ostinato.base.clock import Clock
from ostinato.base.ids import random_hex
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply
from ostinato.models.failures import Transient
from ostinato.models.limits import TransportLimits

FIRST_WAIT = 0.5
LONGEST_WAIT = 60.0
SHORTEST_WAIT = 0.05


def jitter() -> float:
    """Return a random number, 0 ≤ x < 1."""
    return int(random_hex(8), 16) / 0x1_0000_0000


@dataclass(frozen=True, slots=True)
class Retries:
    """The policy of one model: asks until a reply comes or patience ends."""

    model: str
    limits: TransportLimits
    clock: Clock
    random: Callable[[], float] = jitter

    async def run(self, attempt: Callable[[], Awaitable[Reply]], on_retry: OnRetry | None = None) -> Reply:
        """Return the first reply of `attempt`, its spending increased by that of the attempts that failed.

        `attempt` raises Transient or ProviderError. Raises ProviderError, carrying all that was spent. `on_retry` is
        told before each wait, and ends it with a ProviderError. Cancellation passes through.
        """
        record = _Record()
        while True:
            try:
                reply = await attempt()
            except Transient as failure:
                record.add(failure, self.clock.monotonic())
                self._give_up_if_due(record, failure)
                seconds = self._wait(record, failure)
                if on_retry is not None:
                    _tell(on_retry, failure, seconds, record)
                await self.clock.sleep(seconds)
            except ProviderError as error:
                error.spending = record.lost + error.spending
                raise
            else:
                return replace(reply, spending=record.lost + reply.spending)

    def _give_up_if_due(self, record: _Record, failure: Transient) -> None:
        limits = self.limits
        if failure.outage:
            waited = self.clock.monotonic() - record.first_at
            if failure.again and (record.failures <= limits.retries or waited < limits.patience):
                return
            tries = f"{record.failures} {'try' if record.failures == 1 else 'tries'} in {waited:.0f} s"
            message = f"{self.model} is down ({tries}): {failure.reason}; try again later or raise models.patience"
            raise ProviderDown(message, status=failure.status, spending=record.lost) from failure
        if failure.again and record.unsteady <= limits.retries:
            return
        often = "once" if record.failures == 1 else f"{record.failures} times, last"
        advice = "run it again later, or raise models.retries" if failure.again else "run it again later"
        message = f"{self.model} failed {often}: {failure.reason}; {advice}"
        raise ProviderUnsteady(message, status=failure.status, spending=record.lost) from failure

    def _wait(self, record: _Record, failure: Transient) -> float:
        ceiling = min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(record.failures - 1, 20))
        backoff = max(SHORTEST_WAIT, self.random() * ceiling)
        if not failure.hint:
            return backoff
        left = self.limits.patience - (self.clock.monotonic() - record.first_at)
        hinted = min(failure.hint, max(left, LONGEST_WAIT))
        # A server that hints at a moment again and again must not be hammered for the whole of the patience.
        return hinted if record.failures <= self.limits.retries else max(hinted, backoff)


def _tell(on_retry: OnRetry, failure: Transient, seconds: float, record: _Record) -> None:
    try:
        on_retry(failure.reason, seconds)
    except ProviderError as error:
        error.status, error.spending = failure.status, record.lost + error.spending
        raise


@dataclass(slots=True)
class _Record:
    """What one call has been through."""

    failures: int = 0
    unsteady: int = 0
    first_at: float = 0.0
    lost: Spending = field(default_factory=Spending)

    def add(self, failure: Transient, at: float) -> None:
        if not self.failures:
            self.first_at = at
        self.failures += 1
        self.unsteady += not failure.outage
        self.lost += failure.spending
