"""Checkouts survive what agents do to them, and the tree that is harvested is exactly what it should be."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from ostinato.git.checkouts import Place, SetupPlan, acquire
from ostinato.git.repository import Objects
from ostinato.git.worktree import Worktree
from tests.unit.git.conftest import Person, Shell, no_setup


def files_of(folder: Path) -> dict[str, str]:
    """Return path → content of everything but `.git`; links as `-> target`."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name.split("/")[0] == ".git" or (path.is_dir() and not path.is_symlink()):
            continue
        found[name] = f"-> {path.readlink()}" if path.is_symlink() else path.read_bytes().decode("latin-1")
    return found


BASE = {"README.md": "# A project\n", "src/app.py": "print('hi')\n", ".gitignore": "node_modules/\n*.log\n"}


async def test_a_checkout_equals_the_commit_and_sees_its_history(person: Person, place: Place) -> None:
    head = person.repository().head()
    await place.work.reset(head)
    assert files_of(place.work.path) == BASE
    here = place.work.path
    assert person.git("log", "--format=%s", cwd=here) == "first"
    assert person.git("status", "--porcelain", cwd=here) == ""
    assert person.git("rev-parse", "HEAD", cwd=here) == head
    assert person.git("branch", "--list", cwd=here) == "* (no branch)"
    assert "node_modules" in (here / ".gitignore").read_text()
    assert not (here / ".git" / "hooks").exists()


async def test_a_tree_shows_as_uncommitted_change_in_proof(person: Person, place: Place, agent: Shell) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    agent("echo more >> src/app.py; echo new > new.txt")
    change = await place.harvest(base, ())
    await place.proof.reset_to_tree(change.tree, base)
    assert files_of(place.proof.path) == {**BASE, "src/app.py": "print('hi')\nmore\n", "new.txt": "new\n"}
    # The leading blank of the first line is stripped.
    assert person.git("status", "--porcelain", cwd=place.proof.path) == "M src/app.py\n?? new.txt"
    assert person.git("rev-parse", "HEAD", cwd=place.proof.path) == base


DAMAGE = {
    "no .git": "rm -rf .git",
    "a .git file": "rm -rf .git; echo 'gitdir: /etc' > .git",
    "a .git link": "rm -rf .git; ln -s /etc .git",
    "a torn index": "echo rubbish > .git/index",
    "a left lock": "touch .git/index.lock .git/HEAD.lock",
    "another config": "git config core.worktree /etc; git config core.bare true; git config core.fsmonitor false",
    "hooks": "mkdir -p .git/hooks; printf '#!/bin/sh\\nexit 1\\n' > .git/hooks/post-checkout; chmod +x .git/hooks/*",
    "commits and stashes": "git add -A; git commit -qm x --allow-empty; echo y > y; git add y; git stash -q",
    "everything gone": "find . -mindepth 1 -delete",
    "a file for a directory": "rm -rf src; echo x > src",
    "a directory for a file": "rm README.md; mkdir -p README.md/deep; touch README.md/deep/x",
    "a link for a directory": "mkdir ../elsewhere; mv src ../elsewhere/src; ln -s ../elsewhere/src src",
    "a link for a file": "rm README.md; ln -s ../precious README.md",
    "a pipe for a file": "rm README.md; mkfifo README.md",
    "nested repositories": "for d in nested src; do git init -q $d; git -C $d commit -q --allow-empty -m x; done",
    "locked directories": "mkdir -p locked/in; touch locked/in/x; chmod 500 locked/in src; chmod 000 locked README.md",
    "strange names": "touch \"$(printf 'a\\nb')\" 'c d' \"$(printf '\\377')\" -- -rf; mkdir 'e f'; touch 'e f/g'",
    "empty directories": "mkdir -p x/y/z",
    "modes": "chmod 755 README.md; chmod 644 src/app.py",
    "an altered ignore file": "echo '*' > .gitignore; touch a b c",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
async def test_reset_restores_the_commit_whatever_was_done(
    person: Person, place: Place, agent: Shell, damage: str
) -> None:
    head = person.repository().head()
    precious = place.work.path.parent / "precious"
    await place.work.reset(head)
    precious.write_text("old")
    agent("mkdir -p node_modules/m; echo kept > node_modules/m/index.js")
    agent(damage)
    await place.work.reset(head)
    kept = {"node_modules/m/index.js": "kept\n"} if "find" not in damage else {}
    assert files_of(place.work.path) == {**BASE, **kept}
    assert person.git("status", "--porcelain", cwd=place.work.path) == ""
    assert {p.name for p in place.work.path.iterdir()} == {".git", ".gitignore", "README.md", "src"} | (
        {"node_modules"} if kept else set()
    )
    assert precious.read_text() == "old"
    elsewhere = place.work.path.parent / "elsewhere" / "src" / "app.py"
    assert not elsewhere.exists() or elsewhere.read_text() == BASE["src/app.py"]
    assert person.git("config", "--get-regexp", "core.*", cwd=place.work.path).count("worktree") == 0


async def test_reset_makes_the_checkout_anew_when_it_was_replaced(person: Person, place: Place, tmp_path: Path) -> None:
    head = person.repository().head()
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / "mine").write_text("mine")
    for replace in (lambda p: p.write_text("a file"), lambda p: p.symlink_to(tmp_path / "trap")):
        await place.work.reset(head)
        shutil.rmtree(place.work.path)
        replace(place.work.path)
        await place.work.reset(head)
        assert files_of(place.work.path) == BASE
        assert not place.work.path.is_symlink()
    assert files_of(tmp_path / "trap") == {"mine": "mine"}


async def test_another_commit_is_brought_in_by_difference_and_keeps_untouched_files(
    person: Person, place: Place
) -> None:
    first = person.repository().head()
    second = person.commit({"src/app.py": "print('ho')\n", "extra/deep/x": "x"})
    await place.work.reset(first)
    stamp = (place.work.path / "README.md").stat().st_mtime_ns
    await place.work.reset(second)
    assert files_of(place.work.path)["extra/deep/x"] == "x"
    await place.work.reset(first)
    assert files_of(place.work.path) == BASE
    assert not (place.work.path / "extra").exists()
    assert (place.work.path / "README.md").stat().st_mtime_ns == stamp


async def test_harvest_takes_what_changed_and_leaves_history_out(person: Person, place: Place, agent: Shell) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    agent(
        "git checkout -qb mine; rm README.md; echo more >> src/app.py; echo x > 'new file';"
        "git add -A; git commit -qm mine;"
        "printf '#!/bin/sh\\n' > run; chmod +x run; ln -s /etc/passwd link; echo log > a.log; mkdir void"
    )
    change = await place.harvest(base, ())
    assert not change.empty
    assert change.base_tree == person.git("rev-parse", f"{base}^{{tree}}")
    assert change.paths == ("README.md", "link", "new file", "run", "src/app.py")
    assert change.dropped == ()
    modes = {c.path: c.mode for c in Objects(place.workshop_git).changed(change.base_tree, change.tree)}
    assert modes == {
        "README.md": "000000",
        "link": "120000",
        "new file": "100644",
        "run": "100755",
        "src/app.py": "100644",
    }
    assert Objects(place.workshop_git).text(change.tree, "link") == "/etc/passwd"
    assert "+more" in change.diff
    assert "root:" not in change.diff


async def test_an_untouched_checkout_is_an_empty_change(person: Person, place: Place, agent: Shell) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    agent("touch README.md; mkdir void; echo x > x.log")
    change = await place.harvest(base, ("src",))
    assert change.empty
    assert (change.paths, change.dropped, change.diff) == ((), (), "")


async def test_new_files_outside_the_scope_are_dropped_unless_the_agent_wrote_them(
    person: Person, place: Place, agent: Shell
) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    agent("mkdir -p src/deep docs; touch src/deep/a docs/wrote docs/left stray; echo changed > README.md")
    change = await place.harvest(base, ("src/**",), frozenset({"docs/wrote"}))
    # A tracked file outside the scope stays in the change: the verdict says so.
    assert change.paths == ("README.md", "docs/wrote", "src/deep/a")
    assert change.dropped == ("docs/left", "stray")


async def test_nested_repositories_are_left_out_and_named(person: Person, place: Place, agent: Shell) -> None:
    base = person.commit({"lib/code.py": "x\n", "plain": "p\n"})
    await place.work.reset(base)
    agent(
        "rm plain; for d in fresh lib plain; do git init -q $d; git -C $d commit -q --allow-empty -m x; done;"
        "git init -q hollow; echo y > lib/new.py; echo z > src/new.py"
    )
    change = await place.harvest(base, ())
    tree = Objects(place.workshop_git).changed(change.base_tree, change.tree)
    assert all(c.mode != "160000" for c in tree)
    assert "fresh/" in change.dropped
    assert "hollow/" in change.dropped
    assert "src/new.py" in change.paths


async def test_a_submodule_stays_at_the_commit_of_the_base(person: Person, place: Place, agent: Shell) -> None:
    commit = person.git("rev-parse", "HEAD")
    person.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
    person.git("commit", "-qm", "a submodule")
    base = person.repository().head()
    await place.work.reset(base)
    assert (place.work.path / "sub").is_dir()
    agent("cd sub; git init -q; git commit -q --allow-empty -m inside; cd ..; echo x > new")
    change = await place.harvest(base, ())
    assert change.paths == ("new",)
    assert change.dropped == ("sub/",)


async def test_names_that_are_no_text_are_kept_in_the_tree_and_readable_in_the_report(
    person: Person, place: Place
) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    names = [b"caf\xe9", b"line\nbreak", b'tab\tq"uote', b" blank ", "é".encode(), b"-rf"]
    for name in names:
        (place.work.path / os.fsdecode(name)).write_bytes(name)
    change = await place.harvest(base, ())
    assert set(change.paths) == {"caf\\xe9", "line\nbreak", 'tab\tq"uote', " blank ", "é", "-rf"}
    "".join(change.paths).encode()
    change.diff.encode()
    await place.proof.reset_to_tree(change.tree, base)
    found = {os.fsencode(path.name) for path in place.proof.path.iterdir()} - {
        b".git",
        b".gitignore",
        b"README.md",
        b"src",
    }
    assert found == set(names)


async def test_special_files_do_not_stop_the_harvest(person: Person, place: Place, agent: Shell) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    agent("rm README.md; mkfifo README.md pipe src/pipe; echo x > new")
    with closing(socket.socket(socket.AF_UNIX)) as one:
        here = Path.cwd()
        os.chdir(place.work.path)
        try:
            one.bind("socket")
        finally:
            os.chdir(here)
    change = await place.harvest(base, ())
    assert change.paths == ("README.md", "new")


async def test_a_link_to_a_directory_is_a_link_and_nothing_is_read_through_it(
    person: Person, place: Place, agent: Shell, tmp_path: Path
) -> None:
    base = person.repository().head()
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "app.py").write_text("secret")
    await place.work.reset(base)
    agent(f"rm -r src; ln -s {tmp_path}/private src; ln -s {tmp_path}/private other")
    change = await place.harvest(base, ())
    assert change.paths == ("other", "src", "src/app.py")
    assert "secret" not in change.diff


async def test_a_big_file_is_stored_without_being_held(person: Person, place: Place) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    with (place.work.path / "big").open("wb") as big:
        big.truncate(200_000_000)
    change = await place.harvest(base, ())
    assert change.paths == ("big",)
    assert "Binary files" in change.diff
    assert person.git("cat-file", "-s", f"{change.tree}:big", cwd=place.workshop) == "200000000"


async def test_harvest_ignores_the_agents_index_and_configuration(person: Person, place: Place, agent: Shell) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    trap = person.run_trap()
    agent(
        "echo '* filter=x' > .gitattributes; git update-index --assume-unchanged README.md; echo changed > README.md;"
        "echo '*' > .git/info/exclude; echo new > new;"
        f"git config core.excludesFile /dev/null; git config filter.x.clean {trap}; git config core.fsmonitor {trap}"
    )
    change = await place.harvest(base, ())
    assert change.paths == (".gitattributes", "README.md", "new")
    await place.proof.reset_to_tree(change.tree, base)
    assert person.trapped() == ""


async def test_nothing_of_the_person_changes(person: Person, place: Place, agent: Shell) -> None:
    def state() -> dict[str, bytes]:
        git = person.repo / ".git"
        return {str(p.relative_to(git)): p.read_bytes() for p in sorted(git.rglob("*")) if p.is_file()}

    before, here = state(), files_of(person.repo)
    base = person.repository().head()
    await place.work.reset(base)
    agent("echo x > x; git add x; git commit -qm x; git gc -q --prune=now")
    change = await place.harvest(base, ())
    await place.proof.reset_to_tree(change.tree, base)
    assert state() == before
    assert files_of(person.repo) == here


async def test_a_repository_with_long_names_of_objects_works(person: Person, tmp_path: Path) -> None:
    other = Person(tmp_path / "other")
    other.repo.mkdir(parents=True)
    (tmp_path / "other" / "home").mkdir()
    other.git("init", "-q", "--object-format=sha256")
    other.git("config", "user.name", "P")
    other.git("config", "user.email", "p@example.org")
    other.commit({"a": "1\n"})
    place = acquire(tmp_path / "state256", other.repository(), SetupPlan(), no_setup)
    base = other.repository().head()
    await place.work.reset(base)
    (place.work.path / "a").write_text("2\n")
    assert (await place.harvest(base, ())).paths == ("a",)
    assert other.git("status", "--porcelain", cwd=place.work.path) == "M a"


def test_each_holder_gets_a_place_of_its_own_and_a_released_one_is_taken_again(person: Person, tmp_path: Path) -> None:
    first = acquire(tmp_path / "s", person.repository(), SetupPlan(), no_setup)
    second = acquire(tmp_path / "s", person.repository(), SetupPlan(), no_setup)
    assert first.work.path != second.work.path
    first.release()
    first.release()
    third = acquire(tmp_path / "s", person.repository(), SetupPlan(), no_setup)
    assert third.work.path == first.work.path


def test_the_place_of_a_killed_process_is_free_at_once(person: Person, tmp_path: Path) -> None:
    holder = f"""
import sys, signal
from pathlib import Path
from ostinato.git.checkouts import SetupPlan, acquire
from ostinato.git.repository import Repository
place = acquire(Path({str(tmp_path / "s")!r}), Repository.find(Path({str(person.repo)!r})), SetupPlan(), None)
print(place.work.path, flush=True)
signal.pause()
"""
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        held = process.stdout.readline().strip()
        other = acquire(tmp_path / "s", person.repository(), SetupPlan(), no_setup)
        assert str(other.work.path) != held
        process.kill()
    again = acquire(tmp_path / "s", person.repository(), SetupPlan(), no_setup)
    assert str(again.work.path) == held


@pytest.fixture
def unprivileged(tmp_path: Path) -> Iterator[None]:
    if os.geteuid() == 0:
        pytest.skip("root passes every permission")
    yield


@pytest.mark.usefixtures("unprivileged")
async def test_locked_files_are_harvested(person: Person, place: Place, agent: Shell) -> None:
    base = person.repository().head()
    await place.work.reset(base)
    agent("echo x > src/new; chmod 000 src/new README.md; chmod 000 src")
    change = await place.harvest(base, ())
    assert change.paths == ("src/new",)
    assert isinstance(place.work, Worktree)
