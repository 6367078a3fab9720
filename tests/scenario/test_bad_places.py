"""Where a person may stand and what may be broken there: odd paths, a damaged repository, a lock that stayed."""

from __future__ import annotations

import os
from pathlib import Path

from tests.scenario.conftest import Modelled
from tests.scenario.test_bad_input import FILES, assert_nothing_made, file_task, planned, refusal, writer
from tests.scenario.world import World, brain, plan_of

ONE = plan_of(file_task("a"))


def test_a_path_with_a_line_break_and_quotes_is_worked_in(modelled: Modelled) -> None:
    world = modelled(brain(ONE, writer))
    world.root = world.root / "new\nline \"quoted\" \\n 'größe' $(x)"
    world.make_repository(FILES)
    ran = world.run("--json", "run", "a file", "--yes", "--land")
    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed"), ran.err
    assert world.commits("main") == ["Make a"]


def test_a_path_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"latin\xe9")
    world = World(odd, env={"XDG_DATA_HOME": str(tmp_path / "data")}).make_repository(FILES)
    for command in (("plan", "a goal"), ("ralph",), ("status",), ("node", "add", "goal", "A goal")):
        refusal(world.run(*command), 2, "latin\\udce9", "not valid UTF-8", "rename the directory")
    plain = World(tmp_path, env={"XDG_DATA_HOME": str(odd / "data")}).make_repository(FILES)
    refusal(plain.run("plan", "a goal"), 8, "latin\\udce9", "valid UTF-8", "--db")
    assert_nothing_made(World(odd))


def test_a_damaged_repository_is_not_taken_for_an_empty_one(modelled: Modelled) -> None:
    world = modelled(brain(ONE, writer)).make_repository(FILES)
    head = world.git("rev-parse", "HEAD")
    lost = world.repo / ".git/objects" / head[:2] / head[2:]
    lost.rename(world.root / "lost")
    for command in (("plan", "a goal"), ("ralph",)):
        refusal(world.run(*command), 8, "cannot read the commit of HEAD", "git fsck")
    (world.root / "lost").rename(lost)
    goal = planned(world)
    assert world.run("ralph", goal).code == 0

    lock = world.repo / ".git/index.lock"
    lock.touch()
    ran = world.run("land", goal)
    assert ran.code == 2
    said = ran.err.splitlines()[-1]
    assert all(word in said for word in ("nothing was changed", str(lock), "another git program"))
    assert "remove" not in said
    lock.unlink()
    assert world.run("land", goal).code == 0


def test_checkouts_that_lost_their_content_are_made_anew(modelled: Modelled) -> None:
    """A power cut may leave files that have a name and no content."""
    world = modelled(brain(plan_of(file_task("a"), file_task("b", after=["a"])), writer)).make_repository(FILES)
    goal = planned(world)
    assert world.run("ralph", goal, "--max-iterations", "1").code == 4
    for path in (world.root / "state").rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o600)
            path.write_bytes(b"")
    ran = world.run("--json", "ralph", goal)
    assert (ran.code, ran.json["stopped"]) == (0, "goal_completed"), ran.err or ran.out
    assert world.commits(f"ostinato/{goal}/main") == ["Make b", "Make a"]


def test_a_repository_that_was_moved_is_missed_by_name(modelled: Modelled) -> None:
    world = modelled(brain(ONE, writer)).make_repository(FILES)
    goal = planned(world)
    world.repo.rename(world.root / "moved")
    for command in (("ralph", goal), ("plan", "more"), ("land", goal)):
        ran = world.run("--project", "repo", *command, cwd=world.root)
        refusal(ran, 8, "project repo", str(world.repo), "put it back")
    assert world.run("--project", "repo", "status", cwd=world.root).code == 0
    (world.root / "moved").rename(world.repo)
    assert world.run("--project", "repo", "ralph", goal, cwd=world.root).code == 0
