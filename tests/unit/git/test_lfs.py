"""Large files of Git LFS: real content in checkouts, pointers in commits, objects in the person's store, no network."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from ostinato.git.checkouts import Place, SetupPlan, acquire
from ostinato.git.goal_branch import GitGoalBranch
from ostinato.git.moving import Move, move_person
from tests.programs import need
from tests.unit.git.conftest import Person, no_setup, require_no_system_filter

BIG = b"\0big\n" * 5000
NEW = b"\0new\n" * 5000


@pytest.fixture
def lfs(person: Person) -> Person:
    """A repository with an LFS file, of a person whose own configuration has the filter."""
    need("git-lfs")
    person.git("lfs", "install", "--skip-repo")
    person.commit({".gitattributes": "*.bin filter=lfs diff=lfs merge=lfs -text\n", "a.bin": BIG})
    assert person.git("cat-file", "blob", "HEAD:a.bin").startswith("version https://git-lfs")
    return person


def place_of(person: Person) -> Place:
    return acquire(person.root / "state", person.repository(), SetupPlan(), no_setup)


async def test_a_checkout_has_the_content_and_a_commit_the_pointer(lfs: Person) -> None:
    place, head = place_of(lfs), lfs.repository().head()
    await place.work.reset(head)
    assert (place.work.path / "a.bin").read_bytes() == BIG
    assert (await place.harvest(head, ())).empty
    (place.work.path / "a.bin").write_bytes(NEW)
    (place.work.path / "b.bin").write_bytes(BIG + NEW)
    change = await place.harvest(head, ())
    assert change.paths == ("a.bin", "b.bin")
    await place.proof.reset_to_tree(change.tree, head)
    assert (place.proof.path / "b.bin").read_bytes() == BIG + NEW

    branch = GitGoalBranch(lfs.repository()).using(place.workshop)
    commit = await branch.prepare_commit(change.tree, head, "Change\n")
    digest = hashlib.sha256(NEW).hexdigest()
    assert f"oid sha256:{digest}" in lfs.git("cat-file", "blob", f"{commit}:a.bin")
    assert (lfs.repo / ".git/lfs/objects" / digest[:2] / digest[2:4] / digest).read_bytes() == NEW
    move_person(lfs.repository(), Move("refs/heads/main", head, commit), "land")
    assert (lfs.repo / "a.bin").read_bytes() == NEW
    assert lfs.git("status", "--porcelain") == ""
    lfs.git("lfs", "fsck")
    await place.work.reset(head)
    assert (place.work.path / "a.bin").read_bytes() == BIG
    assert not (place.work.path / "b.bin").exists()


async def test_what_is_not_in_the_store_stays_a_pointer_and_nothing_is_fetched(lfs: Person) -> None:
    trap = lfs.run_trap()
    lfs.commit({".lfsconfig": "[lfs]\n\turl = http://127.0.0.1:9/\n"})
    lfs.git("config", "lfs.standalonetransferagent", "evil")
    lfs.git("config", "lfs.customtransfer.evil.path", str(trap))
    shutil.rmtree(lfs.repo / ".git" / "lfs" / "objects")
    place, head = place_of(lfs), lfs.repository().head()
    await place.work.reset(head)
    assert (place.work.path / "a.bin").read_text().startswith("version https://git-lfs")
    assert (await place.harvest(head, ())).empty
    assert lfs.trapped() == ""


async def test_without_the_filter_in_the_persons_configuration_all_stays_as_it_is(lfs: Person) -> None:
    require_no_system_filter(lfs)
    trap = lfs.run_trap()
    lfs.git("config", "--global", "--remove-section", "filter.lfs")
    lfs.git("config", "filter.lfs.process", str(trap))
    lfs.git("config", "filter.lfs.smudge", str(trap))
    place, head = place_of(lfs), lfs.repository().head()
    await place.work.reset(head)
    assert (place.work.path / "a.bin").read_text().startswith("version https://git-lfs")
    assert lfs.trapped() == ""
