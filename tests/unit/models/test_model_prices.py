"""What a call cost."""

from __future__ import annotations

import pytest

from ostinato.base.spending import Spending
from ostinato.models.prices import cost_of

OPENAI = "https://api.openai.com/v1"
SPENT = Spending(input=1_000_000, output=100_000)


def test_cost_follows_the_table_when_the_model_is_known() -> None:
    cost = cost_of(SPENT, "openai-chat", "gpt-4o", OPENAI)
    assert cost is not None
    assert cost == pytest.approx(2.5 + 1.0)


def test_cached_input_is_cheaper() -> None:
    cached = Spending(input=1_000_000, cached_input=1_000_000)
    cold = Spending(input=1_000_000)
    cheap, full = (cost_of(one, "openai-chat", "gpt-4o", OPENAI) for one in (cached, cold))
    assert cheap is not None
    assert full is not None
    assert cheap == pytest.approx(full / 2)


@pytest.mark.parametrize(
    ("model", "address"), [("no-such-model", OPENAI), ("gpt-4o", "https://gateway.example/v1"), ("", OPENAI)]
)
def test_cost_is_unknown_when_the_table_does_not_know(model: str, address: str) -> None:
    assert cost_of(SPENT, "openai-chat", model, address) is None


def test_who_is_paid_follows_from_the_address() -> None:
    assert cost_of(SPENT, "openai-chat", "deepseek-chat", "https://api.deepseek.com/v1") is not None
    assert cost_of(SPENT, "openai-chat", "deepseek-chat", OPENAI) is None


@pytest.mark.parametrize("address", ["http://localhost:1234/v1", "http://127.0.0.1/v1", "http://[::1]:8080/v1"])
def test_cost_is_nothing_when_the_server_runs_here(address: str) -> None:
    assert cost_of(SPENT, "openai-chat", "gpt-4o", address) == 0.0


def test_cost_is_nothing_for_scripts_and_ollama() -> None:
    assert cost_of(SPENT, "scripted", "file.json") == cost_of(SPENT, "ollama", "qwen3") == 0.0


def test_cached_input_and_cache_writes_have_their_own_prices_at_anthropic() -> None:
    def cost(**counts: int) -> float:
        found = cost_of(Spending(**counts), "anthropic", "claude-sonnet-4-5", "https://api.anthropic.com")
        assert found is not None
        return found

    fresh = cost(input=100_000)
    assert cost(input=100_000, cached_input=100_000) == pytest.approx(fresh / 10)
    assert cost(input=100_000, cache_write=100_000) == pytest.approx(fresh * 1.25)
    mixed = cost(input=100_000, cached_input=60_000, cache_write=20_000)
    assert mixed == pytest.approx(fresh * (0.2 + 0.06 + 0.25))
