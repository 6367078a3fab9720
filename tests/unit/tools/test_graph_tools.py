"""The graph tools over a real store: what a coder reads and writes down under its claim."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ostinato.base.errors import ClaimLostError
from ostinato.base.ids import NodeId
from ostinato.base.process import current_process
from ostinato.graph.actors import Actor
from ostinato.graph.edges import EdgeType
from ostinato.graph.iterations import Claim
from ostinato.graph.plan import DecisionDraft, OptionDraft
from ostinato.graph.projects import Project
from ostinato.graph.requests import NewNode, NodeChanges
from ostinato.graph.sessions import SessionKind
from ostinato.graph.types import Check, Node, NodeType, Status, TaskDetails
from ostinato.loop.bridge import ThreadBridge
from ostinato.store.store import Store
from ostinato.testing.fake_clock import FakeClock
from ostinato.testing.prepared_database import open_memory
from ostinato.tools.graph_reading import GraphReading
from ostinato.tools.graph_writing import GraphWriting
from ostinato.tools.toolbox import Toolbox
from tests.unit.tools.conftest import Call, calling


class Bench:
    """A goal with a claimed task, and the tools of the agent that holds it."""

    def __init__(self, store: Store, bridge: ThreadBridge[Store], project: Project) -> None:
        self.store, self.bridge, self.project = store, bridge, project
        self.goal = store.graph.add_node(project.id, NewNode(NodeType.GOAL, "Goal"))
        details = TaskDetails(("it works",), (Check("make test"),), ("src/**",))
        self.task = self.add("Big task", details)
        self.other = self.add("Other task", details)
        self.session = store.sessions.start(project.id, self.goal.id, SessionKind.RALPH, process=current_process())
        self.claim = self.taken()
        self.writing = GraphWriting(bridge, self.claim, self.goal.id, Actor("agent:coder", self.session.id))
        reading = GraphReading(bridge, project.id, self.goal.id)
        self.call: Call = calling(Toolbox([*reading.tools(), *self.writing.tools()]))

    def add(self, title: str, details: TaskDetails) -> Node:
        return self.store.graph.add_node(
            self.project.id, NewNode(NodeType.TASK, title, parent_id=self.goal.id, details=details)
        )

    def taken(self) -> Claim:
        claimed = self.store.tasks.claim_next(
            self.goal.id, "coder", session_id=self.session.id, lease_seconds=60, process=current_process()
        )
        assert claimed is not None
        return claimed[0]

    def found(self, text: str) -> NodeId:
        """Return the id in a tool's answer."""
        return NodeId(next(word for word in text.replace(":", " ").split() if word.startswith("os-")))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store = open_memory(FakeClock())
    bridge = ThreadBridge(store)
    yield Bench(store, bridge, store.projects.add(str(tmp_path)))
    bridge.close()
    store.close()


CHILD = {
    "title": "Part one",
    "description": "The first half.",
    "acceptance_criteria": ["it half works"],
    "checks": [{"command": "make half", "timeout": 30}],
}


async def test_a_child_task_is_made_under_the_claim(bench: Bench) -> None:
    result = await bench.call("create_task", **CHILD, depends_on=[bench.other.id], file_scope=["src/half/**"])
    assert not result.is_error, result.text
    child = bench.store.graph.get(bench.found(result.text))
    assert child.parent_id == bench.task.id
    assert child.task.checks == (Check("make half", 30),)
    assert child.task.file_scope == ("src/half/**",)
    assert [n.id for n in bench.store.graph.prerequisites(child.id)] == [bench.other.id]
    assert bench.writing.children == 1


async def test_a_child_gets_the_parents_scope_when_it_names_none(bench: Bench) -> None:
    result = await bench.call("create_task", **CHILD)
    assert bench.store.graph.get(bench.found(result.text)).task.file_scope == ("src/**",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"checks": []},
        {"acceptance_criteria": []},
        {"file_scope": ["docs/**"]},
        {"file_scope": ["AGENTS.md"]},
        {"file_scope": ["../x"]},
        {"checks": [{"command": ""}]},
        {"checks": [{"command": "true", "guard": True}]},
        {"depends_on": ["os-00000000"]},
        {"complexity": "huge"},
    ],
)
async def test_a_wrong_child_is_a_result_and_leaves_nothing(bench: Bench, wrong: dict[str, object]) -> None:
    before = len(bench.store.graph.descendants(bench.goal.id))
    assert (await bench.call("create_task", **{**CHILD, **wrong})).is_error
    assert len(bench.store.graph.descendants(bench.goal.id)) == before
    assert bench.writing.children == 0


async def test_a_child_without_checks_is_made_when_a_person_shall_judge(bench: Bench) -> None:
    result = await bench.call("create_task", **{**CHILD, "checks": [], "judge": True})
    assert bench.store.graph.get(bench.found(result.text)).task.judge


DECISION = {
    "title": "Which store",
    "context": "It must be small.",
    "options": [{"title": "SQLite", "pros": ["small"]}, {"title": "Files", "cons": ["races"]}],
}


async def test_a_decision_is_logged_with_its_choice(bench: Bench) -> None:
    result = await bench.call("log_decision", **DECISION, chosen="SQLite", rationale="no server")
    decision = bench.store.graph.get(bench.found(result.text))
    assert (decision.status, decision.parent_id) == (Status.DECIDED, bench.task.id)
    labels = {e.edge_type: e.label for e in bench.store.graph.edges_of(decision.id)}
    assert labels[EdgeType.CHOSEN] == "no server"
    assert (await bench.call("log_decision", **DECISION, chosen="Postgres")).is_error


async def test_a_decision_forbids_and_supersedes_and_lifts_nothing_by_itself(bench: Bench) -> None:
    forbids = {"forbids_paths": ["db/**"], "forbids_dependencies": ["redis"]}
    old = bench.found((await bench.call("log_decision", **DECISION, chosen="SQLite", **forbids)).text)
    shown = json.loads((await bench.call("get_node", id=old)).text)
    assert {name: shown[name] for name in forbids} == forbids
    new = bench.found((await bench.call("log_decision", **DECISION, chosen="Files", supersedes=old)).text)
    assert bench.store.graph.get(old).status is Status.SUPERSEDED
    assert [one.decision for one in bench.store.decisions.prohibitions(bench.project.id)] == [old]
    assert not bench.store.decisions.record(new).accepted
    assert (await bench.call("revisit", outcome=new, reason="mine")).is_error
    for wrong in ({"forbids_paths": ["**"]}, {"forbids_dependencies": ["a b"]}, {"supersedes": "os-ffffffff"}):
        before = bench.store.events.last_seq()
        assert (await bench.call("log_decision", **DECISION, **wrong)).is_error
        assert bench.store.events.last_seq() == before


async def test_an_open_decision_is_decided_by_title(bench: Bench) -> None:
    decision = bench.found((await bench.call("log_decision", **DECISION)).text)
    result = await bench.call("choose_option", decision=decision, option="Files", rationale="simple")
    assert not result.is_error
    assert bench.store.graph.get(decision).status is Status.DECIDED
    assert (await bench.call("choose_option", decision=decision, option="Nothing", rationale="x")).is_error


async def test_an_outcome_and_its_revisit_are_linked(bench: Bench) -> None:
    outcome = bench.found((await bench.call("record_outcome", title="Slow", description="10 s", success=False)).text)
    edges = {(e.edge_type, e.from_id) for e in bench.store.graph.edges_of(outcome)}
    assert (EdgeType.LEADS_TO, bench.task.id) in edges
    result = await bench.call("revisit", outcome=outcome, reason="too slow", new_decision="Use C")
    assert bench.store.graph.get(bench.found(result.text)).node_type is NodeType.REVISIT


async def test_an_observation_informs_the_present_task_unless_another_is_named(bench: Bench) -> None:
    for about, informed in (({}, bench.task.id), ({"about": bench.other.id}, bench.other.id)):
        made = await bench.call("record_observation", title="Note", description="text", **about)
        observation = bench.store.graph.get(bench.found(made.text))
        assert observation.parent_id == bench.goal.id
        targets = {e.to_id for e in bench.store.graph.edges_of(observation.id) if e.edge_type is EdgeType.INFORMS}
        assert targets == {informed}


WRITES = [
    ("create_task", CHILD),
    ("log_decision", DECISION),
    ("record_outcome", {"title": "x", "description": "y", "success": True}),
    ("record_observation", {"title": "x", "description": "y"}),
]


@pytest.mark.parametrize(("name", "arguments"), WRITES)
async def test_a_late_writer_is_refused_and_leaves_nothing(
    bench: Bench, name: str, arguments: dict[str, object]
) -> None:
    bench.store.tasks.release(bench.task.id)
    before = len(bench.store.graph.descendants(bench.goal.id))
    with pytest.raises(ClaimLostError):
        await bench.call(name, **arguments)
    assert len(bench.store.graph.descendants(bench.goal.id)) == before


async def test_another_project_is_neither_read_nor_written(bench: Bench, tmp_path: Path) -> None:
    elsewhere = bench.store.projects.add(str(tmp_path / "elsewhere"))
    hidden = bench.store.graph.add_node(elsewhere.id, NewNode(NodeType.TASK, "Hidden task"))
    assert "Hidden" not in (await bench.call("get_node", id=hidden.id)).text
    assert "Hidden" not in (await bench.call("search_nodes", query="task")).text
    assert "Hidden" not in (await bench.call("query_nodes")).text
    assert (await bench.call("record_observation", title="x", description="y", about=hidden.id)).is_error
    decision = bench.store.reasoning.log_decision(
        hidden.id, DecisionDraft("Theirs", options=(OptionDraft("A"), OptionDraft("B")))
    )
    assert (await bench.call("choose_option", decision=decision.id, option="A", rationale="x")).is_error
    assert bench.store.graph.get(decision.id).status is not Status.DECIDED


async def test_nodes_are_found_by_what_they_are(bench: Bench) -> None:
    node = json.loads((await bench.call("get_node", id=bench.task.id)).text)
    assert (node["title"], node["checks"], node["file_scope"]) == ("Big task", ["make test"], ["src/**"])
    assert (await bench.call("get_node", id="os-nothing")).is_error
    assert (await bench.call("query_nodes", type="task", status="ready")).text.startswith(bench.other.id)
    assert (await bench.call("query_nodes", text="OTHER")).text.startswith(bench.other.id)
    assert (await bench.call("query_nodes", type="decision")).text == "(none)"
    for number in range(60):
        bench.store.graph.add_node(
            bench.goal.project_id, NewNode(NodeType.OBSERVATION, f"seen {number}", parent_id=bench.goal.id)
        )
    lines = (await bench.call("query_nodes", type="observation")).text.splitlines()
    assert (len(lines), lines[-1][:14]) == (51, "… more than 50")
    assert "one of goal, task" in (await bench.call("query_nodes", type="bug")).text
    assert bench.other.id in (await bench.call("search_nodes", query="other ta")).text
    observed = bench.store.reasoning.record_observation(bench.goal.id, "Seen", "it is\nslow in **winter**")
    told = (await bench.call("search_nodes", query="slow")).text
    assert told == f"{observed.id} [observation, active] Seen\n  description: it is **slow** in **winter**"


async def test_child_is_worked_on_by_whom_its_parent_is(bench: Bench) -> None:
    """A tester cannot have production code changed by a coder that it asks for."""
    details = replace(bench.task.task, profile="tester")
    bench.store.graph.update(bench.task.id, NodeChanges(details=details))
    result = await bench.call("create_task", **CHILD)
    assert bench.store.graph.get(bench.found(result.text)).task.profile == "tester"


async def test_what_counts_as_recorded_is_in_the_graph(bench: Bench) -> None:
    """Research is done when something was recorded: a refused call and a child task are no finding."""
    options = [{"title": "a"}, {"title": "b"}]
    await bench.call("create_task", **CHILD)
    await bench.call("record_observation", title="Slow", description="it is", about="os-00000000")
    assert bench.writing.recorded == 0
    await bench.call("record_observation", title="Slow", description="it is")
    logged = await bench.call("log_decision", title="Which?", context="two ways", options=options)
    await bench.call("choose_option", decision=bench.found(logged.text), option="a", rationale="short")
    assert bench.writing.recorded == 3
