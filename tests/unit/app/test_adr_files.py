"""The directory of records: what is written, what is removed, and what is left alone. Real files, a real database."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.app.adr_files import Exported, export_decisions, export_folder
from ostinato.base.errors import ConfigError, MachineError, UsageError
from ostinato.graph.edges import EdgeType
from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.types import Node, NodeType
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.examples import examples


@pytest.fixture
def store() -> Iterator[Store]:
    opened = open_memory(FakeClock())
    yield opened
    opened.close()


@pytest.fixture
def project(store: Store, tmp_path: Path) -> Project:
    (tmp_path / "repository").mkdir()
    return store.projects.add(str(tmp_path / "repository"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "docs" / "adr"


def logged(store: Store, project: Project, title: str, **more: Any) -> Node:
    draft = DecisionDraft(title, "", (OptionDraft("a"), OptionDraft("b")), "a", "why", **more)
    return store.reasoning.log_decision(None, draft, project_id=project.id)


def exported(store: Store, project: Project, folder: Path) -> Exported:
    return export_decisions(store.decisions.records(project.id), folder)


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_files_are_written_once_and_follow_the_decisions(store: Store, project: Project, folder: Path) -> None:
    first = logged(store, project, "One")
    done = exported(store, project, folder)
    assert (done.written, done.removed, done.kept) == (("001-one.md",), (), {})
    before = (folder / "001-one.md").stat().st_mtime_ns
    again = exported(store, project, folder)
    assert (again.written, again.unchanged) == ((), ("001-one.md",))
    assert (folder / "001-one.md").stat().st_mtime_ns == before

    store.graph.update(first.id, NodeChanges(title="First"))
    second = logged(store, project, "Two", supersedes=(first.id,))
    done = exported(store, project, folder)
    assert (done.written, done.removed) == (("001-first.md", "002-two.md"), ("001-one.md",))
    assert "Superseded by [002: Two](002-two.md)." in (folder / "001-first.md").read_text()
    assert "Supersedes [001: First](001-first.md)." in (folder / "002-two.md").read_text()
    assert second.id in (folder / "002-two.md").read_text()
    assert names(folder) == ["001-first.md", "002-two.md"]


def test_what_is_not_ours_is_left_alone(store: Store, project: Project, folder: Path, tmp_path: Path) -> None:
    logged(store, project, "One")
    exported(store, project, folder)
    foreign = (folder / "001-one.md").read_text().replace("ostinato decision os-", "ostinato decision os-f")
    (folder / "099-theirs.md").write_text(foreign)
    (folder / "README.md").write_text("# Ours\n")
    (folder / "002-two.md").write_text("# ADR 002: by hand\n")
    (folder / "003-three.md").symlink_to(tmp_path / "elsewhere")
    (folder / "004-four.md").mkdir()
    for title in ("Two", "Three", "Four"):
        logged(store, project, title)
    (folder / ".005-five.md.new").symlink_to(tmp_path / "elsewhere")
    logged(store, project, "Five")

    done = exported(store, project, folder)

    assert done.written == ("005-five.md",)
    assert set(done.kept) == {"002-two.md", "003-three.md", "004-four.md"}
    assert (folder / "099-theirs.md").read_text() == foreign
    assert (folder / "002-two.md").read_text() == "# ADR 002: by hand\n"
    assert not (tmp_path / "elsewhere").exists()


def test_edited_file_stays_under_its_name_and_is_linked_to(store: Store, project: Project, folder: Path) -> None:
    first = logged(store, project, "One")
    exported(store, project, folder)
    edited = (folder / "001-one.md").read_text() + "\nWhat we learned since.\n"
    (folder / "001-one.md").write_text(edited)
    store.graph.update(first.id, NodeChanges(title="First"))
    logged(store, project, "Two", supersedes=(first.id,))

    done = exported(store, project, folder)

    assert (done.written, done.removed, list(done.kept)) == (("002-two.md",), (), ["001-one.md"])
    assert (folder / "001-one.md").read_text() == edited
    assert "[001: First](001-one.md)" in (folder / "002-two.md").read_text()


def test_place_that_cannot_be_is_refused(store: Store, project: Project, tmp_path: Path) -> None:
    logged(store, project, "One")
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises((UsageError, MachineError), match="file"):
            exported(store, project, place)
    top = Path(project.path)
    assert export_folder(top, None) == top / "docs" / "adr"
    assert export_folder(top, "elsewhere") == Path("elsewhere")
    with pytest.raises(UsageError, match="is not there any more"):
        export_folder(tmp_path / "gone", None)
    with pytest.raises(UsageError, match="--output is empty"):
        export_folder(top, " ")


@pytest.mark.parametrize("said", ["../out", "/tmp/out", ".", "link"])
def test_repository_cannot_choose_a_place_outside_of_it(
    project: Project, tmp_path: Path, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    top = Path(project.path)
    (top / "link").symlink_to(tmp_path)
    (top / ".ostinato").mkdir()
    (top / ".ostinato" / "config.toml").write_text(f'[decisions]\noutput = "{said}"\n')
    with pytest.raises(ConfigError, match="inside the project"):
        export_folder(top, None)


def test_records_do_not_depend_on_the_order_of_rows(store: Store, project: Project, tmp_path: Path) -> None:
    goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Goal"))
    options = tuple(OptionDraft(f"o{n}", "", ("p",), ("c",)) for n in range(12))
    made = []
    for n in range(3):
        draft = DecisionDraft(f"d{n}", "", options, "o3", "why", supersedes=tuple(one.id for one in made[-1:]))
        made.append(store.reasoning.log_decision(goal.id, draft))
    for n in range(11):
        task = store.graph.add_node(project.id, NewNode(NodeType.TASK, f"t{n}", parent_id=goal.id))
        store.graph.link(task.id, EdgeType.DEPENDS_ON, made[n % 3].id)
        store.reasoning.record_outcome(made[n % 3].id, f"came {n}", "", True)
    wanted = _bytes(exported(store, project, tmp_path / "wanted"))
    tables = {name: store.db.execute(f"SELECT * FROM {name}") for name in ("projects", "nodes", "edges")}

    @given(st.integers())
    @examples(8, shared=True)
    def same(seed: int) -> None:
        copy = open_memory(FakeClock())
        with copy.db.transaction():
            for name, rows in tables.items():
                for row in _shuffled(rows, random.Random(seed)):
                    kept = {k: v for k, v in row.items() if k not in {"key", "complexity", "has_checks"}}
                    columns = ", ".join(kept)
                    copy.db.execute(f"INSERT INTO {name} ({columns}) VALUES (:{', :'.join(kept)})", kept)
        folder = tmp_path / f"seed{seed}"
        assert _bytes(exported(copy, project, folder)) == wanted
        copy.close()

    same()


def _shuffled(rows: list[dict[str, Any]], chance: random.Random) -> list[dict[str, Any]]:
    """Return the rows in another order, parents before their children."""
    return sorted(rows, key=lambda row: (row["id"].count("."), chance.random()))


def _bytes(done: Exported) -> dict[str, bytes]:
    return {name: (done.folder / name).read_bytes() for name in names(done.folder)}
