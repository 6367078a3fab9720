"""`ostinato status`: the morning on one screen, wherever it is asked for and whatever stands in the graph."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Nights, Shell, make_repository
from tests.unit.night import COMMIT, HOSTILE


def test_one_screen_tells_what_happened(shell: Shell, nights: Nights) -> None:
    worked = nights()
    lines = shell.ok("status").out.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80 + len(str(worked.goal.id))
    text = "\n".join(lines)
    for said in (
        "1 of 4 done · 1 failed, 1 blocked, 1 in review",
        "it waits for an answer of yours",
        f"failed   {worked.failed} Divide sums",
        "exit 1: It divides sums.",
        f"ostinato approve {worked.review}",
        f"{COMMIT[:10]} Read sums",
        "4,400 tokens, $0.08 ($0.08 for each task done)",
        f"next     ostinato show {worked.review}",
    ):
        assert said in text


def test_the_document_keeps_its_keys_and_says_why(shell: Shell, nights: Nights) -> None:
    worked = nights()
    state = shell.json("status")
    assert {"project", "goals", "sessions", "waiting", "usage", "cost_usd"} <= set(state)
    (goal,) = state["goals"]
    assert [(one["id"], one["status"]) for one in goal["failures"]] == [(worked.failed, "failed")]
    assert goal["commits"] == [{"commit": COMMIT, "task_id": worked.done, "iteration_id": worked.first}]
    assert (goal["completed_since"], goal["stop_reason"]) == (1, "waiting_for_approval")
    assert goal["next"] == f"ostinato show {worked.review}"
    assert state["usage_since"] == state["usage"]


def test_the_time_that_is_told_of_can_be_named(shell: Shell, nights: Nights) -> None:
    nights()
    (goal,) = shell.json("status", "--since", "2999-01-01")["goals"]
    assert (goal["completed_since"], goal["commits"]) == (0, [])
    assert shell.json("status", "--since", "2d")["goals"][0]["completed_since"] == 1
    for wrong in ("", "x", "12", "-3h", "99999999999999w", "2026-13-01"):
        assert shell.run("status", "--since", wrong).code == 2, wrong


def test_a_finished_goal_is_told_until_the_next_session_and_then_counted(shell: Shell, nights: Nights) -> None:
    worked = nights()
    for task in (worked.failed, worked.review):
        shell.ok("node", "set", task, "--status", "completed")
    (waiting,) = [task["id"] for task in shell.json("tasks", "list") if task["status"] == "ready"]
    shell.ok("node", "set", waiting, "--status", "completed")
    text = shell.ok("status", "--since", "1h").out
    assert "[completed]" in text
    assert "4 of 4 done" in text


def test_without_registration_or_goals_it_says_what_to_do(
    shell: Shell, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "not registered" in shell.ok("status").out
    shell.ok("project", "add")
    assert "ostinato plan" in shell.ok("status").out
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    assert str(repository) in shell.run("status", COLUMNS="300").out
    assert [one["project"]["name"] for one in shell.json("status")["projects"]] == ["shop"]


def test_an_empty_database_outside_of_any_repository(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.chdir(outside)
    assert "no project is registered yet" in shell.ok("status").out
    assert shell.json("status")["projects"] == []
    assert not shell.database.exists()


def test_all_projects(shell: Shell, nights: Nights, tmp_path: Path) -> None:
    here = nights()
    there = nights(path=str(make_repository(tmp_path / "other")))
    assert there.goal.id not in shell.ok("status").out
    text = shell.ok("status", "--all").out
    assert here.goal.id in text
    assert there.goal.id in text
    document = shell.json("status", "--all")
    assert document["usage"]["calls"] == 8
    assert {goal["id"] for goal in document["goals"]} == {here.goal.id, there.goal.id}
    assert len(document["waiting"]) == 2
    assert shell.run("status", "--all", "--project", "shop").code == 2


def test_a_paused_goal_says_so(shell: Shell, nights: Nights) -> None:
    worked = nights()
    shell.ok("pause", worked.goal.id)
    assert "[paused]" in shell.ok("status").out
    assert shell.json("status")["goals"][0]["paused"] is True


def test_hostile_text_stays_on_its_line(shell: Shell, nights: Nights) -> None:
    worked = nights(title=HOSTILE + "\n" + "x" * 5000, word=HOSTILE + "\n\r\u2028more")
    out = shell.ok("status").out
    assert not {"\x1b", "\x07", "\u202e", "\r", "\u2028"} & set(out)
    assert len(out.splitlines()) <= 24
    assert worked.goal.id in out
    json.loads(shell.ok("status", "--json").out)
