"""Reading the person's repository, whatever it contains."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ostinato.base.errors import MachineError, UsageError
from ostinato.git.repository import Objects, Repository
from ostinato.git.run import Git, GitError, git_binary
from tests.unit.git.conftest import Person


def test_the_repository_is_found_from_below(person: Person) -> None:
    found = Repository.find(person.repo / "src")
    assert found.top == person.repo
    assert found.head() == person.git("rev-parse", "HEAD")
    assert found.branch() == "main"


def test_a_place_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not in a git repository"):
        Repository.find(tmp_path)


def test_a_bare_repository_is_refused(person: Person, tmp_path: Path) -> None:
    person.git("clone", "-q", "--bare", str(person.repo), str(tmp_path / "bare.git"))
    with pytest.raises(UsageError, match="not in a git repository with a checkout"):
        Repository.find(tmp_path / "bare.git")


def test_a_repository_without_a_commit_is_refused_and_told_what_to_do(person: Person, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    person.git("init", "-q", cwd=tmp_path / "empty")
    with pytest.raises(UsageError, match="no commit yet: make a first commit"):
        Repository.find(tmp_path / "empty")


def test_a_linked_worktree_shares_its_objects(person: Person, tmp_path: Path) -> None:
    person.git("worktree", "add", "-q", str(tmp_path / "linked"), "-b", "side")
    found = Repository.find(tmp_path / "linked")
    assert found.branch() == "side"
    assert found.object_directories() == (person.repo / ".git" / "objects",)


def test_alternates_are_followed_to_the_end(person: Person, tmp_path: Path) -> None:
    person.git("clone", "-q", "--shared", str(person.repo), str(tmp_path / "second"))
    person.git("clone", "-q", "--shared", str(tmp_path / "second"), str(tmp_path / "third"))
    found = Repository.find(tmp_path / "third").object_directories()
    assert set(found) == {p / ".git" / "objects" for p in (tmp_path / "third", tmp_path / "second", person.repo)}


def test_the_identity_is_the_persons_own(person: Person) -> None:
    assert person.repository().identity() == ("Pat Person", "pat@example.org")
    person.git("config", "user.email", "pat@work.example.org")
    assert person.repository().identity() == ("Pat Person", "pat@work.example.org")


def test_the_identity_is_found_where_the_persons_environment_says(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = person.root / "elsewhere"
    elsewhere.write_text("[user]\n\tname = Pat Elsewhere\n\temail = pat@elsewhere.example.org\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(elsewhere))
    assert person.repository().identity() == ("Pat Elsewhere", "pat@elsewhere.example.org")


def test_a_missing_identity_names_both_commands(person: Person) -> None:
    (person.root / "home" / ".gitconfig").unlink()
    with pytest.raises(UsageError, match=r"git config --global user\.name .* git config --global user\.email"):
        person.repository().identity()


def test_uncommitted_and_untracked_files_are_named_but_ignored_ones_are_not(person: Person) -> None:
    assert person.repository().dirty() == ()
    (person.repo / "README.md").write_text("changed")
    (person.repo / "new file.txt").write_text("new")
    (person.repo / "x.log").write_text("ignored")
    (person.root / "home" / "ignore").write_text("*.mine\n")
    person.git("config", "--global", "core.excludesFile", str(person.root / "home" / "ignore"))
    (person.repo / "y.mine").write_text("ignored by the person")
    assert set(person.repository().dirty()) == {"README.md", "new file.txt"}


def test_trees_are_read_and_compared(person: Person) -> None:
    before = person.git("rev-parse", "HEAD^{tree}")
    person.commit({"src/app.py": "print('ho')\n", "new file": "n\n"})
    person.git("rm", "-q", "README.md")
    person.commit({}, "less")
    after = person.git("rev-parse", "HEAD^{tree}")
    objects = Objects(person.repository().git)
    assert [(c.status, c.path, c.mode) for c in objects.changed(before, after)] == [
        ("D", "README.md", "000000"),
        ("A", "new file", "100644"),
        ("M", "src/app.py", "100644"),
    ]
    assert objects.text(after, "src/app.py") == "print('ho')\n"
    assert objects.text(after, "README.md") is None
    assert objects.text(after, "src") is None
    diff = objects.diff(before, after)
    assert "-print('hi')\n+print('ho')\n" in diff
    assert "\x1b" not in diff
    assert set(objects.files(after)) == {".gitignore", "new file", "src/app.py"}


def test_a_huge_difference_is_cut_and_a_huge_file_only_named(person: Person) -> None:
    before = person.git("rev-parse", "HEAD^{tree}")
    person.commit({f"f{n}": "line\n" * 40_000 for n in range(5)} | {"huge": "x" * 5_000_000})
    objects = Objects(person.repository().git)
    after = person.git("rev-parse", "HEAD^{tree}")
    diff = objects.diff(before, after)
    assert len(diff) < 410_000
    assert diff.endswith("… the rest of the difference is left out …\n")
    assert len(objects.text(after, "huge") or "") == 1_000_000


def test_git_errors_carry_the_facts(person: Person) -> None:
    with pytest.raises(GitError) as caught:
        person.repository().git.run("rev-parse", "--verify", "no-such-ref")
    assert caught.value.code == 128
    assert "no-such-ref" in caught.value.argv
    assert "Needed a single revision" in caught.value.stderr


def test_the_callers_git_variables_do_not_reach_git(
    person: Person, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    assert Repository.find(person.repo).head() == person.git("rev-parse", "HEAD")


def test_a_machine_without_git_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    git_binary.cache_clear()
    try:
        with pytest.raises(MachineError, match="git is not installed"):
            Git(Path("/")).run("--version")
    finally:
        git_binary.cache_clear()


def test_many_files_are_read_at_once_as_each_alone(person: Person) -> None:
    files = {"a": "a", "empty": "", "x y": "blob", "dir/b": "b\n\n", "big": "x" * 1_000_001, "bytes": b"\xff\n"}
    head = person.commit({**files, "line\nbreak": "odd"})
    objects = Objects(person.repository().git)
    absent = ("no", "dir", "a blob", "a blob 5")
    for paths in ((*files, *absent), (*files, *absent, "line\nbreak"), (*absent, "no\nbreak", "a"), ("a", "no"), ()):
        assert objects.texts(head, paths) == {path: objects.text(head, path) for path in paths}
    assert objects.texts(head, ("x y", "no", "line\nbreak")) == {"x y": "blob", "no": None, "line\nbreak": "odd"}


def test_a_git_that_was_killed_has_answered_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a branch would be called gone, and a repository none, because the machine ran short of memory."""
    killed = tmp_path / "git"
    killed.write_text("#!/bin/sh\nkill -9 $$\n")
    killed.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    git_binary.cache_clear()
    try:
        for ask in (Git(tmp_path).code, Git(tmp_path).succeeds):
            with pytest.raises(GitError, match=r"git rev-parse HEAD failed \(exit -9\): killed by signal 9"):
                ask("rev-parse", "HEAD")
        with pytest.raises(GitError):
            Repository.find(tmp_path)
    finally:
        git_binary.cache_clear()
