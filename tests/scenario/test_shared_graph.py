"""Two people share a project's work graph through git alone: distinct changes merge by themselves, and what collides is
named and mended."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from ostinato.testing.chat_server import Answer
from tests.scenario.conftest import Modelled
from tests.scenario.world import Turn, brain, done, plan_of, task, write
from tests.unit.cli.conftest import Shell


class Person:
    """Somebody with a clone and a database of their own."""

    def __init__(self, root: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clone = root / name
        self.shell = Shell(root / f"{name}.db")
        self._go = monkeypatch.chdir

    def ostinato(self, *arguments: str) -> str:
        self._go(self.clone)
        return self.shell.ok(*arguments).out.strip()

    def git(self, *arguments: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=P", "-c", "user.email=p@example.org", *arguments],
            cwd=self.clone,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode != 0) is fails, done.stdout + done.stderr
        return done.stdout

    def share(self) -> None:
        self.ostinato("graph", "export")
        self.git("add", "-A")
        self.git("commit", "-qm", "The graph")

    def file(self, goal: str) -> Path:
        return self.clone / ".ostinato" / "graph" / f"{goal}.toml"


@pytest.fixture
def people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Person, Person, str]:
    """Ada and Bob with the same goal of three tasks, committed and pulled."""
    monkeypatch.delenv("OSTINATO_PROJECT", raising=False)
    subprocess.run(["git", "init", "-q", "-b", "main", tmp_path / "ada"], check=True)
    ada = Person(tmp_path, "ada", monkeypatch)
    goal = ada.ostinato("node", "add", "goal", "Read files")
    for title in ("First", "Second", "Third"):
        ada.ostinato("node", "add", "task", title, "--parent", goal, "--criterion", "It works.")
    ada.share()
    subprocess.run(["git", "clone", "-q", tmp_path / "ada", tmp_path / "bob"], check=True)
    bob = Person(tmp_path, "bob", monkeypatch)
    bob.ostinato("graph", "import")
    bob.ostinato("graph", "export")
    assert bob.git("status", "--porcelain") == ""
    return ada, bob, goal


def test_distinct_changes_merge_and_both_come_to_say_the_same(people: tuple[Person, Person, str]) -> None:
    ada, bob, goal = people
    ada.ostinato("node", "set", f"{goal}.1", "--status", "completed")
    ada.ostinato("node", "add", "task", "Part of first", "--parent", f"{goal}.3")
    own = ada.ostinato("node", "add", "goal", "Ada's own")
    ada.share()
    bob.ostinato("node", "set", f"{goal}.2", "--title", "Second, renamed")
    bob.ostinato("node", "link", f"{goal}.2", "depends_on", f"{goal}.1")
    bob.ostinato("node", "add", "observation", "Note on second", "--parent", f"{goal}.2")
    bob.share()
    bob.git("pull", "-q", "--no-rebase", "--no-edit", "origin", "main")
    bob.ostinato("graph", "import", "--theirs")
    bob.ostinato("graph", "export")
    assert bob.git("status", "--porcelain") == ""
    ada.git("pull", "-q", "--no-rebase", str(bob.clone), "main")
    ada.ostinato("graph", "import", "--theirs")
    ada.ostinato("graph", "export")
    assert ada.git("status", "--porcelain") == ""
    assert ada.file(goal).read_bytes() == bob.file(goal).read_bytes()
    for person in (ada, bob):
        assert person.ostinato("graph", "diff").startswith("nothing differs")
        shown = person.ostinato("tasks", "ready")
        assert "Second, renamed" in shown and "Part of first" in shown
        person.ostinato("node", "show", own)


def test_one_id_for_two_nodes_is_a_conflict_that_is_named_and_mended(people: tuple[Person, Person, str]) -> None:
    ada, bob, goal = people
    for person, title in ((ada, "Ada's"), (bob, "Bob's")):
        assert person.ostinato("node", "add", "task", title, "--parent", goal) == f"{goal}.4"
        person.share()
    bob.git("pull", "-q", "--no-rebase", "--no-edit", "origin", "main", fails=True)
    refused = bob.shell.run("graph", "import")
    assert refused.code == 2 and f"{goal}.toml, line" in refused.err and "git's conflict mark" in refused.err
    # What docs/interchange.md tells: git takes the other side where both wrote, and the import finds numbers.
    bob.git("merge", "--abort")
    bob.git("pull", "-q", "--no-rebase", "--no-edit", "-X", "theirs", "origin", "main")
    assert bob.shell.run("graph", "import", "--theirs").code == 2
    bob.ostinato("graph", "import", "--theirs", "--renumber")
    bob.share()
    ada.git("pull", "-q", "--no-rebase", str(bob.clone), "main")
    ada.ostinato("graph", "import", "--theirs")
    for person in (ada, bob):
        person.ostinato("graph", "export")
        assert person.git("status", "--porcelain") == ""
        assert {"Ada's", "Bob's"} <= set(person.ostinato("tasks", "ready").replace("  ", "\n").split("\n"))
    assert ada.file(goal).read_bytes() == bob.file(goal).read_bytes()


def test_the_files_follow_a_run_iteration_by_iteration(modelled: Modelled) -> None:
    seen: dict[str, str] = {}

    def coder(turn: Turn) -> Answer:
        name = turn.title.removeprefix("Make ")
        files = list((world.repo / ".ostinato" / "graph").glob("os-*.toml"))
        seen.setdefault(name, "".join(file.read_text() for file in files))
        return done() if turn.number else write(f"{name}.txt", name)

    plan = plan_of(*(task(name, check=f"test -e {name}.txt") for name in "ab"))
    world = modelled(brain(plan, coder))
    world.make_repository({".ostinato/config.toml": "[graph]\nauto_export = true\n"})
    document = world.json("run", "two files", "--yes")
    assert document["completed"] == 2
    # The plan was there when the first task began, the first task's outcome when the second did.
    assert seen["a"].count('node_type = "task"') == 2 and "claimed" not in seen["a"]
    assert seen["a"].count('status = "completed"') == 0 and seen["b"].count('status = "completed"') == 1
    assert world.json("graph", "diff")["same"]
    text = (world.repo / ".ostinato" / "graph" / f"{document['goal_id']}.toml").read_text()
    assert text.count('status = "completed"') == 3
    # Files that we write ourselves keep nobody from landing, committed or not, and stay as they are.
    world.git("add", "-A")
    world.git("commit", "-qm", "The graph")
    world.json("node", "set", document["goal_id"], "--description", "Two of them.")
    assert world.git("status", "--porcelain") != ""
    ran = world.run("land", "--rebase")
    assert ran.code == 0, ran.err
    assert (world.repo / "b.txt").exists() and world.json("graph", "diff")["same"]
