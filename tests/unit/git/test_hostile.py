"""Nothing that a repository says about running programs is ever run by the harness's own git."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from ostinato.base.ids import IterationId, NodeId
from ostinato.git.checkouts import Place
from ostinato.git.goal_branch import GitGoalBranch
from ostinato.git.landing import require_standing
from ostinato.git.moving import Move, move_person
from ostinato.git.repository import Repository
from tests.unit.git.conftest import Person, Shell

GOAL = NodeId("os-12345678")
HOOKS = (
    "reference-transaction",
    "post-checkout",
    "pre-commit",
    "post-merge",
    "post-index-change",
    "pre-auto-gc",
    "commit-msg",
)
ATTRIBUTES = "* filter=evil diff=evil merge=evil\n*.py filter=e=q\n"


@pytest.fixture
def hostile(person: Person) -> Person:
    """A repository in which every program that git could start is a trap."""
    person.commit({".gitattributes": ATTRIBUTES})
    trap = str(person.run_trap())
    for hook in HOOKS:
        (person.repo / ".git" / "hooks" / hook).symlink_to(trap)
    settings = {
        "core.fsmonitor": trap,
        "core.pager": trap,
        "core.sshCommand": trap,
        "core.editor": trap,
        "core.askPass": trap,
        "core.alternateRefsCommand": trap,
        "diff.external": trap,
        "diff.evil.command": trap,
        "diff.evil.textconv": trap,
        "filter.evil.clean": trap,
        "filter.evil.smudge": trap,
        "filter.evil.required": "true",
        "filter.e=q.process": trap,
        "filter.e=q.required": "true",
        "merge.evil.driver": f"{trap} %A",
        "log.showSignature": "true",
        "gpg.program": trap,
        "commit.gpgSign": "true",
        "merge.verifySignatures": "true",
        "credential.helper": f"!{trap}",
        "pager.log": trap,
        "alias.log": f"!{trap}",
    }
    with (person.repo / ".git" / "config").open("a") as config:
        for key, value in settings.items():
            section, _, rest = key.partition(".")
            name, _, variable = rest.rpartition(".")
            config.write(f'[{section} "{name}"]\n' if name else f"[{section}]\n")
            config.write(f'\t{variable} = "{value}"\n')
        config.write("[extensions]\n\tworktreeConfig = true\n")
    (person.repo / ".git" / "config.worktree").write_text(f'[filter "evil"]\n\tprocess = {trap}\n')
    _sign(person)
    # The traps work: the person's own git walks into them.
    (person.repo / "src" / "app.py").touch()
    person.git("status", check=False)
    person.git("log", "-1", "--show-signature", check=False)
    person.git("update-ref", "refs/heads/x", "HEAD", check=False)
    for sprung in ("/trap 2 ", "--status-fd", "hooks/reference-transaction"):
        assert sprung in person.trapped()
    (person.root / "trap-went-off").unlink()
    return person


def _sign(person: Person) -> None:
    """Give the newest commit something that looks like a signature, so that showing it asks a program."""
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n"
    head, _, message = person.git("cat-file", "commit", "HEAD").partition("\n\n")
    signed = store(person, "commit", f"{head}\n{signature}\n{message}\n")
    (person.repo / ".git" / "refs" / "heads" / "main").write_text(f"{signed}\n")


def store(person: Person, kind: str, text: str) -> str:
    """Write an object and return its name."""
    command = ["git", "hash-object", "-w", "-t", kind, "--stdin", "--no-filters"]
    done = subprocess.run(command, cwd=person.repo, input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode().strip()


async def one_iteration(repository: Repository, place: Place, agent: Shell) -> str:
    """Do everything that an iteration does with git; return the new tip."""
    branch = GitGoalBranch(repository, place.workshop)
    base = await branch.tip(GOAL)
    await place.proof.reset(base)
    await place.work.reset(base)
    agent("echo more >> src/app.py; echo new > new.txt")
    change = await place.harvest(base, ())
    await place.proof.reset_to_tree(change.tree, base)
    commit = await branch.prepare_commit(change.tree, base, "Change\n\nOstinato-Iteration: iter-00000001\n")
    await branch.keep(IterationId("iter-00000001"), commit)
    assert await branch.merged(base, commit)
    branch.advance(GOAL, base, commit)
    assert await branch.iterations_on(GOAL) == {"iter-00000001": commit}
    return commit


def test_a_whole_iteration_and_landing_start_no_program_of_the_repository(
    hostile: Person, place: Place, agent: Shell
) -> None:
    repository = hostile.repository()
    assert repository.dirty() == ()
    tip = asyncio.run(one_iteration(repository, place, agent))
    assert hostile.trapped() == ""
    standing = require_standing(repository, f"ostinato/{GOAL}/main", removes=True)
    assert standing.branch == "main"
    move_person(repository, Move(standing.ref, standing.head, tip), "land")
    GitGoalBranch(repository).remove(GOAL)
    assert hostile.trapped() == ""
    assert (hostile.repo / "new.txt").read_text() == "new\n"
    assert (hostile.repo / "src" / "app.py").read_text() == "print('hi')\nmore\n"
    assert repository.dirty() == ()
    assert hostile.trapped() == ""


async def test_merging_diverged_branches_starts_no_driver(hostile: Person, place: Place) -> None:
    repository = hostile.repository()
    branch = GitGoalBranch(repository, place.workshop)
    base = repository.head()
    tree = {}
    for name, text in {"ours": "print('hi')\nours\n", "theirs": "theirs\nprint('hi')\n"}.items():
        await place.work.reset(base)
        (place.work.path / "src" / "app.py").write_text(text)
        change = await place.harvest(base, ())
        tree[name] = await branch.prepare_commit(change.tree, base, name)
    await branch.merged(tree["ours"], tree["theirs"])
    assert hostile.trapped() == ""


def test_the_persons_own_filter_of_the_same_name_still_runs(person: Person) -> None:
    person.commit({".gitattributes": "*.big filter=big\n"})
    trap = person.run_trap()
    person.git("config", "--global", "filter.big.smudge", "sed s/pointer/content/")
    person.git("config", "--global", "filter.big.clean", "sed s/content/pointer/")
    person.git("config", "filter.big.smudge", str(trap))
    person.git("config", "filter.big.clean", str(trap))
    repository = person.repository()
    side = person.git("commit-tree", "-p", "HEAD", "-m", "big", _tree_with(person, "a.big", "pointer\n"))
    move_person(repository, Move("refs/heads/main", repository.head(), side), "land")
    assert (person.repo / "a.big").read_text() == "content\n"
    assert repository.dirty() == ()
    assert person.trapped() == ""


def _tree_with(person: Person, name: str, text: str) -> str:
    person.git("update-index", "--add", "--cacheinfo", f"100644,{store(person, 'blob', text)},{name}")
    tree = person.git("write-tree")
    person.git("update-index", "--force-remove", name)
    return tree


def test_a_missing_object_is_not_fetched_from_where_the_repository_says(person: Person) -> None:
    trap = person.run_trap()
    # It must not wait for what the other end says.
    trap.write_text(trap.read_text().replace("\ncat\n", "\n"))
    person.git("config", "core.repositoryFormatVersion", "1")
    person.git("config", "extensions.partialClone", "far")
    person.git("config", "remote.far.promisor", "true")
    person.git("config", "remote.far.url", str(person.repo))
    person.git("config", "remote.far.uploadpack", str(trap))
    person.git("config", "protocol.allow", "always")
    missing = "0123456789" * 4
    person.git("cat-file", "-e", missing, check=False)
    assert "trap" in person.trapped()
    (person.root / "trap-went-off").unlink()
    assert not person.repository().git.succeeds("cat-file", "-e", missing)
    assert person.trapped() == ""
