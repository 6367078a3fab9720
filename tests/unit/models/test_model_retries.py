"""How often a call is tried, how long is waited, when patience ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.agent.ports import ContextTooLong, ProviderDown, ProviderUnsteady
from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage, Reply
from ostinato.models.failures import Transient
from ostinato.models.limits import TransportLimits
from ostinato.models.retry import Retries, jitter
from ostinato.testing.fake_clock import FakeClock

SAID = Reply(AssistantMessage("ok"), Spending(input=1, calls=1))


def retries(clock: FakeClock, random: float = 1.0, **limits: Any) -> Retries:
    return Retries("m", TransportLimits(**limits), clock, lambda: random)


def playing(failures: Iterator[Exception]):
    async def attempt() -> Reply:
        for failure in failures:
            raise failure
        return SAID

    return attempt


async def test_waits_double_up_to_a_minute_when_the_jitter_is_full() -> None:
    clock = FakeClock(tick=0.0)
    await retries(clock, patience=1e9).run(playing(Transient("x", outage=True) for _ in range(10)))
    assert clock.slept == [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_patience_ends_when_the_jitter_is_always_nothing() -> None:
    clock = FakeClock(tick=0.0)
    with pytest.raises(ProviderDown):
        await retries(clock, random=0.0, patience=10.0).run(playing(iter(lambda: Transient("x", outage=True), None)))
    assert clock.monotonic() >= 10.0


async def test_outages_do_not_count_as_stumbles_when_both_happen() -> None:
    clock = FakeClock(tick=0.0)
    mixed = [Transient("busy", outage=True)] * 10 + [Transient("cut")] * 2 + [Transient("busy", outage=True)] * 3
    assert await retries(clock, retries=2).run(playing(iter(mixed))) == SAID


async def test_stumbles_end_the_call_when_they_are_more_than_allowed() -> None:
    mixed = [Transient("busy", outage=True), Transient("cut"), Transient("busy", outage=True), Transient("cut")]
    with pytest.raises(ProviderUnsteady, match="cut"):
        await retries(FakeClock(), retries=1).run(playing(iter(mixed)))


async def test_server_is_not_hammered_when_it_hints_at_a_moment_for_ever() -> None:
    clock, calls = FakeClock(tick=0.0), 0

    async def attempt() -> Reply:
        nonlocal calls
        calls += 1
        raise Transient("busy", outage=True, hint=0.001)

    with pytest.raises(ProviderDown):
        await retries(clock, patience=600.0).run(attempt)
    assert calls < 30


async def test_spending_of_failures_is_in_the_reply_and_in_the_error() -> None:
    lost = Transient("cut", spending=Spending(output=5, calls=1))
    reply = await retries(FakeClock()).run(playing(iter([lost, lost])))
    assert (reply.spending.output, reply.spending.calls) == (10, 3)
    with pytest.raises(ContextTooLong) as caught:
        await retries(FakeClock()).run(playing(iter([lost, ContextTooLong("too long")])))
    assert caught.value.spending.output == 5


def test_jitter_lies_between_nothing_and_one() -> None:
    assert all(0.0 <= jitter() < 1.0 for _ in range(100))


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1e6) | st.none()), max_size=60), st.floats(0, 1))
async def test_call_always_ends_and_waits_within_bounds_whatever_fails(
    failures: list[tuple[bool, float | None]], random: float
) -> None:
    clock = FakeClock(tick=0.0)
    script = iter([Transient("x", outage=outage, hint=hint) for outage, hint in failures])
    with suppress(ProviderDown, ProviderUnsteady):
        assert await retries(clock, random=random, patience=600.0).run(playing(script)) == SAID
    assert all(0 < wait <= 600.0 for wait in clock.slept)
