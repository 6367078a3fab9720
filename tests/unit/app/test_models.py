"""Which models a role is given, and how they are opened."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ostinato.agent.ports import ProviderUnsteady
from ostinato.app.models import (
    ROLES,
    open_role,
    price_in_force,
    price_words,
    quote_of,
    specs_of,
    stronger_specs,
    transport_limits,
)
from ostinato.base.errors import UsageError
from ostinato.base.spending import Spending
from ostinato.chat.messages import Reply, Request, UserMessage
from ostinato.config.settings import ModelSettings
from ostinato.loop.limits import SessionLimits
from ostinato.models.own_price import OwnPrice, own_price_of
from ostinato.testing.chat_server import Answer, ChatServer, Fault, in_turn, usage
from ostinato.testing.fake_clock import FakeClock

ALL = ModelSettings(
    default="a:1",
    fallback="b:2",
    planner="p:1",
    planner_fallback="p:2",
    coder_fallback="",
    critic="c:1",
)


def test_roles_have_their_own_model_and_fallback_or_the_default_ones() -> None:
    assert {role: specs_of(ALL, role) for role in ROLES} == {
        "planner": ("p:1", "p:2"),
        "coder": ("a:1",),
        "reviewer": ("a:1",),
        "critic": ("c:1", "b:2"),
    }
    assert specs_of(ModelSettings(), "coder") == ()
    assert specs_of(ModelSettings(default="a:1", fallback="a:1"), "coder") == ("a:1",)


def test_the_stronger_model_is_the_coders_own_or_the_common_one_and_never_beside_one_that_is_named() -> None:
    common = replace(ALL, stronger="s:1")
    assert stronger_specs(ALL) == ()
    assert stronger_specs(common) == ("s:1",)
    assert stronger_specs(replace(common, coder_stronger="s:2")) == ("s:2",)
    assert stronger_specs(replace(common, coder_stronger="")) == ()
    assert stronger_specs(replace(common, stronger="a:1")) == ()
    assert stronger_specs(common, model="x:1") == ()


def test_model_of_one_run_is_asked_alone_unless_a_fallback_is_said_too() -> None:
    assert specs_of(ALL, "planner", model="x:1") == ("x:1",)
    assert specs_of(ALL, "planner", model="x:1", fallback="y:1") == ("x:1", "y:1")
    assert specs_of(ALL, "coder", fallback="y:1") == ("a:1", "y:1")


def test_window_is_what_is_set_before_what_is_known() -> None:
    assert transport_limits(ModelSettings(), "openai:gpt-5", {}).context_window == 400_000
    assert transport_limits(ModelSettings(context_window=9_000), "openai:gpt-5", {}).context_window == 9_000


def opened(models: ModelSettings, env: dict[str, str], *, cost: float | None = None):
    return open_role(models, specs_of(models, "coder"), SessionLimits(cost=cost), env=env, clock=FakeClock())


def test_fallback_that_cannot_be_opened_is_said_before_it_is_needed() -> None:
    with pytest.raises(UsageError, match="OPENAI_API_KEY"):
        opened(ModelSettings(default="ollama:x", fallback="openai-chat:gpt-5"), {})


@pytest.mark.parametrize("address", ["http://[oops", "localhost:1", "http://h:port/"])
def test_malformed_address_is_told_and_no_bug(address: str) -> None:
    with pytest.raises(UsageError, match="OPENAI_BASE_URL"):
        opened(ModelSettings(default="openai-chat:x"), {"OPENAI_BASE_URL": address}, cost=1.0)


GATEWAY = {"OPENAI_BASE_URL": "https://gateway.example/v1"}


def test_cost_limit_needs_the_price_of_every_model() -> None:
    with pytest.raises(UsageError, match=r"openai-chat:mine .*models\.prices.*limit tokens"):
        opened(ModelSettings(default="ollama:x", fallback="openai-chat:mine"), GATEWAY, cost=1.0)
    own = ModelSettings(default="openai-chat:mine", price_input=1.0, price_output=2.0)
    assert opened(own, GATEWAY, cost=1.0).name == "openai-chat:mine"
    with pytest.raises(UsageError, match="set both"):
        opened(replace(own, price_output=None), GATEWAY)


def test_own_price_holds_only_where_no_other_is_known() -> None:
    price = OwnPrice(3.0, 15.0)
    unknown = Spending(input=1_000_000, cached_input=500_000, output=100_000, cost_usd=None)
    assert price.of(unknown).cost_usd == pytest.approx(3.0 + 1.5)
    assert price.of(replace(unknown, cost_usd=0.0)).cost_usd == 0.0


PRICES = ("anthropic:claude-* input=2 cached_input=0.2 cache_write=2.5 output=10", "openai-chat:* input=0 output=0")


def test_a_line_of_ones_own_goes_before_the_table_and_prices_each_kind_of_token() -> None:
    models = ModelSettings(prices=PRICES)
    used = Spending(1_000_000, cached_input=500_000, cache_write=100_000, output=100_000, calls=1, cost_usd=None)
    cost = price_in_force(models, "anthropic:claude-sonnet-4-5", used, {})
    assert cost == pytest.approx(0.4 * 2 + 0.5 * 0.2 + 0.1 * 2.5 + 0.1 * 10)
    assert price_in_force(models, "openai-chat:mine", used, GATEWAY) == 0.0
    table = price_in_force(ModelSettings(), "anthropic:claude-sonnet-4-5", used, {})
    assert table is not None
    assert table > cost
    assert price_in_force(models, "openai:nobody-knows", used, GATEWAY) is None


@pytest.mark.parametrize(
    "line",
    ["", "gpt input=1 output=2", "a:b input=1", "a:b input=x output=2", "a:b input=-1 output=2", "a:b in=1 output=1"],
)
def test_a_price_that_cannot_be_read_says_how_it_is_written(line: str) -> None:
    with pytest.raises(UsageError, match=r"models\.prices.*PROVIDER:NAME input=3 output=15"):
        own_price_of("a:b", (line,))


def test_a_call_is_quoted_at_the_dearest_of_model_and_fallback_and_not_at_all_where_one_is_unknown() -> None:
    models = ModelSettings(prices=("a:dear input=10 output=20", "a:cheap input=1 output=2"))
    assert quote_of(models, ("a:cheap", "a:dear"), {})(1_000_000, 500_000) == pytest.approx(20.0)
    assert quote_of(models, ("a:cheap", "openai-chat:mine"), GATEWAY)(1, 1) is None


def test_the_price_in_force_is_told_with_where_it_comes_from() -> None:
    models = ModelSettings(prices=PRICES, price_input=1.0, price_output=2.0)
    assert price_words(models, "anthropic:claude-x", {}) == (
        "anthropic:claude-x: $2 in, $0.2 cached in, $10 out per million tokens, by models.prices",
        True,
    )
    assert price_words(models, "openai:mine", GATEWAY)[0].endswith("by models.price_input and models.price_output")
    assert price_words(models, "ollama:qwen", {}) == ("ollama:qwen: costs nothing, by where it runs", True)
    assert price_words(ModelSettings(), "openai:mine", GATEWAY) == ("openai:mine: not known", False)
    assert "by the table" in price_words(ModelSettings(), "anthropic:claude-sonnet-4-5", {})[0]


async def test_both_models_are_asked_in_the_settings_bounds_when_the_first_is_down() -> None:
    down, said = Answer(status=503), Answer(text="hi", usage=usage(10, 2))
    with ChatServer(lambda body: down if body["model"] == "one" else said) as server:
        models = ModelSettings(default="openai-chat:one", fallback="openai-chat:two", retries=1, patience=5.0)
        clock = FakeClock(tick=0.0)
        specs = specs_of(models, "coder")
        model = open_role(models, specs, SessionLimits(), env={"OPENAI_BASE_URL": server.url}, clock=clock)
        reply: Reply = await model.reply(Request("", (UserMessage("hello"),)))
        await model.close()
    assert (reply.message.text, reply.model) == ("hi", "openai-chat:two")
    assert 5.0 <= clock.monotonic() < 70.0


async def test_own_price_is_in_the_reply_and_in_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    # A proxy stands for a gateway: what is on the loopback itself costs nothing.
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    cut = Answer(text="x" * 400, usage=None, fault=Fault.CUT)
    with ChatServer(in_turn(Answer(text="hi", usage=usage(1_000_000, 0)), cut)) as server:
        monkeypatch.setenv("http_proxy", server.url.removesuffix("/v1"))
        models = ModelSettings(default="openai-chat:mine", price_input=2.5, price_output=9.0, retries=0, patience=0.0)
        model = opened(models, {"OPENAI_BASE_URL": "http://gateway.example/v1"})
        reply = await model.reply(Request("", (UserMessage("hello"),)))
        with pytest.raises(ProviderUnsteady) as caught:
            await model.reply(Request("", (UserMessage("hello"),)))
        await model.close()
    assert reply.spending.cost_usd == pytest.approx(2.5)
    lost = caught.value.spending
    assert lost.output > 0
    assert lost.cost_usd == pytest.approx((lost.input * 2.5 + lost.output * 9.0) / 1_000_000)
