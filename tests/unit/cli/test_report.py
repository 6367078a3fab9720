"""`ostinato report`: three forms of the same values, none of which takes foreign text for markup."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.unit.cli.conftest import Nights, Shell, make_repository
from tests.unit.night import COMMIT, HOSTILE


class _Page(HTMLParser):
    """What a browser would make of a page: its elements, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("form", ["terminal", "md", "html"])
def test_every_form_tells_the_same(shell: Shell, nights: Nights, form: str) -> None:
    nights()
    out = shell.ok("report", "--format", form).out
    text = _Page(out).text if form == "html" else out
    said = (
        "A calculator",
        "Read sums",
        COMMIT[:10],
        "make test",
        "boom: It divides sums.",
        "Parse sums",
        "ostinato approve",
    )
    for word in (*said, "+2", "1 of 4 tasks done", "waiting for approval"):
        assert word in text, word


@pytest.mark.parametrize("form", ["terminal", "md", "html"])
def test_every_form_says_what_a_decision_forbids(shell: Shell, nights: Nights, form: str) -> None:
    decision = nights().decision
    assert "forbids" not in shell.ok("report", "--format", form).out
    shell.ok("node", "set", decision, "--forbid-dependency", "requests", "--forbid-path", "vendor")
    out = shell.ok("report", "--format", form).out
    assert "forbids paths vendor; dependencies requests" in (_Page(out).text if form == "html" else out)


def test_the_page_runs_nothing_and_fetches_nothing(shell: Shell, nights: Nights) -> None:
    worked = nights(title=HOSTILE, word=HOSTILE)
    out = shell.ok("report", "--format", "html", "--full").out
    page = _Page(out)
    assert not page.elements & {"script", "img", "link", "iframe", "a", "object", "form", "b\x1b"}
    assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {"src", "href"}
    assert "default-src 'none'" in out
    assert "<script>alert(1)</script>" in page.text
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    assert worked.failed in page.text


def test_markdown_takes_foreign_text_by_its_word(shell: Shell, nights: Nights) -> None:
    nights(title=HOSTILE, word=HOSTILE)
    out = shell.ok("report", "--format", "md", "--full").out
    assert not {"\x1b", "\x07", "\u202e"} & set(out)
    tokens = MarkdownIt("commonmark").enable("table").parse(out)
    assert {"html_block"}.isdisjoint(token.type for token in tokens)
    inside = {child.type for token in tokens for child in token.children or []}
    assert inside <= {"text", "text_special", "code_inline", "strong_open", "strong_close", "softbreak"}
    bold = [t.children[1].content for t in tokens if t.children and t.children[0].type == "strong_open"]
    assert "bold" not in bold


def test_a_session_can_be_reported_alone(shell: Shell, nights: Nights) -> None:
    worked = nights()
    out = shell.ok("report", worked.session.id).out
    assert "(ralph session)" in out
    document = shell.json("report", worked.session.id)
    assert document["session"]["id"] == worked.session.id
    assert document["id"] == worked.goal.id


def test_the_document_holds_everything(shell: Shell, nights: Nights) -> None:
    worked = nights()
    document = shell.json("report")
    by_id = {task["id"]: task for task in document["tasks"]}
    assert by_id[worked.done]["commit"] == COMMIT
    assert by_id[worked.done]["changed"] == [{"path": "read.py", "added": 2, "removed": 1}]
    assert [run["phase"] for run in by_id[worked.failed]["attempts"][0]["check_runs"]] == ["base", "attempt"]
    assert document["usage"]["calls"] == 4
    assert [one["node_id"] for one in document["waiting"]] == [worked.review]


def test_a_file_is_written_in_the_form_that_its_name_asks_for(shell: Shell, nights: Nights, tmp_path: Path) -> None:
    nights()
    for name, begins in (("r.html", "<!doctype html>"), ("r.md", "# A calculator"), ("r.txt", "A calculator")):
        ran = shell.ok("report", "--output", str(tmp_path / name))
        assert ran.out == ""
        assert (tmp_path / name).read_text("utf-8").startswith(begins)
    answered = shell.ok("report", "--json", "--output", str(tmp_path / "r.json")).document
    assert answered == {"output": str(tmp_path / "r.json")}
    assert json.loads((tmp_path / "r.json").read_text("utf-8"))["title"] == "A calculator"
    assert shell.run("report", "--output", str(tmp_path / "r.pdf")).code == 2
    refused = shell.run("report", "--output", str(tmp_path / "absent" / "r.md"))
    assert (refused.code, "--output" in refused.err) == (8, True)


def test_what_cannot_be_reported_says_what_to_do(
    shell: Shell, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "ostinato plan" in shell.run("report").err
    goal = shell.add("goal", "G")
    task = shell.add("task", "T", "--parent", goal)
    for wrong in (task, "os-00000000", "sess-00000000", "x"):
        assert shell.run("report", wrong).code == 2
    assert "0 of 1 task done" in shell.ok("report").out
    monkeypatch.chdir(make_repository(tmp_path / "other"))
    assert shell.run("report").code == 2
    assert goal in shell.ok("report", goal).out


@pytest.mark.parametrize("form", ["terminal", "md", "html"])
def test_where_the_commits_are_is_told_as_it_is(shell: Shell, nights: Nights, form: str) -> None:
    worked = nights()
    branch = f"ostinato/{worked.goal.id}/main"

    def told() -> str:
        out = shell.ok("report", worked.goal.id, "--format", form).out
        shown = shell.ok("show", worked.goal.id).out
        return " ".join(((_Page(out).text if form == "html" else out) + shown).replace("`", "").split())

    assert f"ranch {branch}" in told()
    shell.ok("node", "set", worked.goal.id, "--metadata", f"discarded_commit={COMMIT}")
    assert f"kept at refs/ostinato/discarded/{worked.goal.id}" in told()
    assert branch not in told()
    shell.ok("node", "set", worked.goal.id, "--metadata", f"landed_commit={COMMIT}")
    # Landing takes the goal's branch away.
    assert f"anded as {COMMIT[:12]}" in told()
    assert branch not in told()
