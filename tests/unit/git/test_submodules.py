"""Submodules in our checkouts: filled where the person has them, never followed, never harvested."""

from __future__ import annotations

from pathlib import Path

import pytest

from ostinato.git.checkouts import Place, SetupPlan, acquire
from tests.unit.git.conftest import Person, Shell, no_setup

LIBRARY = {"lib.py": "LIB = 1\n", "deep/more.py": "MORE = 1\n", "inner/in.txt": "inner\n"}


def made(person: Person, path: Path, files: dict[str, str]) -> None:
    person.git("init", "-q", "-b", "main", str(path), cwd=person.root)
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    person.git("add", "-A", cwd=path)
    person.git("commit", "-qm", "library", cwd=path)


@pytest.fixture
def person(person: Person) -> Person:
    """A repository with a submodule in `vendor/lib`, which has one of its own in `inner`, and an absent one."""
    person.git("config", "--global", "protocol.file.allow", "always")
    made(person, person.root / "inner", {"in.txt": "inner\n"})
    made(person, person.root / "library", {"lib.py": "LIB = 1\n", "deep/more.py": "MORE = 1\n"})
    library = person.root / "library"
    person.git("submodule", "--quiet", "add", str(person.root / "inner"), "inner", cwd=library)
    person.git("commit", "-qm", "inner", cwd=library)
    person.git("submodule", "--quiet", "add", str(library), "vendor/lib")
    person.git("submodule", "--quiet", "update", "--init", "--recursive")
    absent = person.git("rev-parse", "HEAD", cwd=person.root / "inner")
    person.git("update-index", "--add", "--cacheinfo", f"160000,{absent},absent")
    (person.repo / "absent").mkdir()
    person.git("commit", "-qm", "submodules")
    return person


@pytest.fixture
def place(person: Person, tmp_path: Path) -> Place:
    return acquire(tmp_path / "state", person.repository(), SetupPlan(), no_setup)


def files_in(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file() and p.name[0] != "."}


async def test_a_submodule_has_the_content_of_the_commit_that_the_tree_names(person: Person, place: Place) -> None:
    first = person.repository().head()
    library = person.repo / "vendor" / "lib"
    (library / "lib.py").write_text("LIB = 2\n")
    person.git("commit", "-qam", "two", cwd=library)
    second = person.commit({"vendor.txt": "two"})
    for commit, text in ((first, "LIB = 1\n"), (second, "LIB = 2\n"), (first, "LIB = 1\n")):
        for checkout in (place.work, place.proof):
            await checkout.reset(commit)
            assert files_in(checkout.path / "vendor" / "lib") == {**LIBRARY, "lib.py": text}
            assert not (checkout.path / "vendor" / "lib" / ".git").exists()
            assert list((checkout.path / "absent").iterdir()) == []
        assert (await place.harvest(commit, ())).empty


TAMPERED = {
    "changed": "echo x > vendor/lib/lib.py",
    "added": "echo x > vendor/lib/new.py",
    "removed": "rm -r vendor/lib/deep",
    "a repository": "cd vendor/lib && git init -q && git add -A && git commit -qm mine",
    "a repository inside": "cd vendor/lib/deep && git init -q",
    "gone": "rm -r vendor",
    "a file": "rm -r vendor/lib && echo x > vendor/lib",
    "a link": "rm -r vendor/lib && ln -s ../../trap vendor/lib",
    "a link above": "rm -r vendor && mkdir -p ../trap/lib && ln -s ../trap vendor",
    "locked": "chmod 0 vendor/lib/deep",
}


@pytest.mark.parametrize("command", TAMPERED.values(), ids=TAMPERED)
async def test_whatever_was_done_in_a_submodule_is_undone_and_not_harvested(
    person: Person, place: Place, agent: Shell, command: str, tmp_path: Path
) -> None:
    head = person.repository().head()
    trap = place.work.path.parent / "trap"
    trap.mkdir(parents=True)
    (trap / "precious").write_text("mine")
    await place.work.reset(head)
    agent(command)
    change = await place.harvest(head, ())
    assert change.empty or all(not path.startswith("vendor/lib/") for path in change.paths)
    await place.work.reset(head)
    assert files_in(place.work.path / "vendor" / "lib") == LIBRARY
    assert list((place.work.path / "vendor" / "lib").rglob(".git")) == []
    assert (trap / "precious").read_text() == "mine"
    assert (await place.harvest(head, ())).empty


async def test_a_link_that_git_ignores_is_not_written_behind(
    person: Person, place: Place, agent: Shell, tmp_path: Path
) -> None:
    head = person.commit({".gitignore": "vendor\n"})
    trap = place.work.path.parent / "trap"
    (trap / "lib").mkdir(parents=True)
    (trap / "lib" / "precious").write_text("mine")
    await place.work.reset(head)
    agent("rm -r vendor && ln -s ../trap vendor")
    await place.work.reset(head)
    assert files_in(trap) == {"lib/precious": "mine"}
    assert files_in(place.work.path / "vendor" / "lib") == LIBRARY


async def test_a_change_in_a_submodule_is_named_as_left_out(person: Person, place: Place, agent: Shell) -> None:
    head = person.repository().head()
    await place.work.reset(head)
    agent("echo x > vendor/lib/lib.py; echo y > src/app.py")
    change = await place.harvest(head, ())
    assert (change.paths, change.dropped) == (("src/app.py",), ("vendor/lib/",))


async def test_a_name_that_leaves_the_persons_modules_is_not_followed(person: Person, tmp_path: Path) -> None:
    text = (person.repo / ".gitmodules").read_text()
    other = person.root / "library" / ".git"
    for name in ("../../../library/.git", str(other)):
        person.commit({".gitmodules": text.replace('"vendor/lib"', f'"{name}"')})
        place = acquire(tmp_path / "state", person.repository(), SetupPlan(), no_setup)
        await place.work.reset(person.repository().head())
        assert files_in(place.work.path / "vendor" / "lib") == {}
        place.release()
