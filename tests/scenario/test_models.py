"""Which model is asked, and what a person is told when it cannot be, through the real command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from ostinato.testing.chat_server import Answer, usage
from tests.scenario.conftest import Modelled
from tests.scenario.test_bad_input import error_of, file_task, planned, writer
from tests.scenario.test_wires import told
from tests.scenario.world import Body, World, brain, plan_of

FILES = {"README.md": "# A project\n"}
QUICK = "retries = 0\npatience = 0.1\n"
NO_QUOTA = Answer(status=429, error={"message": "no", "code": "insufficient_quota"})
needs_any = pytest.mark.skipif(
    find_spec("pydantic_ai") is None and not os.environ.get("CI"), reason="the extra `any` is missing: see `make test`"
)


def project(world: World, config: str) -> World:
    world.env["OSTINATO_MODEL"] = ""
    return world.make_repository({**FILES, ".ostinato/config.toml": f"[models]\n{QUICK}{config}"})


def warnings(world: World) -> list[str]:
    lines = world.run("--json", "events", "--limit", "10000").out.splitlines()
    events = [event["payload"] for event in map(json.loads, lines) if event["kind"] == "limit.warned"]
    return [payload["why"] for payload in events if "why" in payload]


def test_each_role_asks_its_own_model_and_its_fallback_when_the_quota_is_gone(modelled: Modelled) -> None:
    asked: list[str] = []
    think = brain(plan_of(file_task("a")), writer)

    def handler(body: Body) -> Answer:
        asked.append(body["model"])
        return NO_QUOTA if body["model"] == "worker" else think(body)

    config = (
        'planner = "openai-chat:thinker"\ncoder = "openai-chat:worker"\nfallback = "openai-chat:spare"\n'
        'planner_fallback = ""\n'
    )
    world = project(modelled(handler), config)
    goal = planned(world)
    assert set(asked) == {"thinker"}
    asked.clear()

    ran = world.run("--json", "ralph", goal)

    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed"), ran.err
    # The first is left in peace once it said that it cannot.
    assert asked == ["worker", "spare", "spare"]
    (why,) = warnings(world)
    assert why.startswith("asking openai-chat:spare instead: ")
    assert "quota" in why
    (iteration,) = [line["id"] for line in world.json("sessions", "show", ran.json["session_id"])["iterations"]]
    shown = world.json("show", iteration)
    assert {step["model"] for step in shown["model_calls"]} == {"openai-chat:spare"}


@pytest.mark.parametrize(("status", "code"), [(401, 7), (404, 7)])
def test_a_fallback_hides_no_mistake(modelled: Modelled, status: int, code: int) -> None:
    asked: list[str] = []

    def handler(body: Body) -> Answer:
        asked.append(body["model"])
        return Answer(status=status, error={"message": "no"})

    world = project(modelled(handler), 'default = "openai-chat:one"\nfallback = "openai-chat:two"\n')
    ran = world.run("--json", "plan", "a goal", "--yes")
    assert ran.code == code
    assert asked == ["one"]


def test_a_model_of_one_run_is_asked_alone(modelled: Modelled) -> None:
    asked: list[str] = []
    think = brain(plan_of(file_task("a")), writer)

    def handler(body: Body) -> Answer:
        asked.append(body["model"])
        return NO_QUOTA if body["model"] == "other" else think(body)

    world = project(modelled(handler), 'default = "openai-chat:one"\nfallback = "openai-chat:two"\n')
    ran = world.run("--json", "plan", "a goal", "--yes", "--model", "openai-chat:other")
    assert (ran.code, asked) == (7, ["other"])
    both = ("--model", "openai-chat:other", "--fallback", "openai-chat:mine")
    assert world.run("--json", "plan", "a goal", "--yes", *both).code == 0
    assert asked[1] == "other"
    assert set(asked[2:]) == {"mine"}


def test_ollama_says_what_to_start_and_what_to_pull_and_works_without_a_key(modelled: Modelled) -> None:
    think, missing = brain(plan_of(file_task("a")), writer), [True]

    def handler(body: Body) -> Answer:
        return Answer(status=404, error={"message": "model not found"}) if missing[0] else think(body)

    world = project(modelled(handler), 'default = "ollama:qwen3:8b"\n')
    world.env["OPENAI_API_KEY"] = ""
    assert "`ollama pull qwen3:8b`" in error_of(world.run("--json", "plan", "a goal", "--yes"))["message"]
    missing[0] = False
    goal = planned(world)
    world.env["OLLAMA_HOST"] = "127.0.0.1:9"
    down = world.run("--json", "ralph", goal)
    assert (down.code, down.json["stopped"]) == (7, "provider_failed")
    assert "`ollama serve`" in down.json["detail"]
    del world.env["OLLAMA_HOST"]
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"], ran.json["cost_usd"]) == (0, "goal_completed", 0.0)


def dead_proxy(world: World) -> None:
    world.env |= {"http_proxy": "http://127.0.0.1:9", "NO_PROXY": "", "no_proxy": ""}
    world.env["OPENAI_BASE_URL"] = "http://provider.example/v1"


def plain_server_behind_https(world: World) -> None:
    world.env["OPENAI_BASE_URL"] = world.model_url.replace("http://", "https://")


def nobody_there(world: World) -> None:
    world.env["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"


def no_certificates(world: World) -> None:
    plain_server_behind_https(world)
    world.env["SSL_CERT_FILE"] = "/no/such/file"


WAYS: dict[str, tuple[Callable[[World], None], tuple[str, ...]]] = {
    "dead proxy": (dead_proxy, ("through the proxy http://127.0.0.1:9 (HTTP_PROXY)", "Connection refused")),
    "no TLS": (plain_server_behind_https, ("http:// rather than https://",)),
    "nobody there": (nobody_there, ("cannot reach http://127.0.0.1:9/v1", "models.patience")),
    "no certificates": (no_certificates, ("SSL_CERT_FILE",)),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_way_to_the_vendor_that_is_cut_is_named_and_the_run_carries_on_once_it_is_mended(
    modelled: Modelled, name: str
) -> None:
    cut, words = WAYS[name]
    world = project(modelled(brain(plan_of(file_task("a")), writer)), 'default = "openai-chat:test"\n')
    goal = planned(world)
    whole = dict(world.env)
    cut(world)

    plan = error_of(world.run("--json", "plan", "more files", "--yes"))
    ralph = world.run("--json", "ralph", goal)

    assert plan["kind"] == "provider_failed"
    assert (ralph.code, ralph.json["stopped"]) == (7, "provider_failed")
    for said in (plan["message"], ralph.json["detail"]):
        assert all(word in said for word in words), said
        assert "\n" not in said
    assert world.json("tasks", "next", "--goal", goal)["details"]["attempts"] == 0
    world.env = whole
    assert world.run("--json", "ralph", goal).json["stopped"] == "goal_completed"


def test_a_price_of_ones_own_makes_a_cost_limit_hold(modelled: Modelled) -> None:
    def handler(body: Body) -> Answer:
        return Answer(text="I am thinking.", usage=usage(100_000, 0))

    world = project(modelled(handler), 'default = "openai-chat:mine"\n')
    # What is on the loopback costs nothing, so a gateway stands behind a proxy.
    world.env |= {"http_proxy": world.model_url.removesuffix("/v1"), "NO_PROXY": "", "no_proxy": ""}
    world.env["OPENAI_BASE_URL"] = "http://gateway.example/v1"
    refused = error_of(world.run("--json", "plan", "a goal", "--yes", "--max-cost", "3"))
    assert refused["kind"] == "usage"
    assert "models.prices" in refused["message"]

    own = world.root / "config" / "ostinato" / "config.toml"
    own.parent.mkdir(parents=True)
    own.write_text("[models]\nprice_input = 20\nprice_output = 100\n")
    ran = world.run("--json", "plan", "a goal", "--yes", "--max-cost", "3")
    assert ran.code == 4, ran.err
    (session,) = world.json("sessions", "list")
    assert session["cost_usd"] == pytest.approx(4.0)


@needs_any
def test_a_vendor_behind_pydantic_ai_gives_the_same_graph_and_commits(tmp_path_factory: Any) -> None:
    own = told(World(tmp_path_factory.mktemp("own")))
    other = told(World(tmp_path_factory.mktemp("any"), env={"OSTINATO_MODEL": "any:groq:test"}))
    assert (other.ran, other.nodes, other.notes, other.commits) == (own.ran, own.nodes, own.notes, own.commits)
