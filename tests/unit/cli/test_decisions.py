"""`ostinato decisions`: what is logged, chosen, opened and listed, and what is refused. A real database."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.cli.documents import MOMENT_FIELDS, RECORD_FIELDS
from tests.unit.cli.conftest import Shell

LOG = ("decisions", "log", "One HTTP client", "--choose", "httpx", "--option", "requests")


@pytest.fixture
def decision(shell: Shell) -> str:
    return shell.ok(
        *LOG, "--because", "async", "--forbid-dependency", "requests", "--forbid-path", "old/**"
    ).out.strip()


def test_everything_that_is_given_is_kept(shell: Shell) -> None:
    goal = shell.add("goal", "Goal")
    more = ("--pro", "httpx=fast", "--con", "requests=it blocks", "--reject", "requests=no async", "--context", "Why?")
    made = shell.json(
        *LOG, "--because", "async", *more, "--parent", goal, "--forbid-path", "a/**", "--forbid-path", "b"
    )
    assert made["id"].startswith(f"{goal}.")
    assert set(made) == set(RECORD_FIELDS)
    assert made["details"] == {"forbids_paths": ["a/**", "b"], "forbids_dependencies": [], "number": 1}
    assert (made["status"], made["standing"], made["accepted"], made["in_force"]) == ("decided", "holds", True, True)
    assert [(o["title"], o["status"], o["reason"], o["details"]) for o in made["options"]] == [
        ("httpx", "chosen", "async", {"pros": ["fast"], "cons": []}),
        ("requests", "rejected", "no async", {"pros": [], "cons": ["it blocks"]}),
    ]
    assert made["description"] == "Why?"
    assert shell.json("decisions", "show", made["id"]) == made
    assert shell.json("show", made["id"]) == made


def test_option_is_chosen_later_and_only_once(shell: Shell) -> None:
    goal = shell.add("goal", "Goal")
    made = shell.ok("decisions", "log", "Which?", "--option", "A=1", "--option", "A", "--parent", goal).out.strip()
    (listed,) = shell.json("decisions", "now")
    assert (listed["standing"], listed["chosen"]) == ("open", None)
    assert "[open]" in shell.ok("decisions", "now").out
    chosen = shell.json("decisions", "choose", made, "A", "--because", "why", "--reject", "A=1=why not")
    assert [(o["title"], o["status"], o["reason"]) for o in chosen["options"]] == [
        ("A=1", "rejected", "why not"),
        ("A", "chosen", "why"),
    ]
    refused = shell.run("decisions", "choose", made, "A=1")
    assert refused.code == 2
    assert "revisit it before choosing another" in refused.err


def test_wrong_words_are_refused_and_leave_nothing(shell: Shell, decision: str) -> None:
    other = shell.ok("decisions", "log", "Other", "--option", "x").out.strip()
    option = shell.json("decisions", "show", other)["options"][0]["id"]
    for words, said in (
        (("log", "  "), "a title cannot be empty"),
        (("log", "d", "--because", "x"), "go with --choose"),
        (("log", "d", "--option", "a", "--option", "a"), "the same title"),
        (("log", "d", "--option", "a", "--pro", "b=x"), "--pro is written OPTION=TEXT"),
        (("log", "d", "--option", "a", "--pro", "a"), "--pro is written OPTION=TEXT"),
        (("log", "d", "--forbid-path", "**"), "covers every file"),
        (("log", "d", "--forbid-dependency", "requests>=2"), "without a version"),
        (("log", "d", "--supersedes", "os-ffffffff"), "no node os-ffffffff"),
        (("log", "d", "--parent", "os-ffffffff"), "no node os-ffffffff"),
        (("choose", decision, option), f"{option} is not an option of {decision}"),
        (("choose", option, "x"), "is a option, not a decision"),
        (("supersede", decision, decision), "to itself"),
        (("revisit", decision), "Missing option '--reason'"),
        (("show", option), "is a option, not a decision"),
        (("history", "os-ffffffff"), "no node os-ffffffff"),
        (("now", "--fields", "nope"), "there is no field 'nope'"),
    ):
        before = shell.ok("events", "--json").out
        ran = shell.run("decisions", *words)
        assert ran.code == 2, words
        assert said in ran.err, words
        assert ran.err.count("\n") == 1
        assert shell.ok("events", "--json").out == before


def test_superseding_is_shown_until_it_is_decided(shell: Shell, decision: str) -> None:
    newer = shell.ok("decisions", "log", "Two clients", "--option", "both", "--supersedes", decision).out.strip()
    out = shell.ok("decisions", "now").out
    assert f"superseded by {newer}, which you have not accepted" in out
    assert "forbids paths old/**; dependencies requests" in out
    assert "forbids nothing now" not in out
    shell.ok("decisions", "choose", newer, "both")
    assert [d["id"] for d in shell.json("decisions", "now")] == [newer]
    assert "forbids nothing now; it named paths old/**" in shell.ok("decisions", "show", decision).out
    again = shell.run("decisions", "supersede", decision, newer)
    assert (again.code, again.err) == (0, "")


def test_supersede_says_what_still_holds(shell: Shell, decision: str) -> None:
    newer = shell.ok("decisions", "log", "Two clients", "--option", "both").out.strip()
    ran = shell.run("decisions", "supersede", decision, newer)
    assert ran.code == 0
    assert f"what {decision} forbids holds until you have chosen in {newer}" in ran.err


def test_revisit_opens_a_decision_or_makes_its_successor(shell: Shell, decision: str) -> None:
    assert shell.ok("decisions", "revisit", decision, "--reason", "it leaks").out.strip() == decision
    (opened,) = shell.json("decisions", "now")
    assert (opened["standing"], opened["in_force"], len(opened["revisits"])) == ("open", False, 1)
    newer = shell.ok("decisions", "revisit", decision, "--reason", "again", "--new", "Which client?").out.strip()
    assert newer != decision
    history = shell.json("decisions", "history", newer)
    assert [set(one) for one in history] == [set(MOMENT_FIELDS)] * len(history)
    assert [(one["what"], one["reason"]) for one in history if one["decision_id"] == decision] == [
        ("logged", None),
        ("chosen", "async"),
        ("revisited", "it leaks"),
        ("opened", "it leaks"),
        ("superseded", None),
    ]
    told = shell.ok("decisions", "history").out
    assert "was opened again, by person: it leaks" in told
    assert f"was superseded by “Which client?” ({newer})" in told
    assert len(shell.ok("decisions", "history", "--limit", "2").out.splitlines()) == 2


def test_outcome_without_a_decision_is_revisited_with_a_new_one(shell: Shell) -> None:
    goal = shell.add("goal", "Goal")
    outcome = shell.add("outcome", "bad", "--parent", goal, "--no-success")
    assert "no decision stands above that outcome" in shell.run("decisions", "revisit", outcome, "--reason", "r").err
    newer = shell.ok("decisions", "revisit", outcome, "--reason", "r", "--new", "Now what?").out.strip()
    assert shell.json("decisions", "show", newer)["parent_id"] == goal


def test_prohibitions_are_set_replaced_and_cleared_by_hand(shell: Shell) -> None:
    made = shell.add("decision", "d", "--status", "decided", "--forbid-path", "a", "--forbid-dependency", "left-pad")
    assert shell.json("decisions", "show", made)["in_force"] is True
    shown = shell.ok("node", "show", made).out
    assert "forbids dependencies\n  - left-pad" in shown
    shell.ok("node", "set", made, "--forbid-path", "b", "--forbid-path", "c")
    details = shell.json("node", "show", made)["details"]
    assert details == {"forbids_paths": ["b", "c"], "forbids_dependencies": ["left-pad"], "number": 1}
    shell.ok("node", "set", made, "--forbid-path", "", "--forbid-dependency", "")
    assert shell.json("decisions", "show", made)["in_force"] is False
    task = shell.add("task", "t")
    assert "belongs to decision nodes" in shell.run("node", "set", task, "--forbid-path", "x").err
    assert shell.run("node", "set", made, "--forbid-path", "../x").code == 2


def test_records_are_exported_to_the_configured_place(shell: Shell, decision: str, repository: Path) -> None:
    done = shell.json("decisions", "export")
    assert (done["written"], done["kept"]) == (["001-one-http-client.md"], [])
    assert decision in (repository / "docs" / "adr" / "001-one-http-client.md").read_text()
    assert shell.ok("decisions", "export").out == "docs/adr: nothing to do, 1 up to date\n"
    (repository / "docs" / "adr" / "001-one-http-client.md").write_text("mine\n")
    ran = shell.run("decisions", "export")
    assert ran.code == 0
    assert "001-one-http-client.md: it is not a record of ours" in ran.err
    elsewhere = shell.ok("decisions", "export", "--output", "records").out
    assert elsewhere == "written  records/001-one-http-client.md\n"


def test_hostile_titles_move_no_terminal(shell: Shell) -> None:
    title = "\x1b[2J\u202e**x**\nsecond"
    made = shell.ok(
        "decisions", "log", title, "--choose", "a\x1b[0m", "--because", "b\x07", "--context", "c\x1b[1m"
    ).out
    for words in (("now",), ("history",), ("show", made.strip())):
        out = shell.ok("decisions", *words).out
        assert "\\x1b" in out
        assert all(line.isprintable() for line in out.splitlines())
