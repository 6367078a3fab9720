"""A repository that a stranger filled: its files of the graph lead nowhere, hold nobody up and overwrite nothing."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Shell

ODD = ("link", "link to nowhere", "endless", "pipe", "directory")


@pytest.fixture
def goal(shell: Shell) -> str:
    goal = shell.add("goal", "Read files")
    shell.add("task", "First", "--parent", goal)
    shell.ok("graph", "export")
    return goal


@pytest.fixture
def file(goal: str, repository: Path) -> Path:
    return repository / ".ostinato" / "graph" / f"{goal}.toml"


def lay(kind: str, place: Path, outside: Path) -> None:
    """Put something that is no file where a file of the graph should be."""
    place.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "directory":
        place.mkdir()
    else:
        place.symlink_to({"link": outside, "endless": Path("/dev/zero")}.get(kind, outside / "nowhere"))


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_is_neither_read_nor_replaced(kind: str, shell: Shell, file: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.toml"
    outside.write_bytes(file.read_bytes())
    lay(kind, file, outside)
    for command in ("import", "diff", "export"):
        ran = shell.run("graph", command, "--json")
        assert ran.code == 2 and ran.error["message"].startswith(f"{file} is "), command
    assert not file.is_file() or file.is_symlink()
    # Beside the files of goals it is no matter to an export, and a link that a person names is theirs.
    file.rename(file.with_name("os-11111111.toml"))
    shell.ok("graph", "export")
    if kind == "link":
        shell.ok("graph", "import", str(file.with_name("os-11111111.toml")))


@pytest.mark.parametrize("kind", ["endless", "pipe", "directory"])
def test_a_configuration_that_is_no_file_holds_no_change_up(kind: str, shell: Shell, file: Path) -> None:
    lay(kind, file.parent.parent / "config.toml", file)
    assert shell.ok("node", "set", file.stem, "--title", "Another").err == ""
    ran = shell.run("decisions", "export")
    assert ran.code == 2 and "config.toml: cannot be read: it is no file" in ran.err


def test_a_link_in_the_way_of_an_export_is_not_written_through(shell: Shell, file: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    for name in (f".{file.name}.new", f".{file.name}.{os.getpid()}"):
        file.with_name(name).symlink_to(outside)
    shell.ok("node", "set", file.stem, "--title", "Another")
    shell.ok("graph", "export")
    assert outside.read_text() == "mine" and "Another" in file.read_text() and not file.is_symlink()


def test_what_a_killed_export_left_is_cleared_and_a_failed_one_leaves_nothing(shell: Shell, file: Path) -> None:
    left = file.with_name(f".{file.name}.new")
    left.write_text("half")
    shell.ok("node", "set", file.stem, "--title", "Another")
    shell.ok("graph", "export")
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_database_itself_is_no_file_of_the_graph(shell: Shell, goal: str) -> None:
    before = shell.json("node", "list")
    for end in ("", "-wal"):
        target = Path(f"{shell.database}{end}")
        if target.exists():
            ran = shell.run("graph", "export", "--goal", goal, "--output", str(target))
            assert ran.code == 2 and "is the database itself" in ran.err
    assert shell.run("graph", "diff", str(shell.database)).code == 2
    assert shell.json("node", "list") == before


def test_a_small_file_costs_little_time_whatever_its_keys(shell: Shell, file: Path) -> None:
    head = '[meta]\nversion = 1\nproject = "x"\n'
    for key in ("a." * 100_000 + "a = 1", "[" + '"a" . ' * 100_000 + "a]"):
        file.write_text(f"{head}{key}\n")
        began = time.process_time()
        ran = shell.run("graph", "import")
        assert ran.code == 2 and "line 4: a key of too many parts" in ran.err
        assert time.process_time() - began < 5


def test_texts_of_many_dots_are_texts(shell: Shell, file: Path) -> None:
    dots = "." * 1000 + '\n"""' + "a." * 300 + "\\\n'''\n#" + ". " * 300
    shell.ok("node", "set", file.stem, "--title", "." * 500, "--description", dots)
    shell.ok("graph", "export")
    shell.ok("graph", "diff")


def test_an_id_of_endless_depth_is_named_and_no_bug(shell: Shell, file: Path, repository: Path) -> None:
    other = re.sub(r'uid = "[0-9a-f]{31}', f'uid = "{"0" * 31}', file.read_text())
    other = other.split("[nodes", 2)[0] + "[nodes" + other.split("[nodes", 2)[1]
    (repository / "other.toml").write_text(other)
    shell.ok("graph", "import", str(repository / "other.toml"), "--renumber")
    deep = f"{file.stem}{'.1' * 1500}"
    edge = f'edge_type = "depends_on"\nfrom_id = "{deep}"\nto_id = "{file.stem}"\ncreated_at = "2026-01-01T00:00:00Z"'
    (repository / "deep.toml").write_text(f'[meta]\nversion = 1\nproject = "x"\n[edges.e]\n{edge}\n')
    assert len(shell.json("graph", "import", str(repository / "deep.toml"))["skipped_edges"]) == 1
