"""`graph export`, `import` and `diff` as a person uses them, and the files that follow by themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.base.ids import NodeId
from ostinato.graph.requests import NodeChanges
from ostinato.store.store import Store
from tests.examples import examples
from tests.unit.cli.conftest import Shell, make_repository

Two = tuple[Shell, Shell]


@pytest.fixture
def goal(shell: Shell) -> str:
    goal = shell.add("goal", "Read files")
    first = shell.add("task", "First", "--parent", goal, "--criterion", "It works.")
    shell.add("task", "Second", "--parent", goal, "--depends-on", first)
    return goal


@pytest.fixture
def folder(repository: Path) -> Path:
    return repository / ".ostinato" / "graph"


@pytest.fixture
def other(tmp_path: Path) -> Shell:
    """Another person's command line, in the same directory with another database."""
    return Shell(tmp_path / "data" / "other.db")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_export_writes_one_file_per_goal_and_only_what_changed(shell: Shell, goal: str, folder: Path) -> None:
    inner = shell.add("goal", "Inner", "--parent", goal)
    shell.add("observation", "Loose")
    done = shell.json("graph", "export")
    assert names(folder) == {f"{goal}.toml", f"{inner}.toml", "outside.toml"}
    assert [Path(path).name for path in done["written"]] == [f"{goal}.toml", f"{inner}.toml", "outside.toml"]
    stamps = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    shell.ok("node", "set", f"{goal}.1", "--title", "Renamed")
    done = shell.json("graph", "export")
    assert [Path(path).name for path in done["written"]] == [f"{goal}.toml"] and len(done["unchanged"]) == 2
    changed = [path.name for path, stamp in stamps.items() if path.stat().st_mtime_ns != stamp]
    assert changed == [f"{goal}.toml"]


def test_export_of_one_goal_goes_where_it_is_told(shell: Shell, goal: str, repository: Path, other: Shell) -> None:
    inner = shell.add("goal", "Inner", "--parent", goal)
    target = repository / "out" / "goal.toml"
    assert shell.json("graph", "export", "--goal", goal, "--output", str(target))["written"] == [str(target)]
    assert f'[nodes."{inner}"]' in target.read_text()
    assert set(other.json("graph", "import", str(target))["added_nodes"]) == {goal, f"{goal}.1", f"{goal}.2", inner}
    shell.ok("graph", "export", "--goal", goal)
    assert names(repository / ".ostinato" / "graph") == {f"{goal}.toml", f"{inner}.toml"}
    shell.ok("graph", "export", "--output", str(repository / "all"))
    assert names(repository / "all") == {f"{goal}.toml", f"{inner}.toml"}
    assert "not a goal" in shell.run("graph", "export", "--goal", f"{goal}.1").err
    assert shell.run("graph", "export", "--goal", "os-00000000").code == 2


def test_a_stale_file_of_ours_goes_and_no_other(shell: Shell, goal: str, folder: Path) -> None:
    loose = shell.add("observation", "Loose")
    shell.ok("graph", "export")
    (folder / "notes.toml").write_text("mine = true\n")
    (folder / "copy.toml").write_bytes((folder / "outside.toml").read_bytes())
    (folder / "os-00000000.toml").write_text((folder / f"{goal}.toml").read_text().replace(goal, "os-00000000"))
    shell.ok("node", "link", goal, "contains", loose)
    done = shell.json("graph", "export")
    assert [Path(path).name for path in done["removed"]] == ["outside.toml"]
    assert names(folder) == {"notes.toml", "copy.toml", "os-00000000.toml", f"{goal}.toml"}


def test_a_file_that_says_more_than_the_database_is_never_replaced(
    shell: Shell, goal: str, folder: Path, other: Shell
) -> None:
    shell.ok("graph", "export")
    other.ok("graph", "import")
    other.ok("node", "set", f"{goal}.1", "--status", "completed")
    other.ok("graph", "export")
    theirs = (folder / f"{goal}.toml").read_bytes()
    shell.ok("node", "set", f"{goal}.2", "--title", "Mine")
    ran = shell.run("graph", "export")
    assert ran.code == 2 and "says what the database does not know" in ran.err
    assert (folder / f"{goal}.toml").read_bytes() == theirs
    # Telling of differences is not settling them.
    assert len(shell.json("graph", "import")["conflicts"]) == 3
    assert shell.run("graph", "export").code == 2
    would = shell.ok("graph", "import", "--theirs", "--dry-run").out
    assert "3 fields would take the value of the file:" in would
    assert shell.json("graph", "import", "--theirs")["conflicts"][0]["kept"] == "file"
    shell.ok("graph", "export")
    shell.ok("graph", "diff")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<<<<<<< HEAD\n[meta]\n=======\n", "line 1: git's conflict mark <<<<<<<"),
        ("[meta]\nversion = 2\n", "version 2 is newer than this program's 1: update Ostinato"),
        ("[meta]\nversion = 1\ngoal_id = ", "not readable as TOML: Invalid value (at"),
        ("", "it has no [meta] table"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_done(
    text: str, said: str, shell: Shell, goal: str, folder: Path
) -> None:
    shell.ok("graph", "export")
    file = folder / f"{goal}.toml"
    file.write_text(text)
    for command in (("import",), ("diff",), ("export",)):
        ran = shell.run("graph", *command, "--json")
        assert ran.code == 2
        assert str(file) in ran.error["message"] and said in ran.error["message"]
    assert file.read_text() == text


def test_a_dry_run_tells_all_and_changes_nothing(shell: Shell, goal: str, other: Shell, store: Store) -> None:
    shell.ok("graph", "export")
    done = other.json("graph", "import", "--dry-run")
    assert done["dry_run"] and len(done["added_nodes"]) == 3
    assert not other.database.exists()
    assert other.json("project", "list") == []
    assert len(other.json("graph", "import")["added_nodes"]) == 3
    other.add("task", "Theirs", "--parent", goal)
    other.ok("graph", "export")
    shell.add("task", "Mine", "--parent", goal)
    seen = store.events.last_seq()
    done = shell.json("graph", "import", "--dry-run")
    assert done["collisions"] == [f"{goal}.3"]
    assert done["renumbered"] == [{"file": f"{goal}.3", "database": f"{goal}.4"}]
    assert store.events.last_seq() == seen
    ran = shell.run("graph", "import")
    assert ran.code == 2 and "--renumber gives the file's node the next free id" in ran.err
    assert "os-" in shell.ok("graph", "import", "--renumber").out
    assert [node["title"] for node in shell.json("tasks", "list")] == ["First", "Second", "Theirs", "Mine"]


def test_diff_says_what_differs_by_its_exit_code_too(shell: Shell, goal: str, folder: Path) -> None:
    shell.ok("graph", "export")
    assert shell.json("graph", "diff")["same"]
    assert shell.ok("graph", "diff").out == "nothing differs: 3 nodes in both\n"
    new = shell.add("task", "New \x1b[31m", "--parent", goal)
    shell.ok("node", "set", f"{goal}.1", "--title", "Renamed")
    ran = shell.run("graph", "diff")
    assert ran.code == 1
    assert ran.out.splitlines() == [
        f"only in the database: {new} New \\x1b[31m",
        f"only in the database: contains {goal} → {new}",
        f'{goal}.1 title: "Renamed" in the database, "First" in the file',
    ]
    found = shell.run("graph", "diff", str(folder / f"{goal}.toml"), "--json").document
    assert found["only_in_database"]["nodes"] == [new]
    assert found["differences"] == [{"id": f"{goal}.1", "field": "title", "database": "Renamed", "file": "First"}]
    shell.add("goal", "Another")
    assert len(shell.run("graph", "diff", "--json").document["only_in_database"]["nodes"]) == 2


def test_an_edge_to_nowhere_is_skipped_and_named(shell: Shell, goal: str, other: Shell, repository: Path) -> None:
    outside = shell.add("goal", "Elsewhere")
    shell.ok("node", "link", f"{goal}.2", "depends_on", outside)
    shell.ok("graph", "export")
    done = other.json("graph", "import", str(repository / ".ostinato" / "graph" / f"{goal}.toml"))
    assert [(edge["from_id"], edge["to_id"]) for edge in done["skipped_edges"]] == [(f"{goal}.2", outside)]
    ran = other.run("graph", "export")
    assert ran.code == 2 and "(1 edge)" in ran.err
    other.ok("graph", "import")
    other.ok("graph", "export")
    assert shell.json("graph", "diff")["same"]


def test_strategies_exclude_each_other_and_paths_must_exist(shell: Shell, goal: str, repository: Path) -> None:
    assert "do not go together" in shell.run("graph", "import", "--theirs", "--ours").err
    assert "No such file" in shell.run("graph", "import", "nowhere.toml").err
    (repository / "empty").mkdir()
    assert "holds no .toml file" in shell.run("graph", "diff", "empty").err
    (repository / ".ostinato").symlink_to(repository / "empty")
    ran = shell.run("graph", "export")
    assert ran.code == 2 and "is a link" in ran.err and not list((repository / "empty").iterdir())


def test_files_follow_by_themselves_where_the_configuration_says_so(
    shell: Shell, repository: Path, folder: Path
) -> None:
    goal = shell.add("goal", "Silent")
    assert not folder.exists()
    (repository / ".ostinato").mkdir()
    (repository / ".ostinato" / "config.toml").write_text("[graph]\nauto_export = true\n")
    task = shell.add("task", "Loud", "--parent", goal)
    file = folder / f"{goal}.toml"
    assert f'[nodes."{task}"]' in file.read_text()
    stamp = file.stat().st_mtime_ns
    shell.ok("tasks", "list")
    shell.ok("node", "show", task)
    assert file.stat().st_mtime_ns == stamp
    shell.ok("tasks", "claim", task, "--agent", "ada")
    assert 'assigned_to = "ada"' in file.read_text()
    shell.ok("tasks", "release", task)
    file.write_text(file.read_text().replace("Loud", "By hand"))
    ran = shell.run("node", "set", task, "--title", "Louder")
    assert ran.code == 0 and "not exported" in ran.err and "(1 field)" in ran.err
    assert "By hand" in file.read_text()
    shell.ok("graph", "import", "--ours")
    assert "Louder" in file.read_text()


def test_what_a_crash_or_an_export_elsewhere_left_behind_is_caught_up(
    shell: Shell, repository: Path, folder: Path, store: Store
) -> None:
    (repository / ".ostinato").mkdir()
    (repository / ".ostinato" / "config.toml").write_text("[graph]\nauto_export = true\n")
    goal = shell.add("goal", "First")
    # As if the process had died before the files were written.
    project = store.projects.list()[0]
    store.graph.update(NodeId(goal), NodeChanges(title="Renamed"))
    assert "Renamed" not in (folder / f"{goal}.toml").read_text()
    assert store.file_marks.behind(project.id) == [goal, None]
    shell.ok("graph", "export", "--output", str(repository / "elsewhere"))
    assert "Renamed" in (folder / f"{goal}.toml").read_text()
    assert store.file_marks.behind(project.id) == []


@pytest.fixture
def small(shell: Shell, goal: str, folder: Path) -> bytes:
    shell.ok("graph", "export")
    return (folder / f"{goal}.toml").read_bytes()


@examples(25, shared=True)
@given(data=st.data())
def test_a_mutated_file_is_imported_or_refused_and_never_in_half(
    small: bytes, goal: str, shell: Shell, folder: Path, store: Store, data: st.DataObject
) -> None:
    mutated = bytearray(small)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(mutated)))
        length = data.draw(st.sampled_from((0, 1, 8, 300)))
        mutated[place : place + length] = data.draw(st.binary(max_size=2) | st.sampled_from((b'"', b"\\u0000", b".9")))
    (folder / f"{goal}.toml").write_bytes(bytes(mutated))
    before = store.events.last_seq()
    ran = shell.run("graph", "import", "--theirs", "--renumber", "--json")
    assert ran.code in {0, 2}, ran.err
    if ran.code:
        assert json.loads(ran.err)["error"]["kind"] in {"graph_file", "rule", "usage"}
        assert store.events.last_seq() == before
    assert store.db.one("PRAGMA foreign_key_check") is None


def test_the_same_graph_in_a_second_clone_of_the_same_person_is_refused(
    shell: Shell, goal: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.ok("graph", "export")
    monkeypatch.chdir(make_repository(tmp_path / "clone"))
    ran = shell.run("graph", "import", str(folder))
    assert ran.code == 2 and "is kept in the project shop of this database" in ran.err
