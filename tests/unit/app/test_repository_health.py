"""What `doctor` says of a repository that is not plain, and nothing of one that is."""

from __future__ import annotations

import shutil
from pathlib import Path

from ostinato.app.health.finding import Situation
from ostinato.app.health.repository import repository
from tests.unit.git.conftest import Person, person, require_no_system_filter

__all__ = ["person"]


def said(person: Person, top: Path | None = None) -> dict[str, tuple[str, str, str]]:
    situation = Situation(top or person.repo, person.root / "db", {}, None, "")
    return {one.name: (one.state.value, one.message, one.fix) for one in repository(situation)}


def test_a_plain_repository_is_not_talked_about(person: Person, tmp_path: Path) -> None:
    assert said(person) == {}
    assert said(person, tmp_path / "home") == {}


def test_signing_is_named_with_what_it_needs(person: Person) -> None:
    person.git("config", "commit.gpgSign", "true")
    assert said(person) == {}
    person.git("config", "--global", "commit.gpgSign", "true")
    person.git("config", "--global", "gpg.format", "ssh")
    state, message, _ = said(person)["signing"]
    assert (state, "(ssh)" in message, "in its agent" in message) == ("ok", True, True)


def test_large_files_without_the_persons_filter_are_warned_of(person: Person) -> None:
    require_no_system_filter(person)
    person.commit({".gitattributes": "*.bin filter=lfs\n", "a.bin": "x", "b.bin": "x"})
    state, message, fix = said(person)["large files"]
    assert (state, "2 files are in Git LFS" in message, "git lfs install" in fix) == ("warn", True, True)
    person.git("config", "--global", "filter.lfs.process", "git-lfs filter-process")
    state, _, fix = said(person)["large files"]
    assert (state, fix) == (("ok", "") if shutil.which("git-lfs") else ("fail", "install git-lfs"))


def test_submodules_that_are_absent_are_named(person: Person) -> None:
    head = person.git("rev-parse", "HEAD")
    for name in ("a", "b", "c", "d"):
        (person.repo / name).mkdir()
        person.git("update-index", "--add", "--cacheinfo", f"160000,{head},{name}")
    person.git("commit", "-qm", "submodules")
    state, message, fix = said(person)["submodules"]
    assert state == "warn"
    assert message.endswith("a, b, c and 1 more")
    assert fix == "git submodule update --init --recursive"


def test_a_landing_that_was_cut_off_is_named_and_left(person: Person) -> None:
    note = person.repo / ".git" / "ostinato-landing"
    note.write_text("[]")
    assert said(person)["landing"][2] == "if none runs, `ostinato land` finishes it"
    assert note.exists()
