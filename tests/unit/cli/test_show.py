"""`ostinato show`: whatever an id names, readable, whole with --json, harmless whatever stands in it."""

from __future__ import annotations

import pytest

from ostinato.base.spending import Spending
from ostinato.chat.messages import AssistantMessage
from ostinato.graph.plan import PlanDraft, TaskDraft
from ostinato.graph.sessions import SessionKind
from ostinato.store.store import Store
from tests.unit.cli.conftest import Nights, Shell
from tests.unit.night import COMMIT, HOSTILE, MODEL, SPENT


def test_an_attempt_is_told_with_conversation_diff_and_evidence(shell: Shell, nights: Nights) -> None:
    worked = nights()
    text = shell.ok("show", worked.last).out
    for said in (
        f"attempt 2 at {worked.failed}",
        "It divides sums.",
        "the task has failed",
        "→ write_file path=read.py",
    ):
        assert said in text
    assert "boom: It divides sums." in text
    assert "on the base, before the work" in text
    # The briefing, the reasoning and the long result are folded.
    assert "first I think" not in text
    assert "line 20" not in text
    assert "(--full shows" in text
    whole = shell.ok("show", worked.last, "--full").out
    for folded in ("first I think about it", "You are the coder.", "line 20", "seven", "of each request"):
        assert folded in whole


def test_a_cancelled_task_does_not_count_in_any_view_of_its_goal(shell: Shell, nights: Nights) -> None:
    goal = nights().goal.id
    extra = shell.ok("node", "add", "task", "Not wanted any more", "--parent", goal).out.strip()
    before = shell.ok("show", goal).out
    shell.ok("node", "set", extra, "--status", "cancelled")
    after = shell.ok("show", goal).out

    def counted(text: str) -> int:
        return int(text.partition(" done  ")[0].rpartition(" of ")[2])

    assert counted(after) == counted(before) - 1
    assert f"of {counted(after)} done" in shell.ok("status").out
    assert f"of {counted(after)} tasks done" in shell.ok("report", goal).out


def test_parts_can_be_named(shell: Shell, nights: Nights) -> None:
    worked = nights()
    assert shell.ok("show", worked.first, "--diff").out.splitlines()[-2:] == ["+new", "+more"]
    evidence = shell.ok("show", worked.first, "--evidence").out
    assert "make test  (exit 0" in evidence
    assert "write_file" not in evidence
    tokens = shell.ok("show", worked.first, "--tokens").out
    assert "rules" in tokens
    rows = {line.split()[0]: line.split()[1:] for line in tokens.splitlines() if line.strip()}
    assert rows["rules"] == ["300", "300", "300", "71", "%"]
    assert rows["request"] == ["420"] * 3
    assert rows["reported"] == ["1,000"] * 3
    assert rows["cached"] == ["40", "%"] * 3
    assert f"ostinato show {worked.first} --tokens" in shell.ok("show", worked.first).out
    assert "write_file" in shell.ok("show", worked.first, "--transcript").out
    assert shell.run("show", worked.done, "--diff").code == 2


def test_a_wide_screen_has_a_row_for_each_request(
    shell: Shell, nights: Nights, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = nights().session.id
    monkeypatch.setenv("COLUMNS", "140")
    for step, (size, cached) in enumerate(((100, 0), (300, 450)), 1):
        store.iterations.begin_step(session, step, {"rules": 100, "tool_results": size})
        store.iterations.end_step(session, step, Spending(input=500, cached_input=cached, calls=1), MODEL)
    lines = [line.split() for line in shell.ok("show", session, "--tokens").out.splitlines()]
    assert ["1", "100", "100", "200", "500", "0", "%"] in lines
    assert ["2", "100", "300", "400", "500", "90", "%"] in lines
    assert ["all", "200", "400", "600", "1,000", "45", "%"] in lines
    assert ["share", "33", "%", "67", "%"] in lines


def test_the_document_of_an_attempt_holds_everything(shell: Shell, nights: Nights) -> None:
    worked = nights()
    found = shell.json("show", worked.first)
    assert (found["commit"], found["verdict"], found["task"]["id"]) == (COMMIT, "passed", worked.done)
    assert [message["role"] for message in found["transcript"]] == ["system", "user", "assistant", "tool"]
    said = found["transcript"][2]
    assert (said["text"], said["reasoning"]) == ("It reads sums.", "first I think about it")
    assert [call["name"] for call in said["tool_calls"]] == ["write_file"]
    assert found["sections"] == {"rules": 300, "task": 120, "tool_results": 0}
    assert [run["phase"] for run in found["check_runs"]] == ["base", "attempt"]
    assert found["diff"].startswith("diff --git")
    assert found["model_calls"][0]["usage"]["input"] == 1000
    assert (found["model_calls"][0]["estimated_input"], found["model_calls"][0]["cached_share"]) == (420, 0.4)
    assert shell.json("show", worked.first, "--diff") == found


def test_a_task_tells_each_attempt_and_what_it_waits_for(shell: Shell, nights: Nights) -> None:
    worked = nights()
    text = shell.ok("show", worked.failed).out
    for said in ("it works", "attempts (2; 2 used up of 2", "the task is tried again", "ostinato tasks retry"):
        assert said in text
    assert worked.last in text
    document = shell.json("show", worked.failed)
    assert [one["attempt"] for one in document["iterations"]] == [1, 2]
    assert [one["status"] for one in document["dependents"]] == ["blocked"]
    assert document["usage"]["calls"] == 2
    waiting = shell.ok("show", worked.review).out
    assert "waits for you" in waiting
    assert f"ostinato approve {worked.review}" in waiting


def test_goals_decisions_sessions_and_questions(shell: Shell, nights: Nights) -> None:
    worked = nights()
    goal = shell.ok("show", worked.goal.id).out
    assert "1 of 4 done" in goal
    assert "How it reads → Split" in goal
    assert shell.json("show", worked.goal.id)["counts"] == {"completed": 1, "failed": 1, "review": 1, "blocked": 1}

    decision = shell.ok("show", worked.decision).out
    for said in ("because enough for sums", "+ short", "✗ Parse sums", "− long"):
        assert said in decision
    document = shell.json("show", worked.decision)
    assert [(option["title"], option["status"]) for option in document["options"]] == [
        ("Split", "chosen"),
        ("Parse sums", "rejected"),
    ]

    session = shell.ok("show", worked.session.id).out
    assert session == shell.ok("sessions", "show", worked.session.id).out
    assert "it waits for an answer of yours (waiting_for_approval)" in session
    assert "attempts (4)" in session
    assert len(shell.json("show", worked.session.id)["iterations"]) == 4

    (asked,) = shell.json("approvals")
    assert "ostinato approve" in shell.ok("show", asked["id"]).out
    assert shell.json("show", asked["id"]) == asked


def test_other_nodes_are_shown_as_node_show_does(shell: Shell, nights: Nights) -> None:
    worked = nights()
    (observation,) = [n for n in shell.json("search", "failed") if n["node_type"] == "observation"]
    assert worked.goal.id in observation["id"]
    assert shell.ok("show", observation["id"]).out == shell.ok("node", "show", observation["id"]).out


def test_the_beginning_of_an_id_and_a_commit_are_enough(shell: Shell, nights: Nights) -> None:
    worked = nights()
    assert shell.json("show", worked.last[:-1])["id"] == worked.last
    assert shell.json("show", COMMIT[:8])["id"] == worked.first
    # Its tasks begin alike, and lie below it.
    assert shell.json("show", worked.goal.id[:-1])["id"] == worked.goal.id


def test_each_question_comes_with_the_commands_that_answer_it(shell: Shell, nights: Nights) -> None:
    worked = nights()
    first, *rest = shell.ok("approvals").out.splitlines()
    assert first.startswith("appr-")
    assert f"review  {worked.review}" in first
    assert [line.strip() for line in rest[-2:]] == [
        f"ostinato approve {worked.review}",
        f"ostinato reject {worked.review} --reason '…'",
    ]


def test_a_hint_is_told_as_what_the_person_said(shell: Shell, nights: Nights) -> None:
    worked = nights()
    shell.ok("tasks", "retry", worked.failed, "--hint", "use integers")
    assert "· you said: use integers" in shell.ok("show", worked.failed).out
    assert "· Hint: use integers" in shell.ok("show", worked.goal.id).out
    for form in ("terminal", "md", "html"):
        assert "Hint: use integers" in shell.ok("report", worked.goal.id, "--format", form).out


def test_an_unknown_id_names_near_ones_or_what_lists_them(shell: Shell, nights: Nights) -> None:
    assert shell.run("show", "iter-00000000", "--json").error["kind"] == "not_found"
    worked = nights()
    near = shell.run("show", worked.last[:-1] + "?").err
    assert worked.last in near
    assert "sessions list" in shell.run("show", "sess-zzz").err
    assert "several ids begin with" in shell.run("show", worked.goal.id + ".").err
    for odd in ("", " ", "%", "os-%", "'", "\U0010ffff", "a\nb"):
        assert shell.run("show", odd).code == 2


def test_hostile_text_reaches_no_terminal(shell: Shell, nights: Nights) -> None:
    worked = nights(title=HOSTILE, word=HOSTILE)
    ids = (worked.goal.id, worked.failed, worked.review, worked.decision, worked.session.id, worked.last)
    for identifier in ids:
        for options in ((), ("--full",)):
            out = shell.ok("show", identifier, *options).out
            assert not {"\x1b", "\x07", "\u202e"} & set(out)
            assert "<script>" in out
    assert shell.json("show", worked.goal.id)["title"] == HOSTILE


def test_narrow_screens_get_lines_that_fit(shell: Shell, nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    worked = nights(word="sums " * 40)
    for command in (("status",), ("report",)):
        lines = shell.ok(*command).out.splitlines()
        # Commands are printed whole, so that they can be copied, and what checks printed is evidence.
        wide = [line for line in lines if len(line) > 40]
        assert [line for line in wide if "ostinato " not in line and "│" not in line] == []
    assert worked.goal.id in shell.ok("status").out


def test_conversations_beside_the_main_one_are_shown_and_counted(shell: Shell, nights: Nights, store: Store) -> None:
    worked = nights()
    plan = store.sessions.start(worked.goal.project_id, worked.goal.id, SessionKind.PLAN)
    for owner, said in ((plan.id, "I plan."), (f"{plan.id}/critic-1", "I doubt it.")):
        store.iterations.begin_step(owner, 1, {"goal": 10})
        store.iterations.add_message(owner, 1, AssistantMessage(said))
        store.iterations.end_step(owner, 1, SPENT, MODEL)
    store.sessions.add_spending(plan.id, SPENT + SPENT)
    text = shell.ok("show", plan.id, "--transcript").out
    assert text.index("I plan.") < text.index("critic-1") < text.index("I doubt it.")
    document = shell.json("show", plan.id)
    assert document["by_model"][0]["usage"]["calls"] == 2
    assert list(document["conversations"]) == [f"{plan.id}/critic-1"]
    assert [one["usage"]["calls"] for one in shell.json("report", plan.id)["by_model"]] == [2]


def test_a_goal_shows_the_plan_that_waits(shell: Shell, nights: Nights, store: Store) -> None:
    worked = nights()
    store.plans.save_draft(worked.goal.id, PlanDraft("Smaller steps.", (TaskDraft("a", "A first step"),)))
    text = shell.ok("show", worked.goal.id).out
    assert "a plan that is not accepted yet" in text
    assert "A first step" in text
    assert shell.json("show", worked.goal.id)["draft"]["tasks"][0]["title"] == "A first step"


def test_a_conversation_that_was_made_smaller_says_so_at_its_step(shell: Shell, nights: Nights, store: Store) -> None:
    session = nights().session.id
    store.iterations.begin_step(session, 1, {"rules": 5})
    store.iterations.add_message(session, 1, "context made smaller: older tool results cleared: 3")
    assert "  (context made smaller: older tool results cleared: 3)" in shell.ok("show", session, "--transcript").out
