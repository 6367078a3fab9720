"""Decisions that go from one database to another as files: what they forbid, their numbers, and who lifts what."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ostinato.base.errors import RuleError
from ostinato.base.ids import NodeId
from ostinato.graph.actors import PERSON, Actor
from ostinato.graph.comparing import Strategy
from ostinato.graph.decisions import details_of
from ostinato.graph.joining import NamedFile
from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode
from ostinato.graph.toml_format import to_toml
from ostinato.graph.toml_reader import from_toml
from ostinato.graph.types import Node, NodeType
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from tests.unit.store.garden import Garden

AGENT = Actor("agent:coder")


@pytest.fixture
def other() -> Iterator[tuple[Store, Project]]:
    """Another person's database."""
    store = open_memory(FakeClock())
    yield store, store.projects.add("/nowhere/elsewhere")
    store.close()


def logged(store: Store, parent: NodeId, actor: Actor = PERSON, **more: object) -> Node:
    fields: dict[str, object] = {
        "forbids_paths": ("vendor/**",),
        "forbids_dependencies": ("requests",),
        "chosen": "a",
        **more,
    }
    draft = DecisionDraft("HTTP", "", (OptionDraft("a"), OptionDraft("b")), **fields)  # type: ignore[arg-type]
    return store.reasoning.log_decision(parent, draft, actor)


def files(store: Store, project: Project) -> list[NamedFile]:
    goals: list[NodeId | None] = [*store.interchange.goals(project.id), None]
    texts = [to_toml(store.interchange.read(project.id, goal)) for goal in goals]
    return [NamedFile(f"{n}.toml", str(n), from_toml(text.encode(), f"{n}.toml")) for n, text in enumerate(texts)]


def forbidding(store: Store, project: Project) -> list[NodeId]:
    return [one.decision for one in store.decisions.prohibitions(project.id)]


def number(store: Store, decision: Node) -> int | None:
    return details_of(store.graph.get(decision.id)).number


def test_prohibitions_and_numbers_arrive(garden: Garden, other: tuple[Store, Project]) -> None:
    goal = garden.goal()
    logged(garden.store, goal.id)
    second = logged(garden.store, goal.id)
    there, project = other
    taken = files(garden.store, garden.project)
    there.interchange.bring_in(project.id, taken, Strategy.MERGE)
    assert there.decisions.prohibitions(project.id) == garden.store.decisions.prohibitions(garden.project.id)
    assert there.graph.get(second.id).details == second.details
    assert files(there, project)[0].file.nodes == taken[0].file.nodes


def test_number_that_is_taken_is_no_difference(garden: Garden, other: tuple[Store, Project]) -> None:
    there, project = other
    theirs = logged(there, there.graph.add_node(project.id, NewNode(NodeType.GOAL, "Theirs")).id)
    ours = logged(garden.store, garden.goal().id)
    assert number(garden.store, ours) == number(there, theirs) == 1
    there.interchange.bring_in(project.id, files(garden.store, garden.project), Strategy.MERGE)
    assert (number(there, theirs), number(there, ours)) == (1, 2)
    again = there.interchange.bring_in(project.id, files(garden.store, garden.project), Strategy.THEIRS)
    assert (again.differences, number(there, ours)) == ((), 2)


def test_what_an_agent_decided_elsewhere_lifts_nothing_here(garden: Garden, other: tuple[Store, Project]) -> None:
    goal = garden.goal()
    old = logged(garden.store, goal.id)
    there, project = other
    there.interchange.bring_in(project.id, files(garden.store, garden.project), Strategy.MERGE)
    logged(garden.store, goal.id, AGENT, supersedes=(old.id,), forbids_paths=(), forbids_dependencies=())
    new = garden.store.decisions.records(garden.project.id)[-1].node
    there.interchange.bring_in(project.id, files(garden.store, garden.project), Strategy.THEIRS)
    # What an agent has decided elsewhere, no person has agreed to.
    assert forbidding(there, project) == [old.id]
    there.reasoning.choose_option(new.id, "a", "yes")
    assert forbidding(there, project) == []


def test_choice_in_a_file_that_wins_is_the_word_of_who_brings_it_in(
    garden: Garden, other: tuple[Store, Project]
) -> None:
    goal, (there, project) = garden.goal(), other
    old = logged(garden.store, goal.id)
    new = logged(garden.store, goal.id, chosen=None, supersedes=(old.id,), forbids_paths=(), forbids_dependencies=())
    there.interchange.bring_in(project.id, files(garden.store, garden.project), Strategy.MERGE)
    garden.store.reasoning.choose_option(new.id, "a", "yes")
    there.interchange.bring_in(project.id, files(garden.store, garden.project), Strategy.MERGE)
    assert forbidding(there, project) == [old.id]
    there.interchange.bring_in(project.id, files(garden.store, garden.project), Strategy.THEIRS)
    assert forbidding(there, project) == []


def test_file_cannot_forbid_everything(garden: Garden, other: tuple[Store, Project]) -> None:
    decision = logged(garden.store, garden.goal().id)
    (named, *_) = files(garden.store, garden.project)
    text = to_toml(named.file).replace("vendor/**", "**")
    there, project = other
    bad = NamedFile("bad.toml", "x", from_toml(text.encode(), "bad.toml"))
    with pytest.raises(RuleError, match="covers every file"):
        there.interchange.bring_in(project.id, [bad], Strategy.MERGE)
    assert there.graph.find(decision.id) is None
